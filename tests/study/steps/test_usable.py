"""What a study asks for in vain."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sonoher2.cohort.split import SPLIT_BY, Split
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import Finding
from sonoher2.study.steps.usable import usable_findings

IMAGES = {"table": "i.csv", "image": "image", "mask": "mask", "site": "scanner"}
COLUMNS = {"shape": {"kind": "category", "timing": "pre-biopsy"}}


def found(
    settings: dict[str, Any], patients: dict[str, list[Any]] | None = None, sets: list[str] | None = None
) -> list[Finding]:
    columns = settings.pop("columns", {})
    study = StudyConfig.model_validate(
        {"clinical": {"table": "c.csv", "columns": columns}, "target": {"column": "x", "positive": "1"}, **settings}
    )
    table = pd.DataFrame(patients or {"label": [0, 1]})
    cohort: Any = SimpleNamespace(patients=table, clinical=study.clinical.columns)
    split = Split(pd.Series(sets or ["train"] * len(table), index=table.index, dtype=object), {})
    return usable_findings(study, cohort, split)


def test_settings_of_images_say_nothing_without_images() -> None:
    assert found({}) == []
    assert found({"images": IMAGES, "deep": {}, "ablation": True}) == []
    [told] = found({"deep": {}, "regions": "segment", "radiomics": {"ring": {"share": 0.2}}})
    assert (told.severity, told.where) == ("warning", "images")
    assert told.what == "the study has no images, so that regions, radiomics, deep have no effect"
    [told] = found({"ablation": True, "regions": "given"})
    assert told.what == "the study has no images, so that ablation has no effect"


def test_a_sensitivity_that_nothing_reaches_for() -> None:
    [told] = found({"evaluation": {"threshold": "youden", "threshold_at": 0.95}})
    assert told.where == "evaluation.threshold_at"
    assert found({"evaluation": {"threshold": "sensitivity", "threshold_at": 0.95}}) == []


def test_one_column_under_two_names_counts_twice() -> None:
    age = {"kind": "number", "timing": "pre-biopsy"}
    [told] = found({"columns": {"age": age, "years": age | {"column": "Age"}, "size": age}})
    assert told.what == "age, years are one column of the table, which would count 2 times"
    words = {"column": "note", "kind": "yes/no", "timing": "pre-biopsy"}
    assert found({"columns": {"mass": words | {"contains": "mass"}, "cyst": words | {"contains": "cyst"}}}) == []


def test_values_that_count_as_training_are_named_where_there_are_several() -> None:
    split = {"kind": "given", "column": "set", "test": ["test"]}
    values, sets = ["train", "validation", "test"], ["train", "train", "test"]
    [told] = found({"split": split}, {SPLIT_BY: values}, sets)
    assert (told.severity, told.where) == ("note", "split")
    assert told.what == "patients with these values are training patients: train, validation"
    assert found({"split": split}, {SPLIT_BY: ["train", "train", "test"]}, sets) == []


@pytest.mark.parametrize(
    ("patients", "said"),
    # a fifth of seven may be two, of six too
    [(4, ["error"]), (0, ["error"]), (5, ["warning"]), (6, ["warning"]), (7, [])],
)
def test_a_reference_site_needs_patients_in_every_fold(patients: int, said: list[str]) -> None:
    sites = ["A"] * patients + ["B"] * 30 + ["A"] * 9
    sets = ["train"] * (patients + 30) + ["test"] * 9
    settings = {"images": IMAGES, "harmonise": {"reference": "A"}}
    told = found(settings, {"label": [0] * len(sites), "site": sites}, sets)
    assert [one.severity for one in told] == said
    for one in told:
        assert f"the reference site 'A' has {patients} training patients" in one.what
        assert "B (30)" in one.fix


def test_a_category_without_a_frequent_value_tells_nothing() -> None:
    rare = ["a"] * 4 + ["b"] * 4 + ["a"] * 3
    sets = ["train"] * 8 + ["test"] * 3
    [told] = found({"columns": COLUMNS}, {"shape": rare}, sets)
    assert told.what == "no value of shape has 5 training patients, so that the column tells nothing"
    assert found({"columns": COLUMNS}, {"shape": ["a"] * 11}, sets) == []
    assert found({"columns": COLUMNS}, {"shape": [None] * 11}, sets) == []
