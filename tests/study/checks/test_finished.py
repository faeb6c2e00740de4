"""What the checks of a finished study are given."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from sonoher2.study.checks.finished import Finished, FoldRecord, ResultCheck


def test_a_validation_has_no_folds_and_a_cohort_without_images_no_shortcuts() -> None:
    result: Any = SimpleNamespace()
    found = Finished(result)
    assert found.result is result
    assert found.folds is None
    assert found.shortcuts.table.empty
    assert found.shortcuts.scores.empty
    assert found.shortcuts.table is not Finished(result).shortcuts.table


def test_a_check_judges_by_what_it_is_given() -> None:
    """One that compares out-of-fold scores with those of the model that saw the patients: the sets are told apart."""

    def look(finished: Finished) -> Any:
        folds = finished.folds
        assert folds is not None
        return float(folds.in_sample["Radiomics"][0, 1] - folds.out_of_fold["Radiomics"][0, 1])

    check = ResultCheck("LEAK009", "a title", "a remedy", look)
    one = np.array([0])
    folds = FoldRecord(one, one + 5, {"Radiomics": np.array([[0.75, 0.25]])}, {"Radiomics": np.array([[0.1, 0.9]])})
    assert check.look(Finished(SimpleNamespace(), folds=folds)) == 0.65  # type: ignore[arg-type, comparison-overlap]
    assert (folds.fold[0], folds.group[0]) == (0, 5)
    assert (check.code, check.page) == ("LEAK009", "docs/checks/LEAK009.md")
