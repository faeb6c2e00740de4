"""scikit-learn's own checks of our classifiers."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from sonoher2.classifiers.search import ModelSearch
from sonoher2.selection.pipeline import SelectionPipeline


def expected_failures(estimator: object) -> dict[str, str]:
    return {}


@parametrize_with_checks(
    [ModelSearch(("logistic",), SelectionPipeline(lasso=False), inner_folds=3)],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator: object, check) -> None:
    check(estimator)
