"""What networks say of a patient is the mean over the patient's images, network by network."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.study.measure import deep_features as module
from sonoher2.study.measure.deep_features import deep_feature_groups


def test_images_are_pooled_by_patient_for_each_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each image's embedding is told by its crop; the second network gives ten times as much."""
    crops = pd.DataFrame({"patient_id": ["B", "A", "B"], "crop": [Path("1.npy"), Path("2.npy"), Path("4.npy")]})

    def embed(paths: list[Path], network: Any, context: Any) -> np.ndarray:
        return np.array([[network.factor * float(path.stem), 1.0] for path in paths])

    def described(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return raw, raw[:, :1] + 100

    networks: Any = [SimpleNamespace(network=f"n{k}", factor=k, described=described) for k in (1, 10)]
    monkeypatch.setattr(module, "embed_crops", embed)
    groups = deep_feature_groups(crops, networks, None)  # type: ignore[arg-type]
    assert list(groups) == ["deep n1", "deep score n1", "deep n10", "deep score n10"]
    assert groups["deep n1"]["deep_0000"].to_dict() == {"A": 2, "B": 2.5}
    assert groups["deep n10"]["deep_0000"].to_dict() == {"A": 20, "B": 25}
    assert groups["deep score n1"]["log-odds"].to_dict() == {"A": 102, "B": 102.5}
    assert groups["deep n1"]["deep_0001"].tolist() == [1, 1]
    assert deep_feature_groups(crops, [], None) == {}  # type: ignore[arg-type]
