"""Tests against implementations that hold other libraries back: `make oracles` runs them in their own environment.

It has only what these tests import: no networks, no models.
"""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real data beside the project; the test is skipped where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the real data folder ../shared is not beside this checkout")
    return SHARED
