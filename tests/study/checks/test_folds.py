"""LEAK003: folds that are not what they are said to be."""

from __future__ import annotations

import numpy as np

from sonoher2.study.checks.finished import Finished
from sonoher2.study.checks.folds import fitted_in_fold
from study_facts import folds, result


def test_leak003_scores_of_a_model_that_saw_the_patient() -> None:
    assert fitted_in_fold(Finished(result(), folds=folds())).state == "passed"
    seen = np.random.default_rng(1).random((60, 2))
    outcome = fitted_in_fold(
        Finished(result(), folds=folds(out_of_fold={"Radiomics": seen}, in_sample={"Radiomics": seen.copy()}))
    )
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert (
        outcome.finding.what == "100% of the out-of-fold scores of Radiomics are those of a model that saw the patient"
    )


def test_leak003_torn_groups_single_folds_and_missing_scores() -> None:
    group = np.arange(60)
    group[1] = 0
    torn = fitted_in_fold(Finished(result(), folds=folds(group=group)))
    assert torn.finding is not None
    assert torn.finding.what.startswith("1 groups of patients who share a picture lie in several folds")
    assert "one fold" in str(fitted_in_fold(Finished(result(), folds=folds(fold=np.zeros(60, int)))).finding)
    holes = np.full((60, 2), 0.5)
    holes[3] = np.nan
    assert "not every training patient" in str(
        fitted_in_fold(Finished(result(), folds=folds(out_of_fold={"Radiomics": holes}))).finding
    )


def test_leak003_half_of_the_scores_may_be_alike() -> None:
    """Thirty of sixty patients have the score of the final model to the last digit; one more is too many."""
    rng = np.random.default_rng(2)
    own, seen = rng.random((60, 2)), rng.random((60, 2))
    for alike, state in ((30, "passed"), (31, "error")):
        seen[:alike] = own[:alike]
        record = folds(out_of_fold={"Radiomics": own}, in_sample={"Radiomics": seen})
        assert fitted_in_fold(Finished(result(), folds=record)).state == state
    # a hundredth of a millionth is another score, and equal scores of one class are not enough
    for other in (own + 1e-8, np.column_stack([own[:, 0], own[:, 1] + 0.1])):
        record = folds(out_of_fold={"Radiomics": own}, in_sample={"Radiomics": other})
        assert fitted_in_fold(Finished(result(), folds=record)).state == "passed"
    for others in ({}, {"Radiomics": own[:30]}):
        record = folds(out_of_fold={"Radiomics": own}, in_sample=others)
        assert fitted_in_fold(Finished(result(), folds=record)).state == "passed"


def test_leak003_tells_all_that_it_finds_and_two_folds_are_enough() -> None:
    two = folds(fold=np.arange(60) % 2)
    assert fitted_in_fold(Finished(result(), folds=two)).state == "passed"
    few = np.random.default_rng(1).random((59, 2))
    outcome = fitted_in_fold(
        Finished(result(), folds=folds(fold=np.zeros(60, int), out_of_fold={"Radiomics": few, "DLR": few}))
    )
    assert outcome.finding is not None
    assert outcome.finding.what == (
        "not every training patient has an out-of-fold score of Radiomics, DLR; all training patients lie in one fold"
    )
    assert fitted_in_fold(Finished(result())).skipped == "there are no training patients"


def test_leak003_a_model_that_has_learned_nothing_is_no_leak() -> None:
    """Everybody has the prevalence, in stratified folds to the last digit; but who stands out must not stand alike."""
    constant = np.full((60, 2), 0.5)
    record = folds(out_of_fold={"Clinical": constant}, in_sample={"Clinical": constant.copy()})
    assert fitted_in_fold(Finished(result(), folds=record)).state == "passed"
    seen = constant.copy()
    seen[40:] = np.random.default_rng(3).random((20, 2))
    record = folds(out_of_fold={"Clinical": seen}, in_sample={"Clinical": seen.copy()})
    assert fitted_in_fold(Finished(result(), folds=record)).state == "error"
