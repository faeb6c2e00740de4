"""Logistic regression by maximum likelihood, for statistics: estimates, standard errors, likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LogisticFit:
    """The most likely coefficients.

    Attributes
    ----------
    coefficients, errors
        (columns,), and their standard errors.
    log_likelihood
        Of the outcomes.
    """

    coefficients: Floats
    errors: Floats
    log_likelihood: float


def overlap(cases: Floats, controls: Floats) -> bool:
    """Whether a regression on one variable has a finite best slope: neither lies wholly above the other.

    References
    ----------
    Albert A, Anderson JA. Biometrika 1984, 71:1-10.
    """
    return bool(cases.min() < controls.max() and controls.min() < cases.max())


def fit_logistic(y: Floats, design: Floats, offset: Floats | None = None) -> LogisticFit:
    """Fit logit P(y = 1) = design @ coefficients + offset.

    By a trust region, which never takes a step that makes the likelihood worse. Iterated weighted least squares, the
    textbook's way, may run away where the offset is large, and then says that it has converged.

    Parameters
    ----------
    y
        (n,), 0 or 1.
    design
        (n, columns). There must be a best fit: both classes, and `overlap`.
    offset
        (n,), log-odds that are known beforehand.

    References
    ----------
    McCullagh P, Nelder JA. Generalized Linear Models, 2nd ed., Chapman and Hall 1989, section 4.4.
    Conn AR, Gould NIM, Toint PL. Trust-Region Methods, SIAM 2000, chapter 7.
    """
    known = np.zeros(len(y)) if offset is None else offset

    def loss(b: Floats) -> float:
        z = design @ b + known
        return float(np.sum(np.logaddexp(0, z) - y * z))

    def slope(b: Floats) -> Floats:
        return np.asarray(design.T @ (expit(design @ b + known) - y))

    def curvature(b: Floats) -> Floats:
        p = expit(design @ b + known)
        return np.asarray((design * (p * (1 - p))[:, None]).T @ design)

    start = np.zeros(design.shape[1])
    best = minimize(loss, start, method="trust-exact", jac=slope, hess=curvature, options={"gtol": 1e-6 * len(y)}).x
    # so near, each of Newton's steps doubles the digits, which differences of the likelihood no longer show
    for _ in range(3):
        best = best - np.linalg.solve(curvature(best), slope(best))
    errors = np.sqrt(np.diag(np.linalg.inv(curvature(best))))
    return LogisticFit(best, errors, -loss(best))
