"""Which class a heat map speaks for, and whose it is."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.engine import ArtifactStore, ExecutionContext
from sonoher2.engine.keys import plain_value
from sonoher2.explain import deletion, gradcam
from sonoher2.predict.heat import HeatMap
from sonoher2.study.explain import heat_maps as module
from sonoher2.study.explain.heat_maps import (
    Explainable,
    _away,
    _cases,
    _judged,
    _Patient,
    explain_crops,
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
    # the area is the same in all, so that the difference moves with the heat
    assert summary["region"].tolist() == ["lesion", "ring", "elsewhere"]
    for end in ("low", "high"):
        assert (summary[f"difference_{end}"] + summary["area"]).tolist() == pytest.approx(
            summary[f"heat_{end}"].tolist()
        )
    narrow = share_summary(empty, 0.5, 0)
    assert narrow.loc[0, "heat_high"] - narrow.loc[0, "heat_low"] == pytest.approx(2 * 0.6745 * standard_error, rel=0.1)


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
    np.testing.assert_allclose(_away(np.array([0.0, 1.0]), 0.5), np.log(999999))


def test_of_three_classes_the_surest_is_the_most_probable() -> None:
    of: Any = SimpleNamespace(
        classes=("zero", "low", "positive"), labels=pd.Series([2, 0]), X=pd.DataFrame(index=["A", "B"]), thresholds={}
    )
    table = _judged(of, np.array([[0.2, 0.5, 0.3], [0.9, 0.1, 0.0]]))
    assert table["called"].tolist() == [1, 0]
    assert table["score"].tolist() == table["sureness"].tolist() == [0.5, 0.9]
    assert table["label"].tolist() == [2, 0]


def test_all_test_patients_get_shares_and_two_dozen_are_put_to_the_test() -> None:
    """Thirty patients, the ten surest of whom are wrong: negative but at 0.8 and more."""
    names = pd.Index([f"p{place:02d}" for place in range(30)], name="patient_id")
    score = 0.1 + np.arange(30) * 0.03
    asked: dict[str, list[_Patient]] = {}

    def each(step: Any, items: list[Any], model: Any, networks: Any) -> list[Any]:
        assert (model.value, networks.value, model.key, networks.key) == ("model", ("network",), "hash", "hash")
        asked[step.name] = [plain_value(item) for item in items]
        assert [item.key for item in items] == [
            [one.name, one.predicted, [path.stem for path in one.paths], one.seed] for one in asked[step.name]
        ]
        if step.name == "heat maps":
            return [np.stack([np.full((2, 2), value) for value in (7.0, 1.0, 0.5)]) for _ in items]
        return [pd.DataFrame({"patient_id": [one.name], "lesion": [0.25]}) for one in asked[step.name]]

    of: Any = SimpleNamespace(
        model="model", networks=("network",), sha256="hash", X=pd.DataFrame(index=names), classes=("no", "yes"),
        probabilities={"Deep": np.column_stack([1 - score, score])}, thresholds={"Deep": 0.5},
        labels=pd.Series((score > 0.3) & (score < 0.8), index=names).astype(int),
        crops=pd.DataFrame({"patient_id": [*names, "p00"], "crop": [Path(f"{name}.npy") for name in [*names, "more"]]}),
    )  # fmt: skip
    found = explain_crops(of, SimpleNamespace(map=each))  # type: ignore[arg-type]
    assert found is not None
    assert found.shares["patient_id"].tolist() == list(names)
    assert found.shares.iloc[0].to_dict() == {"patient_id": "p00", "label": "no", "called": "no", "lesion": 0.25}
    assert found.shares.iloc[10]["label"] == "yes"
    assert found.shares.iloc[10]["called"] == "no"
    assert len(found.deletion) == len(found.randomised) == 24
    assert [one.seed for one in asked["heat deletion"]] == list(range(24))
    assert (found.deletion["patient_id"].iloc[0], found.deletion["patient_id"].iloc[-1]) == ("p00", "p29")
    assert asked["heat shares"][0].paths == [Path("p00.npy"), Path("more.npy")]
    # the surest two of each class, right ones before wrong ones, the last class first
    assert [(case.patient_id, case.label, case.predicted) for case in found.cases] == [
        ("p23", "yes", "yes"), ("p22", "yes", "yes"), ("p07", "yes", "no"), ("p08", "yes", "no"),
        ("p00", "no", "no"), ("p01", "no", "no"), ("p29", "no", "yes"), ("p28", "no", "yes"),
    ]  # fmt: skip
    assert (found.cases[0].map.grey[0, 0], found.cases[0].map.lesion.all(), found.cases[0].map.heat[0, 0]) == (
        7,
        True,
        0.5,
    )
    for nothing in ({"networks": ()}, {"probabilities": {}}, {"crops": pd.DataFrame()}):
        assert explain_crops(SimpleNamespace(**{**vars(of), **nothing}), None) is None  # type: ignore[arg-type]


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[_Patient]:
    """A patient of class 1 and seed 5 with two crops; a class is explained by ten times its number."""
    monkeypatch.setattr(module, "explained_network", lambda model, networks, outcome: 10 * outcome or None)
    monkeypatch.setattr(module, "_crops", lambda paths: [int(path.name) for path in paths])
    monkeypatch.setattr(module, "explained_each", lambda explained, crops: [explained + crop for crop in crops])
    return [_Patient("A", 1, [Path("3"), Path("4")], 5)]


MODEL: Any = SimpleNamespace(classes_=[0, 1])


def test_shares_of_a_patient_are_the_mean_over_the_images(
    looked: list[_Patient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heat in the lesion alone, and in a far corner alone."""
    lesion = np.zeros((40, 40), bool)
    lesion[10:20, 10:20] = True
    far = np.zeros((40, 40))
    far[39, 39] = 2

    def maps(explained: int, crops: list[int]) -> list[HeatMap]:
        assert (explained, crops) == (10, [3, 4])
        return [HeatMap(np.zeros((40, 40), np.uint8), lesion, heat) for heat in (lesion.astype(float), far)]

    monkeypatch.setattr(module, "heat_maps", maps)
    [table] = module._shares(looked, MODEL, ())
    assert table["patient_id"].tolist() == ["A"]
    assert table.loc[0, ["lesion", "ring", "elsewhere"]].tolist() == [0.5, 0, 0.5]
    assert table.loc[0, "lesion_area"] == 100 / 1600
    [first] = module._first_maps(looked, MODEL, ())
    np.testing.assert_array_equal(first[2], lesion)
    assert module._by_class(MODEL, ()) == {1: 10}


