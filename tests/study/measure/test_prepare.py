"""A patient's row: means over the own images, beside clinical columns, sites and a second reader's features."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.evaluation import StabilityConfig
from sonoher2.config.images import ImageReading
from sonoher2.study.measure import prepare as module
from sonoher2.study.measure.prepare import Stopwatch, measure_cohort

NAMES = pd.Index(["B", "A", "C"], name="patient_id")


def cohort() -> Cohort:
    patients = pd.DataFrame({"label": [0, 1, 0], "group": [0, 1, 2], "age": [50.0, 60.0, 70.0]}, index=NAMES)
    images = pd.DataFrame(
        {
            "patient_id": ["B", "A", "A", "C"],
            "image": ["b", "a1", "a2", "c"],
            "second_mask": [None, "s1", "s2", None],
        }
    )
    columns = {"age": ClinicalColumn(kind="number", timing="pre-biopsy")}
    return Cohort(patients.assign(site=["x", "y", "x"]), images, ("no", "yes"), columns, ())


def study(**values: object) -> Any:
    own = {"reading": ImageReading(), "radiomics": None, "deep": None, "harmonise": None}
    selection = SimpleNamespace(icc=None, icc_from="second_mask")
    return SimpleNamespace(**{**own, "selection": selection, **values})


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each image has an area of its own; a second mask has ten times as much."""
    area = {"b": 1.0, "a1": 2.0, "a2": 4.0, "c": 8.0}

    def files(images: pd.DataFrame, column: str = "masks") -> list[tuple[str, float]]:
        return [(name, 10.0 if column == "second_mask" else 1.0) for name in images["image"]]

    def measured(files: list[tuple[str, float]], *how: object) -> tuple[np.ndarray, list[str]]:
        return np.array([[factor * area[name], 0.5] for name, factor in files]), ["a finding"]

    monkeypatch.setattr(module, "lesion_files", files)
    monkeypatch.setattr(module, "measure_lesions", measured)
    monkeypatch.setattr(module, "feature_names", lambda radiomics: ["area", "other"])


def test_images_are_pooled_to_their_own_patients() -> None:
    found = measure_cohort(cohort(), study(), {}, None)  # type: ignore[arg-type]
    table = found.feature_table
    assert table.index.tolist() == ["B", "A", "C"]
    assert table["radiomics", "area"].tolist() == [1, 3, 8]
    assert table["clinical", "age"].tolist() == [50, 60, 70]
    assert set(table.columns.get_level_values(0)) == {"clinical", "radiomics"}
    assert found.features["area"].tolist() == [1, 2, 4, 8]
    assert found.findings == ("a finding",)
    assert found.crops.empty


def test_a_second_reader_is_missing_where_there_was_none() -> None:
    selection = SimpleNamespace(icc=0.8, icc_from="second_mask")
    table = measure_cohort(cohort(), study(selection=selection), {}, None).feature_table  # type: ignore[arg-type]
    second = table["radiomics (second reader)", "area"]
    assert second["A"] == 30
    assert second[["B", "C"]].isna().all()
    assert table["radiomics", "area"].tolist() == [1, 3, 8]


def test_the_first_reader_is_pooled_over_the_images_that_were_read_twice() -> None:
    once = cohort()
    once.images.loc[2, "second_mask"] = None
    selection = SimpleNamespace(icc=0.8, icc_from="second_mask")
    table = measure_cohort(once, study(selection=selection), {}, None).feature_table  # type: ignore[arg-type]
    # of A's two images, of 2 and 4, the second reader saw the first one
    assert table.loc["A", [("radiomics (first reader)", "area"), ("radiomics (second reader)", "area")]].tolist() == [
        2,
        20,
    ]
    assert table["radiomics (first reader)", "area"][["B", "C"]].isna().all()
    assert table["radiomics", "area"].tolist() == [1, 3, 8]


