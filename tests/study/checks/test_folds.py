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
