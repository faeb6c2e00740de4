"""The checks of a finished study: each finds its fault, and each leaves a sound result alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.evaluation.discrimination import auc
from sonoher2.evaluation.thresholds import youden_threshold
from sonoher2.study.analyses.performance.signatures import signature_table
from sonoher2.study.analyses.performance.subgroups import interaction_table
from sonoher2.study.checks.folds import FoldRecord, fitted_in_fold
from sonoher2.study.checks.performance import (
    above_training,
    alike_in_subgroups,
    better_than_shortcuts,
    calibrated,
    opened_once,
    threshold_from_training,
    too_good,
)
from sonoher2.study.checks.run import CohortChecks, with_checks
from sonoher2.study.checks.shortcuts import COLUMNS, TOGETHER, Shortcuts
from sonoher2.study.results.parts import About, CohortResult, Performance, StudyResult
from sonoher2.study.results.predictions import learn_thresholds, long_predictions
from study_results import changed

CONFIG = StudyConfig.model_validate(
    {
        "clinical": {"table": "c.csv"},
        "target": {"column": "x", "positive": "1"},
        "evaluation": {"bootstrap": 100},
    }
)
CLASSES = ("negative", "positive")


def result(
    training: float = 1.0, test: float = 1.0, slope: float = 1.0, shift: float = 0.0, seed: int = 3, n: int = 400
) -> StudyResult:
    """A study of `n` training and `n` test patients whose log odds are a normal score times `training` or `test`.

    What is reported is the log odds times `slope` plus `shift`.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for subset, strength in ((TRAIN_OOF, training), (TEST, test)):
        signal = rng.normal(size=n)
        label = (rng.random(n) < expit(strength * signal)).astype(int)
        probability = expit(slope * max(strength, 1.0) * signal + shift)
        ids = pd.Index([f"{subset}{i}" for i in range(n)], name="patient_id")
        both = np.column_stack([1 - probability, probability])
        parts.append(long_predictions({"Radiomics": both}, pd.Series(label, index=ids), CLASSES, subset))
    predictions = pd.concat(parts, ignore_index=True)
    thresholds = learn_thresholds(predictions[predictions["set"] == TRAIN_OOF], CONFIG.evaluation)
    return StudyResult(
        about=About(CONFIG, "study", CLASSES, "Radiomics", record={"ledger": [{"model": "a"}]}),
        cohort=CohortResult(predictions.set_index("patient_id")[["set", "label"]]),
        performance=Performance(
            predictions, thresholds, signature_table(predictions, thresholds, CONFIG.evaluation, 0)
        ),
    )


def validation() -> StudyResult:
    known = result()
    return changed(known, predictions=known.performance.predictions[known.performance.predictions["set"] == TEST])


def folds(n: int = 60, **changes: object) -> FoldRecord:
    rng = np.random.default_rng(0)
    values = {
        "fold": np.arange(n) % 3,
        "group": np.arange(n),
        "out_of_fold": {"Radiomics": rng.random((n, 2))},
        "in_sample": {"Radiomics": rng.random((n, 2))},
    }
    return FoldRecord(**(values | changes))  # type: ignore[arg-type]


def test_leak003_scores_of_a_model_that_saw_the_patient() -> None:
    assert fitted_in_fold(folds()).state == "passed"
    seen = np.random.default_rng(1).random((60, 2))
    outcome = fitted_in_fold(folds(out_of_fold={"Radiomics": seen}, in_sample={"Radiomics": seen.copy()}))
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert (
        outcome.finding.what == "100% of the out-of-fold scores of Radiomics are those of a model that saw the patient"
    )


def test_leak003_torn_groups_single_folds_and_missing_scores() -> None:
    group = np.arange(60)
    group[1] = 0
    torn = fitted_in_fold(folds(group=group))
    assert torn.finding is not None
    assert torn.finding.what.startswith("1 groups of patients who share a picture lie in several folds")
    assert "one fold" in str(fitted_in_fold(folds(fold=np.zeros(60, int))).finding)
    holes = np.full((60, 2), 0.5)
    holes[3] = np.nan
    assert "not every training patient" in str(fitted_in_fold(folds(out_of_fold={"Radiomics": holes})).finding)


def test_leak003_cannot_be_checked_where_nothing_was_fitted() -> None:
    table = with_checks(validation(), CohortChecks((), Shortcuts()), None).checks.table.set_index("code")
    for code in ("LEAK003", "LEAK004", "LEAK005"):
        assert table.loc[code, ["result", "found"]].to_list() == ["not checked", "there are no training patients"]


def test_leak004_a_threshold_that_was_learned_in_the_test_set() -> None:
    known = result()
    assert threshold_from_training(known).state == "passed"
    best = youden_threshold(*known.performance.scores("Radiomics", TEST, "positive"))
    stolen = threshold_from_training(changed(known, thresholds=known.performance.thresholds.assign(threshold=best)))
    assert stolen.finding is not None
    assert stolen.finding.what == "the threshold of Radiomics is the best one of the test set"
    other = threshold_from_training(changed(known, thresholds=known.performance.thresholds.assign(threshold=0.9)))
    assert other.finding is not None
    assert other.finding.what == "the threshold of Radiomics does not follow from the training scores"
    assert threshold_from_training(validation()).state == "not checked"


def test_leak005_a_test_set_that_does_too_well() -> None:
    assert above_training(result()).state == "passed"
    assert above_training(result(training=3.0, test=0.5)).state == "passed"
    outcome = above_training(result(training=0.5, test=3.0))
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert "the test AUC of Radiomics is 0." in outcome.finding.what
    assert above_training(validation()).state == "not checked"


