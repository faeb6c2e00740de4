"""What every function of the statistics takes, and what it refuses."""

from __future__ import annotations

from math import isnan

import numpy as np
import pandas as pd
import pytest

from sonoher2.core.errors import InputError
from sonoher2.evaluation.arrays import checked, quantile
from sonoher2.evaluation.calibration import calibration_slope_intercept
from sonoher2.evaluation.compare.comparison import delong_test
from sonoher2.evaluation.decision_curve import net_benefit
from sonoher2.evaluation.discrimination import auc_delong, bootstrap
from sonoher2.evaluation.estimate import wilson

OUTCOME = pd.Series([1, 0, 1, 0], index=list("abcd"))
SCORE = pd.Series([0.9, 0.2, 0.6, 0.7], index=list("abcd"))


def test_series_whose_rows_stand_in_another_order_are_refused() -> None:
    sorted_ones = SCORE.sort_values()
    for asked in (
        lambda: auc_delong(OUTCOME, sorted_ones),
        lambda: delong_test(OUTCOME, SCORE, sorted_ones),
        lambda: calibration_slope_intercept(OUTCOME, sorted_ones),
        lambda: net_benefit(OUTCOME, sorted_ones, 0.5),
    ):
        with pytest.raises(InputError, match="the same rows in another order"):
            asked()
    # three of four pairs are in order, however the rows are called
    for score in (SCORE, sorted_ones.loc[OUTCOME.index], SCORE.to_numpy(), SCORE.reset_index(drop=True)):
        assert auc_delong(OUTCOME, score).value == 0.75


@pytest.mark.parametrize(
    ("outcome", "score", "said"),
    [
        (pd.array([True, None, False, True], dtype="boolean"), [0.1] * 4, "an outcome is missing"),
        (OUTCOME, pd.array([0.1, None, 0.2, 0.3], dtype="Float64"), "a score is missing"),
        (["yes", "no", "yes", "no"], SCORE, "an outcome is not a number"),
        (OUTCOME, ["high", "low", "low", "high"], "a score is not a number"),
        ([0, 1, 2, 1], [0.1] * 4, "neither 0 nor 1"),
        (OUTCOME, [0.1, np.nan, 0.2, 0.3], "a score is missing or infinite"),
    ],
)
def test_what_is_no_number_is_refused(outcome: object, score: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked(outcome, score)  # type: ignore[arg-type]


def test_yes_and_no_in_any_array_are_outcomes() -> None:
    for outcome in ([True, False, True, False], pd.array([1, 0, 1, 0], dtype="Int64"), np.array([1, 0, 1, 0], object)):
        assert checked(outcome, SCORE.to_numpy())[0].tolist() == [True, False, True, False]


@pytest.mark.parametrize("level", [95, 1, 0, -1, float("nan")])
def test_a_level_lies_between_0_and_1(level: float) -> None:
    for asked in (
        lambda: auc_delong(OUTCOME, SCORE, level),
        lambda: auc_delong(OUTCOME, OUTCOME, level),
        lambda: delong_test(OUTCOME, SCORE, [0.3, 0.6, 0.8, 0.1], level),
        lambda: calibration_slope_intercept(OUTCOME, SCORE, level),
        lambda: wilson(1, 2, level),
        lambda: bootstrap(lambda counts: counts.cases.sum(axis=-1) * counts.score.sum(), OUTCOME, SCORE, 9, 0, level),
        lambda: quantile(level),
    ):
        with pytest.raises(InputError, match="is no level of an interval"):
            asked()
    assert quantile(0.95) == 0.975
    assert not isnan(auc_delong(OUTCOME, SCORE, 0.5).low)


def test_one_threshold_is_a_curve_of_one_row() -> None:
    assert len(net_benefit(OUTCOME, SCORE, 0.5)) == 1
