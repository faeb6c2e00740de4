"""Each crop is embedded by itself, in order."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sonoher2.deep.encoder import FrozenEncoder
from sonoher2.study.measure import embeddings as module
from sonoher2.study.measure.embeddings import embed_crops


def test_each_crop_has_its_own_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network by hand: mean grey value and share of the lesion of a crop."""
    paths = []
    for name, grey in (("b", 30), ("a", 10)):
        crop = np.zeros((2, 4, 4), np.uint8)
        crop[0], crop[1, :2] = grey, 255
        np.save(tmp_path / f"{name}.npy", crop)
        paths.append(tmp_path / f"{name}.npy")

    def embed(network: Any, crops: list[np.ndarray]) -> np.ndarray:
        assert all(crop.shape == (1, 2, 4, 4) for crop in crops)
        return np.array([[crop[0, 0].mean(), (crop[0, 1] > 0).mean()] for crop in crops])

    monkeypatch.setattr(FrozenEncoder, "raw_embedding", embed)

    class Context:
        def map(self, step: Any, items: list[Any], network: Any) -> list[np.ndarray]:
            # by what a crop holds, and by all that the embedding depends on
            assert [item.key for item in items] == ["b", "a"]
            assert network.key == ["1", "none", False, "lesion", 4]
            return module._embed([item.value for item in items], network.value)

    network: Any = SimpleNamespace(sha256="1", mask="none", mirror=False, pooling="lesion", size=4)
    assert embed_crops(paths, network, Context()).tolist() == [[30, 0.5], [10, 0.5]]  # type: ignore[arg-type]