def test_images_that_cannot_be_measured_redrawn_are_left_out_of_both_means(monkeypatch: pytest.MonkeyPatch) -> None:
    redrawn = np.array([[10.0, 0.5], [np.nan, 0.6], [30.0, 0.8], [80.0, np.nan]])
    monkeypatch.setattr(module, "measure_perturbed", lambda *how: SimpleNamespace(features=redrawn[:, None]))
    selection = SimpleNamespace(icc=0.8, icc_from="perturbation")
    how: Any = study(selection=selection, stability=None, seed=0)
    table = measure_cohort(cohort(), how, {}, None).feature_table  # type: ignore[arg-type]
    first, second = (table[f"radiomics ({which} reader)"].to_dict("list") for which in ("first", "second"))
    # A's first image has no area when it is redrawn, and C has no other feature
    assert first["area"] == [1, 4, 8]
    assert second["area"] == [10, 30, 80]
    assert first["other"] == pytest.approx([0.5, 0.5, np.nan], nan_ok=True)
    assert second["other"] == pytest.approx([0.5, 0.7, np.nan], nan_ok=True)


def test_sites_stand_in_the_table_where_they_are_harmonised() -> None:
    table = measure_cohort(cohort(), study(harmonise=object()), {}, None).feature_table  # type: ignore[arg-type]
    assert table["site", "site"].tolist() == ["x", "y", "x"]


def test_without_images_there_are_clinical_columns_alone() -> None:
    found = measure_cohort(cohort(), study(reading=None), {}, None)  # type: ignore[arg-type]
    assert list(found.feature_table.columns) == [("clinical", "age")]
    assert found.features.shape == (4, 0)


def test_times_of_one_name_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 1.5, 10.0, 10.25, 20.0, 22.0])
    monkeypatch.setattr(module, "monotonic", lambda: next(ticks))
    watch = Stopwatch()
    for name in ("writing", "models", "writing"):
        with watch.step(name):
            pass
    assert watch.seconds == {"writing": 3.5, "models": 0.25}


def test_lesions_are_cut_out_and_described_where_the_study_asks_for_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def crops(files: list[Any], *how: object) -> list[str]:
        asked.append(how)
        return [f"{name}.npy" for name, _ in files]

    def describe(table: pd.DataFrame, *how: object) -> dict[str, pd.DataFrame]:
        asked.append((table.to_numpy().tolist(), *how))
        return {"deep net": pd.DataFrame({"deep_0000": [1.0, 2.0, 3.0]}, index=NAMES)}

    monkeypatch.setattr(module, "crop_lesions", crops)
    monkeypatch.setattr(module, "deep_feature_groups", describe)
    how = study(deep="deep")
    found = measure_cohort(cohort(), how, {"a": "1"}, "context", ("network",))  # type: ignore[arg-type]
    assert asked[0] == (how.reading, "deep", {"a": "1"}, "context")
    listed = [["B", "b.npy"], ["A", "a1.npy"], ["A", "a2.npy"], ["C", "c.npy"]]
    assert asked[1] == (listed, ("network",), "context")
    assert found.feature_table["deep net", "deep_0000"].tolist() == [1, 2, 3]
    assert found.crops.to_numpy().tolist() == listed
    assert found.networks == ("network",)
    # without images there is nothing to cut out
    assert measure_cohort(cohort(), study(deep="deep", reading=None), {}, None).crops.empty  # type: ignore[arg-type]
    assert len(asked) == 2


@pytest.mark.parametrize(("stability", "strength"), [(None, StabilityConfig().strength), (0.2, 0.2)])
def test_masks_are_redrawn_as_strongly_as_the_study_says(
    stability: float | None, strength: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def perturbed(*given: object) -> Any:
        asked.append(given[1:])
        return SimpleNamespace(features=np.zeros((4, 1, 2)))

    monkeypatch.setattr(module, "measure_perturbed", perturbed)
    how = study(
        selection=SimpleNamespace(icc=0.8, icc_from="perturbation"), seed=7, radiomics="radiomics",
        stability=None if stability is None else StabilityConfig(strength=stability),
    )  # fmt: skip
    measure_cohort(cohort(), how, {"a": "1"}, "context")  # type: ignore[arg-type]
    assert asked == [([("redraw", strength)], how.reading, "radiomics", {"a": "1"}, 7, "context")]
