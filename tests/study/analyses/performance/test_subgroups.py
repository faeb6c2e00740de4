"""Subgroups: who is in which, by counts worked by hand, and the correction over the subgroups."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.training import LevelSummary, NumberSummary, TrainingSummary
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.study.analyses.performance import subgroups as module
from sonoher2.study.analyses.performance.subgroups import interaction_table, subgroup_names, subgroup_table

AGE = ClinicalColumn(kind="number", timing="pre-biopsy")
SIDE = ClinicalColumn(kind="category", timing="pre-biopsy")
PALPABLE = ClinicalColumn(kind="yes/no", timing="pre-biopsy")
DECLARED = {"age": AGE, "side": SIDE, "palpable": PALPABLE}


def cohort() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Three training patients and 24 test patients of whom every second is a case, a perfect score but for one."""
    train, test = [f"R{i}" for i in range(3)], [f"T{i:02d}" for i in range(24)]
    patients = pd.DataFrame(
        {
            "set": ["train_oof"] * 3 + ["test"] * 24,
            # the training median is 50; the test patients' own is 70
            "age": [40.0, 50.0, 90.0] + [50.0] * 11 + [70.0] * 12 + [np.nan],
            "side": ["left"] * 3 + ["left"] * 20 + ["right"] * 4,
            "palpable": [0.0] * 3 + [1.0, 1.0, 0.0, 0.0] * 6,
        },
        index=pd.Index(train + test, name="patient_id"),
    )
    labels = ["no", "yes", "no"] + ["yes", "no"] * 12
    score = [0.2, 0.8, 0.3] + [0.9, 0.1] * 12
    score[3] = 0.05
    predictions = pd.DataFrame(
        {"patient_id": train + test, "set": patients["set"].to_numpy(), "label": labels, "outcome": "yes"}
    ).assign(signature="Clinical", score=score)
    return predictions, patients


def found(names: list[str], patients: pd.DataFrame | None = None) -> pd.DataFrame:
    predictions, known = cohort()
    evaluation = EvaluationConfig(bootstrap=100, subgroups=names)
    table = subgroup_table(predictions, known if patients is None else patients, evaluation, DECLARED, {})
    return table.query("`set` == 'test'").set_index(["subgroup", "level"])


def test_numbers_are_cut_at_the_median_of_the_training_patients() -> None:
    """Eleven test patients are exactly 50 and belong to the lower part; of one the age is not known."""
    table = found(["age"])
    assert table["n"].to_dict() == {("age", "above 50"): 12, ("age", "at most 50"): 11}
    assert table["events"].to_dict() == {("age", "above 50"): 6, ("age", "at most 50"): 6}
    # the case with a score of 0.05 is among the young: it is below all five controls, the others are above them
    assert table.loc[("age", "at most 50"), "auc"] == pytest.approx(25 / 30)
    assert table.loc[("age", "above 50"), "auc"] == 1


def test_a_cohort_without_training_patients_is_cut_at_its_own_median() -> None:
    predictions, patients = cohort()
    own = patients[patients["set"] == "test"]
    evaluation = EvaluationConfig(bootstrap=100, subgroups=["age"])
    table = subgroup_table(predictions[predictions["set"] == "test"], own, evaluation, DECLARED, {})
    assert table.set_index("level")["n"].to_dict() == {"at most 70": 23}


def test_a_second_cohort_is_cut_at_the_median_of_the_frozen_models_training_patients() -> None:
    """Of 21 quantiles the eleventh is the median, 60: eleven patients of 50 below, twelve of 70 above."""
    training = TrainingSummary(
        clinical={
            "age": NumberSummary(missing=0, mean=0, sd=0, quantiles=(*[30.0] * 10, 60.0, *[95.0] * 10)),
            "side": LevelSummary(missing=0, shares={"left": 1.0}),
            "weight": NumberSummary(missing=1, mean=0, sd=0, quantiles=()),
        }
    )
    predictions, patients = cohort()
    own = patients[patients["set"] == "test"]
    scored = SimpleNamespace(
        bundle=SimpleNamespace(schema=SimpleNamespace(training=training)),
        study=SimpleNamespace(
            evaluation=EvaluationConfig(bootstrap=100, subgroups=["age"]), clinical=SimpleNamespace(columns=DECLARED)
        ),
        patients=own,
        predictions=predictions[predictions["set"] == "test"],
        context=SimpleNamespace(
            run=lambda step, table, patients, groups, *rest: step.function(table, patients, groups.value, *rest)
        ),
    )
    table = module.SUBGROUPS.compute(scored).set_index("level")
    assert table["n"].to_dict() == {"above 60": 12, "at most 60": 11}
    assert module.INTERACTIONS.compute(scored)["levels"].tolist() == [2]


def test_levels_have_their_names_and_small_ones_no_auc() -> None:
    table = found(["palpable", "side"])
    assert table["n"].to_dict() == {
        ("palpable", "no"): 12,
        ("palpable", "yes"): 12,
        ("side", "left"): 20,
        ("side", "right"): 4,
    }
    # six cases and six controls, the case at 0.05 among them
    assert table.loc[("palpable", "yes"), "auc"] == pytest.approx(30 / 36)
    assert table.loc[("palpable", "no"), "auc"] == 1
    assert np.isnan(table.loc[("side", "right"), "auc"])


def test_the_size_of_the_lesion_is_a_subgroup_where_it_was_measured() -> None:
    _, patients = cohort()
    evaluation = EvaluationConfig(bootstrap=100, subgroups=["age"])
    size = next(iter(module.LESION_SIZE))
    assert subgroup_names(patients, evaluation) == ["age"]
    assert subgroup_names(patients.assign(**{size: 1.0}), evaluation) == ["age", size]


