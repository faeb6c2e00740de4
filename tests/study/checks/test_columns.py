"""TIME001 and TIME002: each finds its fault, and leaves a sound study alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.study.checks import columns as module
from sonoher2.study.checks.columns import label_columns, late_columns
from study_facts import facts, labels, with_clinical, with_patients


@pytest.mark.parametrize(
    "name",
    [
        "Ki-67",
        "ER",
        "her2_ihc",
        "pT",
        "Molecular subtype",
        "histologic grade",
        "pCR",
        "Resection margin",
        "margin_status",
    ],
)
def test_time001_columns_known_too_late(name: str) -> None:
    known = facts()
    assert late_columns(known).state == "passed"
    outcome = late_columns(with_clinical(known, name, [1.0] * 200))
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert name in outcome.finding.what


@pytest.mark.parametrize(
    "name",
    ["age", "palpable", "depth", "patient_height", "birads", "prior_biopsies", "size", "margin", "margin_spiculated"],
)
def test_time001_lets_columns_pass_that_are_known_in_time(name: str) -> None:
    assert late_columns(with_clinical(facts(), name, [1.0] * 200)).state == "passed"


def test_time001_a_biopsy_study_may_use_receptors() -> None:
    known = with_clinical(facts(timing="biopsy"), "er", [1.0] * 200, timing="biopsy")
    assert late_columns(known).state == "passed"


HER2 = {"target": {"ihc": "score", "rule": "ASCO/CAP 2023"}}


@pytest.mark.parametrize(
    "name", ["FISH", "ERBB2", "CEP17_ratio", "PAM50", "subtype", "trastuzumab", "chemo", "化疗", "DFS"]
)
@pytest.mark.parametrize("timing", ["pre-biopsy", "biopsy", "post-op"])
def test_time001_her2_by_any_name_at_any_timing(name: str, timing: str) -> None:
    outcome = late_columns(with_clinical(facts(timing=timing, **HER2), name, [1.0] * 200))
    assert outcome.finding is not None
    assert name in outcome.finding.what


def test_time001_a_post_op_her2_study_may_use_the_specimen_and_another_study_the_therapy() -> None:
    assert late_columns(with_clinical(facts(timing="post-op", **HER2), "pT", [1.0] * 200)).state == "passed"
    assert late_columns(with_clinical(facts(timing="post-op"), "chemo", [1.0] * 200)).state == "passed"
    assert late_columns(with_clinical(facts(timing="biopsy"), "HER2", [1.0] * 200)).state == "passed"


@pytest.mark.parametrize(("name", "declared"), [("score", {}), ("x1", {"column": "Score"})])
def test_time001_the_column_of_the_target_itself(name: str, declared: dict[str, str]) -> None:
    outcome = late_columns(with_clinical(facts(timing="post-op", **HER2), name, [1.0] * 200, **declared))
    assert outcome.finding is not None
    assert f"{name} would be the label itself" in outcome.finding.what


def test_time001_what_a_column_is_searched_for() -> None:
    declared = {"column": "remarks", "kind": "yes/no", "contains": "HER2"}
    assert late_columns(with_clinical(facts(**HER2), "remark", [1.0] * 200, **declared)).state == "error"


def test_time002_a_column_that_is_nearly_the_label() -> None:
    known = facts()
    rng = np.random.default_rng(0)
    noisy = labels(known) + rng.normal(0, 1, 200)
    assert label_columns(with_clinical(known, "marker", list(noisy))).state == "passed"
    near = labels(known) + rng.normal(0, 0.2, 200)
    assert label_columns(with_clinical(known, "marker", list(near))).state == "error"
    words = np.where(labels(known) == 1, "trastuzumab", "none").astype(object)
    words[:6] = None
    outcome = label_columns(with_clinical(known, "therapy", list(words), kind="category"))
    assert outcome.finding is not None
    assert "therapy (AUC 1.00 for positive)" in outcome.finding.what


def test_time002_sees_a_label_behind_a_wild_value_and_in_codes() -> None:
    known = facts()
    y = labels(known)
    rng = np.random.default_rng(4)
    # every case above every control, but for a typing error and three codes of nothing known
    told = (10 * y + rng.integers(0, 5, len(y))).astype(float)
    for wild in ([1e5], [9999.0] * 3):
        values = told.copy()
        values[: len(wild)] = wild
        assert label_columns(with_clinical(known, "marker", list(values))).state == "error"
    # a code whose parity is the label
    codes = 2.0 * rng.integers(0, 3, len(y)) + y
    assert label_columns(with_clinical(known, "code", list(codes))).state == "error"
    for honest in (rng.integers(0, 6, len(y)).astype(float), rng.normal(size=len(y))):
        assert label_columns(with_clinical(known, "marker", list(honest))).state == "passed"


def test_time002_lets_a_column_pass_of_which_too_little_is_known() -> None:
    """The same column tells every label, with 14 cases (lower limit of its AUC 0.77) and with 49 (0.93)."""
    few, many = (with_patients(facts(n, images=False), label=[1, 0, 0] * (n // 3)) for n in (60, 210))
    assert label_columns(with_clinical(few, "marker", list(labels(few)))).state == "passed"
    outcome = label_columns(with_clinical(many, "marker", list(labels(many))))
    assert outcome.finding is not None
    assert "marker (AUC 1.00 for positive)" in outcome.finding.what


def test_time001_and_time002_need_clinical_columns() -> None:
    bare = facts(30, images=False, clinical={"table": "c.csv"})
    for check in (late_columns, label_columns):
        outcome = check(bare)
        assert (outcome.state, outcome.skipped) == ("not checked", "the study has no clinical columns")


def test_time002_needs_as_many_patients_as_folds() -> None:
    outcome = label_columns(facts(5, images=False))
    assert outcome.state == "not checked"
    assert "cannot fill 5 folds" in outcome.skipped


@pytest.mark.parametrize(
    ("auc", "low", "told"),
    [(0.95, 0.9, False), (0.951, 0.85, False), (0.951, 0.851, True), (0.949, 0.9, False)],
)
def test_time002_begins_beyond_its_limits(auc: float, low: float, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def predict(table: pd.DataFrame, cases: pd.Series, groups: pd.Series, **how: object) -> Any:
        asked.append((len(table), how))
        return SimpleNamespace(auc=SimpleNamespace(value=auc, low=low))

    monkeypatch.setattr(module, "predict_outcome", predict)
    assert (label_columns(facts(60, images=False, seed=4)).finding is not None) is told
    # the training patients alone, and no permutation, which nobody asks for
    assert asked == [(42, {"seed": 0, "permutations": 1})]


def test_a_column_becomes_finite_numbers_with_its_missing_values_marked() -> None:
    number = ClinicalColumn(kind="number", timing="pre-biopsy")
    table = module.numeric_columns(pd.Series([1.0, np.nan, 4.0], name="x"), number)
    assert table.to_dict("list") == {"x": [1.0, 2.5, 4.0], "missing": [0, 1, 0]}
    assert module.numeric_columns(pd.Series([1.0, 4.0], name="x"), number).columns.tolist() == ["x"]
    nothing = module.numeric_columns(pd.Series([np.nan, np.nan], name="x"), number)
    assert nothing.to_dict("list") == {"x": [0, 0], "missing": [1, 1]}
    category = ClinicalColumn(kind="category", timing="pre-biopsy")
    levels = module.numeric_columns(pd.Series(["b", None, "a"], name="x"), category)
    assert levels.to_dict("list") == {"a": [0, 0, 1], "b": [1, 0, 0], "missing": [0, 1, 0]}
