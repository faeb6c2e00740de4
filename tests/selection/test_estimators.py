"""scikit-learn's own checks of our transformers."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sonoher2.selection.correlation import CorrelationFilter
from sonoher2.selection.lasso import LassoSelector
from sonoher2.selection.mrmr import Mrmr
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.prepare import MedianZScore, VarianceFilter
from sonoher2.selection.univariate import UnivariateTest

ESTIMATORS = [
    VarianceFilter(),
    MedianZScore(),
    UnivariateTest(),
    UnivariateTest("t-test", fdr=True),
    CorrelationFilter(),
    Mrmr(3),
    LassoSelector(),
    SelectionPipeline(),
]


def expected_failures(estimator: object) -> dict[str, str]:
    return {}


@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_scikit_learn_checks(estimator: object, check) -> None:
    check(estimator)