def test_the_first_crop_is_blurred_by_heat_and_by_chance(
    looked: list[_Patient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradcam, "heat_map", lambda explained, crop: ("heat", explained, crop))
    monkeypatch.setattr(deletion, "noise_map", lambda explained, crop, seed: ("noise", explained, crop, seed))
    asked: list[Any] = []

    def curve(explained: int, crop: int, order: Any, steps: int) -> list[float]:
        asked.append((explained, crop, order, steps))
        return [float(len(asked))] * (steps + 1)

    monkeypatch.setattr(deletion, "deletion_curve", curve)
    [table] = module._deletion(looked, MODEL, ())
    assert asked == [(13, 3, ("heat", 13, 3), 10), (13, 3, ("noise", 13, 3, 5), 10)]
    assert table["share"].tolist() == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
    assert (set(table["by_heat"]), set(table["by_chance"]), set(table["patient_id"])) == ({1.0}, {2.0}, {"A"})


def test_the_first_map_is_compared_with_randomised_ones(
    looked: list[_Patient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "randomised_similarity", lambda explained, crop, seed: [explained, crop, seed])
    [table] = module._randomised(looked, MODEL, ())
    assert table.to_dict("list") == {"patient_id": ["A"] * 3, "stage": [0, 1, 2], "correlation": [13, 3, 5]}
