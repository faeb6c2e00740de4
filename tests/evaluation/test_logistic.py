"""Maximum likelihood against statsmodels, and against the root of the score equation where statsmodels runs away."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from sonoher2.evaluation.logistic import fit_logistic, overlap


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("with_offset", [False, True])
def test_estimates_errors_and_likelihood_are_those_of_statsmodels(seed: int, with_offset: bool) -> None:
    rng = np.random.default_rng(seed)
    design = np.column_stack([np.ones(150), rng.normal(size=(150, 2)) * [1, 5]])
    offset = rng.normal(size=150) if with_offset else None
    y = (rng.random(150) < expit(design @ [-0.5, 0.8, -0.2])).astype(float)
    reference = GLM(y, design, family=Binomial(), offset=offset).fit(tol=1e-12)
    found = fit_logistic(y, design, offset)
    np.testing.assert_allclose(found.coefficients, reference.params, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found.errors, reference.bse, rtol=1e-6)
    assert found.log_likelihood == pytest.approx(reference.llf, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_overconfident_offsets_do_not_lead_astray(seed: int) -> None:
    # a model abroad: certain of nearly everyone, wrong about one in five (least squares runs away for two seeds)
    rng = np.random.default_rng(seed)
    offset = rng.choice([-9.0, 8.0], 400, p=[0.8, 0.2]) + rng.normal(size=400)
    y = (rng.random(400) < np.where(offset > 0, 0.8, 0.2)).astype(float)
    ones = np.ones((400, 1))
    root = brentq(lambda a: float(np.sum(expit(a + offset) - y)), -50, 50, xtol=1e-12)
    found = fit_logistic(y, ones, offset)
    assert found.coefficients[0] == pytest.approx(root, abs=1e-9)
    p = expit(root + offset)
    assert found.errors[0] == pytest.approx(np.sum(p * (1 - p)) ** -0.5)


@pytest.mark.parametrize("seed", range(200))
def test_residuals_add_up_to_nothing_whatever_the_scores(seed: int) -> None:
    # scores alike to five digits or spread over twenty log-odds, rounded, with an outlier: the score equations hold
    rng = np.random.default_rng(seed)
    n = int(rng.integers(20, 300))
    x = rng.normal(rng.uniform(-10, 10), 10 ** rng.uniform(-5, 1), n)
    x = np.round(x, 1) if seed % 3 == 0 else x
    x[0] += 20 * (seed % 2)
    y = (rng.random(n) < rng.uniform(0.1, 0.9)).astype(float)
    design = np.column_stack([np.ones(n), x])
    cases, controls = x[y == 1], x[y == 0]
    if not (len(cases) and len(controls) and overlap(cases, controls)):
        design = design[:, :1]
    orthogonal, _ = np.linalg.qr(design)
    found = fit_logistic(y, design)
    np.testing.assert_allclose(orthogonal.T @ (y - expit(design @ found.coefficients)), 0, atol=1e-6)
    assert np.isfinite(found.errors).all()


def test_overlap() -> None:
    low, high = np.array([0.0, 1.0]), np.array([1.0, 2.0])
    assert overlap(np.array([0.0, 1.5]), high)
    # they touch: a slope without end fits all but the tie
    assert not overlap(low, high)
    assert not overlap(high, low)
    assert not overlap(np.ones(3), np.ones(2))
    assert not overlap(np.array([0.0, 1e-9]), np.array([5e-10, 1.0]))
