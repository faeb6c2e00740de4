"""Logistic regression whose scores speak for their own class: scikit-learn's where no bound is reached."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sonoher2.signatures.monotone import LEAST_WEIGHT, MonotoneLogistic


def data(n_classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(200, 5))
    return X, (X @ rng.normal(size=(n_classes, 5)).T + rng.gumbel(size=(200, n_classes))).argmax(axis=1)


@pytest.mark.parametrize("C", [0.01, 1.0, 10.0])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_free_columns_give_scikit_learn_s_solution(n_classes: int, C: float) -> None:
    X, y = data(n_classes)
    found = MonotoneLogistic((0,) * 5, C).fit(X, y)
    reference = LogisticRegression(C=C, max_iter=1000, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(found.coef_, reference.coef_, atol=1e-6)
    np.testing.assert_allclose(found.predict_proba(X), reference.predict_proba(X), atol=1e-6)
    np.testing.assert_array_equal(found.predict(X), reference.predict(X))


def test_a_bound_that_is_not_reached_changes_nothing() -> None:
    X, y = data(2)
    positive = tuple(int(weight > LEAST_WEIGHT) for weight in LogisticRegression().fit(X, y).coef_[0])
    assert any(positive)
    bounded, free = (MonotoneLogistic(speaks).fit(X, y) for speaks in (positive, (0,) * 5))
    np.testing.assert_allclose(bounded.coef_, free.coef_, atol=1e-6)


def test_a_harmful_score_gets_the_least_weight_and_the_others_the_best_without_it() -> None:
    X, y = data(2)
    X[:, 0] = -(2 * y - 1) + np.random.default_rng(1).normal(size=200)
    assert LogisticRegression().fit(X, y).coef_[0, 0] < -1
    found = MonotoneLogistic((1, 0, 0, 0, 0)).fit(X, y)
    assert found.coef_[0, 0] == LEAST_WEIGHT
    # the rest is the optimum given that weight: nothing near it is better
    rng = np.random.default_rng(2)
    best = objective(found.coef_[0], found.intercept_[0], X, y)
    for _ in range(50):
        step = np.append(0.0, 0.01 * rng.normal(size=4))
        assert objective(found.coef_[0] + step, found.intercept_[0] + 0.01 * rng.normal(), X, y) > best


def objective(weights: np.ndarray, intercept: float, X: np.ndarray, y: np.ndarray) -> float:
    margin = (2 * y - 1) * (X @ weights + intercept)
    return float(np.logaddexp(0, -margin).sum() + (weights**2).sum() / 2)


def test_of_three_classes_a_score_raises_its_own_only() -> None:
    X, y = data(3)
    X[:, 0] = -2.0 * (y == 1) + np.random.default_rng(1).normal(size=200)
    found = MonotoneLogistic((1, 2, 0, 0, 0)).fit(X, y)
    assert (found.coef_[[1, 2], [0, 1]] >= LEAST_WEIGHT).all()
    assert (found.coef_[[0, 2], 0] <= 0).all()
    assert (found.coef_[[0, 1], 1] <= 0).all()
    higher = X.copy()
    higher[:, 0] += 1
    assert (found.predict_proba(higher)[:, 1] > found.predict_proba(X)[:, 1]).all()
