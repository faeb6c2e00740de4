"""Which class a heat map speaks for, and whose it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.engine import ArtifactStore, ExecutionContext
from sonoher2.predict.heat import HeatMap
from sonoher2.study.explain.heat_maps import (
    Explainable,
    _away,
    _cases,
    _judged,
    predicted_classes,
    share_summary,
    spread_patients,
    surest_patients,
)


def drawn(explained: int, crops: list[Path]) -> list[HeatMap]:
    """Maps that tell whose they are: grey the number of the crop, heat the explained class; lesion in one pixel."""
    lesion = np.array([[True, False], [False, False]])
    return [
        HeatMap(np.full((2, 2), int(crop.name), np.uint8), lesion, np.full((2, 2), explained / 4)) for crop in crops
    ]


def test_heat_maps_of_right_and_wrong_patients_speak_for_the_predicted_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients = pd.Index(["right", "missed", "alarm"], name="patient_id")
    # at a threshold of 0.7: positive as it is, positive predicted as negative, negative as positive
    probability = np.array([[0.1, 0.9], [0.4, 0.6], [0.2, 0.8]])
    monkeypatch.setattr("sonoher2.study.explain.heat_maps._by_class", lambda *_: {0: 1, 1: 2})
    monkeypatch.setattr("sonoher2.study.explain.heat_maps._crops", list)
    monkeypatch.setattr("sonoher2.study.explain.heat_maps.heat_maps", drawn)
    of = Explainable(
        model=None, networks=(), sha256="", X=pd.DataFrame(index=patients), probabilities={"Deep": probability},
        labels=pd.Series([1, 1, 0], index=patients), classes=("negative", "positive"), thresholds={"Deep": 0.7},
        crops=pd.DataFrame(),
    )  # fmt: skip
    paths = pd.Series({name: [Path(f"{20 * at}"), Path(f"{20 * at + 1}")] for at, name in enumerate(patients)})
    context = ExecutionContext(ArtifactStore(tmp_path))

    def shown() -> dict[str, tuple[str, str, float, float, float]]:
        cases = _cases(of, _judged(of, probability), paths, context)
        assert all(case.map.lesion.tolist() == [[True, False], [False, False]] for case in cases)
        assert {(case.map.grey.dtype, case.map.lesion.dtype) for case in cases} == {(np.dtype("u1"), np.dtype("?"))}
        found = {case.patient_id: (case.label, case.predicted, case.score) for case in cases}
        return {case.patient_id: (*found[case.patient_id], case.map.grey[1, 0], case.map.heat[0, 1]) for case in cases}

    # the first crop, and the class that is predicted: 1/4 for negative, 2/4 for positive
    expected = {
        "right": ("positive", "positive", 0.9, 0, 0.5),
        "missed": ("positive", "negative", 0.6, 20, 0.25),
        "alarm": ("negative", "positive", 0.8, 40, 0.5),
    }
    assert shown() == expected
    # kept: a second run needs no network
    monkeypatch.setattr("sonoher2.study.explain.heat_maps.heat_maps", None)
    assert shown() == expected


def test_a_probability_at_the_threshold_is_called_positive_and_of_three_the_largest_counts() -> None:
    two = np.array([[0.3, 0.7], [0.301, 0.699], [0.2, 0.8]])
    assert predicted_classes(two, 0.7).tolist() == [1, 0, 1]
    assert predicted_classes(np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]), 0.7).tolist() == [1, 0]


def test_intervals_of_shares_hold_the_mean_and_leave_out_empty_maps() -> None:
    parts = np.random.default_rng(0).dirichlet([4, 2, 4], 90)
    shares = pd.DataFrame(parts, columns=["lesion", "ring", "elsewhere"]).assign(lesion_area=0.3, ring_area=0.15)
    empty = shares.assign(lesion=np.where(np.arange(90) < 3, np.nan, shares["lesion"]))
    summary = share_summary(empty, 0.95, 0)
    assert (summary["patients"] == 87).all()
    assert summary["area"].tolist() == pytest.approx([0.3, 0.15, 0.55])
    assert (summary["heat_low"] < summary["heat"]).all()
    assert (summary["heat"] < summary["heat_high"]).all()
    assert summary["difference"].tolist() == pytest.approx((summary["heat"] - summary["area"]).tolist())
    standard_error = shares["lesion"][3:].std() / np.sqrt(87)
    width = summary.loc[0, "heat_high"] - summary.loc[0, "heat_low"]
    assert width == pytest.approx(2 * 1.96 * standard_error, rel=0.1)


def test_surest_patients_are_right_and_wrong_ones_of_each_class() -> None:
    table = pd.DataFrame(
        {"label": [1, 1, 1, 0, 0, 1], "called": [1, 1, 0, 0, 1, 1], "sureness": [0.1, 3.0, 2.0, 1.0, 0.5, 2.5]},
        index=list("abcdef"),
    )
    assert surest_patients(table, 2) == ["b", "f", "c", "d", "e"]


def test_patients_are_spread_over_the_range_of_scores() -> None:
    score = pd.Series(np.arange(100)[::-1] / 100, index=[f"p{i}" for i in range(100)])
    chosen = spread_patients(score, 5)
    assert chosen[0] == "p99"
    assert chosen[-1] == "p0"
    assert np.diff(score[chosen]).max() < 0.27
    assert len(spread_patients(score[:3], 24)) == 3


def test_sureness_is_the_distance_from_the_threshold_in_log_odds() -> None:
    # odds of 9, 1/4 and 4 against even odds; then against odds of 4
    np.testing.assert_allclose(_away(np.array([0.9, 0.2, 0.8]), 0.5), np.log([9, 4, 4]))
    np.testing.assert_allclose(_away(np.array([0.9, 0.2, 0.8]), 0.8), [np.log(9 / 4), np.log(16), 0], atol=1e-12)
    assert np.isfinite(_away(np.array([0.0, 1.0]), 1.0)).all()
