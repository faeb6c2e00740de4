"""What is kept of a network, and what its graph takes."""

from __future__ import annotations

from typing import Any, Literal

from numpy.typing import NDArray

Pooling = Literal["lesion", "own"]
"""Stages about the middle of the network, pooled inside and around the lesion; or the network's own pooling."""
State = dict[str, NDArray[Any]]
"""Tensors of a network by name."""
PICTURE, LESION = "picture", "lesion"
"""Inputs of the graph: see `build.Embedding`."""