def test_leak005_seldom_fails_by_chance() -> None:
    alarms = sum(above_training(result(seed=seed, n=80)).state == "error" for seed in range(20))
    assert alarms <= 1


def test_leak006_the_ledger() -> None:
    known = result()
    assert opened_once(known).state == "passed"
    assert opened_once(changed(known, record={"ledger": [{"model": "a"}, {"model": "b"}]})).state == "warning"


def shortcuts(known: StudyResult, strength: float, p: float) -> Shortcuts:
    y, _ = known.performance.scores("Radiomics", TRAIN_OOF, "positive")
    score = np.random.default_rng(30).normal(size=len(y)) + strength * y
    ids = known.performance.predictions.loc[known.performance.predictions["set"] == TRAIN_OOF, "patient_id"]
    value = auc(y, score)
    rows = [(name, "positive", len(y), y.sum(), value, value, value, p, p) for name in ("Site", TOGETHER)]
    return Shortcuts(pd.DataFrame(rows, columns=list(COLUMNS)), pd.DataFrame({"positive": score}, index=list(ids)))


def test_base001_a_signature_no_better_than_shortcuts() -> None:
    known = result()
    assert better_than_shortcuts(known, shortcuts(known, 0.0, 0.5)).state == "passed"
    assert better_than_shortcuts(known, shortcuts(known, 1.0, 0.001)).state == "error"
    strong = result(training=4.0)
    assert better_than_shortcuts(strong, shortcuts(strong, 0.6, 0.001)).state == "passed"
    assert better_than_shortcuts(known, Shortcuts(skipped="no images")).state == "not checked"


def test_base002_a_signature_that_is_too_good() -> None:
    """Scores that follow the label; a normal score of standard deviation 4 has an AUC of 0.94, which may be true."""
    assert too_good(result()).state == "passed"
    assert too_good(result(training=4.0)).state == "passed"
    outcome = too_good(result(training=1e6))
    assert outcome.state == "warning"
    assert outcome.finding is not None
    assert "Radiomics 1.000 (0.9" in outcome.finding.what
    # 17 cases that are all told are too few to wonder at
    assert too_good(result(training=1e6, n=34)).state == "passed"
    # in the test set alone it is LEAK005 that speaks
    assert too_good(result(test=1e6)).state == "passed"


@pytest.mark.parametrize(
    ("slope", "shift", "message"),
    [(3.0, 0.0, "the calibration slope is 0."), (1.0, 1.0, "the calibration intercept is -0.98")],
)
def test_cal001_probabilities_that_are_off(slope: float, shift: float, message: str) -> None:
    assert calibrated(result()).state == "passed"
    outcome = calibrated(result(slope=slope, shift=shift))
    assert outcome.state == "warning"
    assert outcome.finding is not None
    assert message in outcome.finding.what


def test_cal001_needs_cases_and_controls_that_overlap() -> None:
    outcome = calibrated(result(test=1e6, n=60))
    assert (outcome.state, outcome.skipped) == ("not checked", "the slope cannot be estimated")


def test_fair001_a_score_that_works_in_one_half_only() -> None:
    known = result(n=500)
    rng = np.random.default_rng(0)
    patients = known.cohort.patients.assign(side=rng.choice(["left", "right"], len(known.cohort.patients)))
    named = EvaluationConfig(bootstrap=100, subgroups=["side"])
    declared = {"side": ClinicalColumn(kind="category", timing="pre-biopsy")}
    fair = changed(known, interactions=interaction_table(known.performance.predictions, patients, named, declared))
    assert alike_in_subgroups(fair).state == "passed"
    shuffled = known.performance.predictions.copy()
    left = shuffled["patient_id"].map(patients["side"]).eq("left").to_numpy()
    shuffled.loc[left, "score"] = rng.permutation(shuffled.loc[left, "score"].to_numpy())
    unfair = changed(known, predictions=shuffled, interactions=interaction_table(shuffled, patients, named, declared))
    outcome = alike_in_subgroups(unfair)
    assert outcome.finding is not None
    assert "side (p < 0.001)" in outcome.finding.what
    table = unfair.performance.interactions.set_index("set")
    assert table.loc[TEST, "p_auc"] < 0.001
    assert table.loc[TEST, "levels"] == 2
    assert alike_in_subgroups(known).state == "not checked"


def test_fair001_needs_five_cases_and_controls_in_two_levels() -> None:
    known = result(n=60)
    side = np.where(np.arange(len(known.cohort.patients)) % 15 == 0, "left", "right")
    named = EvaluationConfig(bootstrap=100, subgroups=["side"])
    declared = {"side": ClinicalColumn(kind="category", timing="pre-biopsy")}
    table = interaction_table(known.performance.predictions, known.cohort.patients.assign(side=side), named, declared)
    outcome = alike_in_subgroups(changed(known, interactions=table))
    assert outcome.state == "not checked"
    assert outcome.skipped == "the subgroups of the test set are too small to compare"


def test_all_outcomes_are_added_in_order() -> None:
    known = with_checks(result(), CohortChecks((), Shortcuts(skipped="no images")), folds())
    assert list(known.checks.table["code"]) == [
        "LEAK003",
        "LEAK004",
        "LEAK005",
        "LEAK006",
        "BASE001",
        "BASE002",
        "CAL001",
        "FAIR001",
    ]
    assert dict(zip(known.checks.table["code"], known.checks.table["result"], strict=True))["BASE001"] == "not checked"
    assert known.checks.findings == ()
    warned = with_checks(result(slope=3.0), CohortChecks((), Shortcuts()), None)
    assert [finding.code for finding in warned.checks.findings] == ["CAL001"]