def test_p_is_corrected_over_the_subgroups_of_a_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: in training 0.04 and 0.03 become 0.06 both; in the test set 0.2 stays, and 0.01 is doubled."""
    drawn = iter([0.04, 0.03, 0.2, 0.01])
    monkeypatch.setattr(
        module, "score_by_group", lambda y, score, group: SimpleNamespace(levels=2, chi2=1.0, degrees=1, p=next(drawn))
    )
    monkeypatch.setattr(module, "auc_heterogeneity", lambda parts: SimpleNamespace(p=0.5))
    predictions, patients = cohort()
    evaluation = EvaluationConfig(bootstrap=100, subgroups=["palpable", "side"])
    table = interaction_table(predictions, patients, evaluation, DECLARED, {})
    assert table[["set", "subgroup"]].to_numpy().tolist() == [
        ["train_oof", "palpable"],
        ["train_oof", "side"],
        ["test", "palpable"],
        ["test", "side"],
    ]
    assert table["p_holm"].tolist() == pytest.approx([0.06, 0.06, 0.2, 0.02])


def test_aucs_are_compared_between_levels_with_enough_cases_and_controls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both levels of `palpable` have six of each."""
    given = []
    monkeypatch.setattr(module, "auc_heterogeneity", lambda parts: given.append(parts) or SimpleNamespace(p=0.5))
    monkeypatch.setattr(
        module, "score_by_group", lambda y, score, group: SimpleNamespace(levels=2, chi2=1.0, degrees=1, p=0.3)
    )
    predictions, patients = cohort()
    tested = predictions[predictions["set"] == "test"]
    interaction_table(tested, patients, EvaluationConfig(bootstrap=100, subgroups=["palpable"]), DECLARED, {})
    [[first, second]] = given
    for y, score in (first, second):
        assert (len(y), y.sum()) == (12, 6)
        assert np.all((score > 0.5) == (y == 1)) or 0.05 in score


def test_levels_have_the_names_that_were_declared_and_unknown_ones_none() -> None:
    """Grades 1 and 3 of a scale from a: codes count from 0."""
    subset = pd.Series("test", index=range(4))
    grade = ClinicalColumn(kind="ordered", timing="pre-biopsy", levels=["a", "b", "c"])
    ever = ClinicalColumn(kind="yes/no", timing="pre-biopsy", levels=["never", "ever"])
    codes = pd.Series([0.0, 2.0, np.nan, 1.0])
    for column, names in ((grade, ["a", "c", None, "b"]), (ever, ["never", None, None, "ever"])):
        found = module._levels(codes, subset, column, None)
        assert [None if pd.isna(name) else name for name in found] == names
    words = pd.Series(["x", None, "y", "x"], dtype=object)
    for undeclared in (None, SIDE):
        assert module._levels(words, subset, undeclared, None).tolist() == ["x", None, "y", "x"]
    ages = module._levels(codes, subset, AGE, 0.0)
    assert ages.fillna("unknown").tolist() == ["at most 0", "above 0", "unknown", "above 0"]


def test_intervals_are_of_the_level_that_is_asked_for() -> None:
    predictions, patients = cohort()
    wide, narrow = (
        subgroup_table(
            predictions, patients, EvaluationConfig(subgroups=["age"], confidence=level), DECLARED, {}
        ).query("level == 'at most 50' and `set` == 'test'").iloc[0]
        for level in (0.95, 0.6)
    )  # fmt: skip
    assert narrow["auc_high"] - narrow["auc_low"] < wide["auc_high"] - wide["auc_low"]


def test_a_study_is_asked_for_its_own_columns_and_one_without_any_has_no_subgroups() -> None:
    predictions, patients = cohort()
    asked: list[Any] = []
    scored = SimpleNamespace(
        bundle=None, patients=patients, predictions=predictions,
        study=SimpleNamespace(
            evaluation=EvaluationConfig(subgroups=["side"]), clinical=SimpleNamespace(columns=DECLARED)
        ),
        context=SimpleNamespace(run=lambda *given: asked.append(given)),
    )  # fmt: skip
    module.SUBGROUPS.compute(scored)
    module.INTERACTIONS.compute(scored)
    assert [given[0] for given in asked] == [module.BY_LEVEL, module.BETWEEN_LEVELS]
    _, table, known, groups, declared, medians = asked[0]
    assert table is predictions
    assert known.columns.tolist() == ["set", "side"]
    assert (groups.value, declared, medians) == (scored.study.evaluation, {"side": SIDE}, {})
    assert module.SUBGROUPS.applies(scored)
    scored.study.evaluation = EvaluationConfig()
    assert not module.INTERACTIONS.applies(scored)
    scored.patients = patients.assign(**{next(iter(module.LESION_SIZE)): 1.0})
    assert module.INTERACTIONS.applies(scored)
    none = interaction_table(predictions, patients, EvaluationConfig(), DECLARED, {})
    assert none.empty
    assert module.BETWEEN_LEVELS_SCHEMA.names == (
        "subgroup", "signature", "set", "outcome", "levels", "chi2", "df", "p", "p_auc", "p_holm",
    )  # fmt: skip


def test_lesions_are_cut_at_the_training_median_like_declared_numbers() -> None:
    _, patients = cohort()
    size = next(iter(module.LESION_SIZE))
    known = patients.assign(**{size: np.arange(27.0)})
    [levels] = module._groupings(known, EvaluationConfig(), {}, {}).values()
    # of the three training patients 0, 1 and 2
    assert levels.tolist() == ["at most 1", "at most 1", *["above 1"] * 25]
