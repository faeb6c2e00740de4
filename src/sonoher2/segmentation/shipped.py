"""The segmenters that ship: where their weights lie, and what their bytes must be."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parent / "weights" / "segmenter.safetensors"
"""Trained on BUS-BRA and BrEaST; docs/model-cards/segmenter.md says how."""
SHIPPED_PROMPTED = SHIPPED.with_name("prompted.safetensors")
"""The same network, trained on with a click in the lesion or a box around it."""
SHIPPED_SHA256 = "9097e1f239005721f95cf79e28164fde0712a39a3f7445e766a2fceb9116b296"
SHIPPED_PROMPTED_SHA256 = "2c2fc5286824be15c4a7f965c736b953772d0f06302e176b898f67f7157b31e7"
