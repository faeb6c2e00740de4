"""Each feature of the model under both kinds of outline, in the patients who have both."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.study import StudyConfig
from sonoher2.signatures.registry import RADIOMICS_SIGNATURE
from sonoher2.study.analyses.robustness import outline_features as module
from sonoher2.study.analyses.robustness.outline_features import ANALYSIS, SCHEMA, features_by_outline

NAMES = pd.Index(list("ABCDEF"), name="patient_id")


def study(regions: str = "given", **own: object) -> StudyConfig:
    return StudyConfig.model_validate(
        {
            "title": "t",
            "clinical": {"table": "c.csv", "columns": {"age": {"kind": "number", "timing": "pre-biopsy"}}},
            "target": {"column": "x", "positive": "1"},
            "images": {"table": "images.csv", "mask": "mask"},
            "regions": regions,
            "ablation": True,
            **own,
        }
    )


def scored(*features: str, labels: tuple[int, ...] = (1, 1, 1, 0, 0, 0), **own: object) -> Any:
    """A is a training patient; B and C are cases, D, E and F are not."""
    patients = pd.DataFrame({"label": labels}, index=NAMES)
    table = pd.DataFrame(
        {
            ("radiomics", "round"): [9.0, 1.0, 2.0, 3.0, 4.0, 5.0],
            ("radiomics", "flat"): [7.0] * 6,
            ("radiomics", "dark"): [0.0, 5.0, 3.0, 4.0, 1.0, np.nan],
            ("clinical", "age"): [50.0] * 6,
        },
        index=NAMES,
    )
    cohort = Cohort(patients, pd.DataFrame(), ("no", "yes"), {}, ())
    selection = SimpleNamespace(get_feature_names_out=lambda: np.array(features, dtype=object))
    model = SimpleNamespace(
        fitted_={RADIOMICS_SIGNATURE: SimpleNamespace(final_selection=selection)},
        signatures=[(RADIOMICS_SIGNATURE, None)],
    )
    given = {
        "study": study(), "measured": SimpleNamespace(cohort=cohort), "model": model, "X": table[1:], "bundle": None,
        "classes": ("no", "yes"), "confidence": 0.95,
    }  # fmt: skip
    return SimpleNamespace(**{**given, **own})


@pytest.fixture(autouse=True)
def other(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The segmenter found no lesion in F; roundness is two less in B, and the rest is as it was."""
    asked: list[Any] = []
    table = scored().X.drop(index="F").copy()
    table[("radiomics", "round")] = [4.5, 2.0, 3.0, 4.0]

    def measured(scored: Any, study: StudyConfig) -> tuple[pd.DataFrame, float]:
        asked.append(study.regions)
        return table, 0.9

    monkeypatch.setattr(module, "measured_otherwise", measured)
    return asked


def test_a_feature_that_lives_on_the_outline_loses_its_auc(other: list[Any]) -> None:
    found = features_by_outline(scored("round"))
    assert other == ["segment"]
    [row] = found.to_dict("records")
    assert (row["reading"], row["feature"], row["outcome"]) == ("automatic masks", "round", "yes")
    # of B, C, D and E, as F has no automatic outline
    assert (row["n"], row["events"]) == (4, 2)
    # cases are less round: as run 1, 2 against 3, 4; then 4.5, 2 against 3, 4, with two of four pairs in order
    assert (row["auc"], row["auc_other"], row["difference"]) == (1.0, 0.5, -0.5)
    assert row["low"] < -0.5 < row["high"]
    # ranks 1 2 3 4 and 4 1 2 3
    assert row["correlation"] == pytest.approx(-0.2)
    # (4.5 + 2 + 3 + 4) / 4 less 2.5, in deviations of 1, 2, 3, 4
    assert row["shift"] == pytest.approx(0.875 / np.sqrt(1.25))
    SCHEMA.check(found, "outline_features")


def test_what_loses_most_comes_first_and_what_does_not_vary_has_no_figures_of_it() -> None:
    found = features_by_outline(scored("flat", "dark", "round"))
    assert found["feature"].tolist() == ["round", "flat", "dark"]
    flat, dark = found.set_index("feature").loc[["flat", "dark"]].to_dict("records")
    assert (flat["auc"], flat["auc_other"], flat["difference"]) == (0.5, 0.5, 0)
    assert np.isnan(flat["shift"])
    assert np.isnan(flat["correlation"])
    # cases 5, 3 and others 4, 1: three of four pairs, the same under both outlines
    assert (dark["auc"], dark["auc_other"], dark["shift"], dark["correlation"]) == (0.75, 0.75, 0, pytest.approx(1))


def test_each_of_three_classes_is_an_outcome() -> None:
    patients = pd.DataFrame({"label": [0, 2, 1, 0, 1, 0]}, index=NAMES)
    cohort = Cohort(patients, pd.DataFrame(), ("zero", "low", "positive"), {}, ())
    found = features_by_outline(
        scored("dark", measured=SimpleNamespace(cohort=cohort), classes=("zero", "low", "positive"))
    )
    rows = {row["outcome"]: row for row in found.to_dict("records")}
    assert {name: (row["events"], row["auc"]) for name, row in rows.items()} == {
        # B 5 positive, C 3 low, D 4 zero, E 1 low
        "zero": (1, pytest.approx(2 / 3)), "low": (2, 1.0), "positive": (1, 1.0),
    }  # fmt: skip


def test_an_outcome_that_nobody_or_everybody_has_is_left_out() -> None:
    empty = features_by_outline(scored("dark", labels=(1, 1, 1, 1, 1, 0)))
    # F alone had none, and has no automatic outline
    assert empty.empty
    assert list(empty.columns) == list(SCHEMA.names)
    assert features_by_outline(scored("dark", labels=(1, 0, 0, 0, 0, 1))).empty


def test_a_model_without_a_selection_has_no_features_to_compare() -> None:
    model = SimpleNamespace(fitted_={RADIOMICS_SIGNATURE: SimpleNamespace(final_selection=None)}, signatures=[])
    assert features_by_outline(scored(model=model)).empty


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ({}, True),
        ({"study": study("segment")}, True),
        # no other mask: all that differs is the image
        ({"study": study("segment-missing")}, False),
        ({"study": study(ablation=False)}, False),
        ({"bundle": "a model"}, False),
        ({"model": SimpleNamespace(signatures=[("Clinical", None)])}, False),
    ],
)
def test_a_study_that_asks_for_the_other_mask_gets_it(own: dict[str, object], wanted: bool) -> None:
    assert ANALYSIS.applies(scored("round", **own)) is wanted
