"""Logistic regression by maximum likelihood, for statistics: estimates, standard errors, likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Floats = NDArray[np.float64]

EQUAL = 1e-6
"""Log-odds that differ by less are taken for the same."""


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

    An overlap of less than `EQUAL` is none: such values are the same but for rounding.

    References
    ----------
    Albert A, Anderson JA. Biometrika 1984, 71:1-10.
    """
    return bool(cases.min() < controls.max() - EQUAL and controls.min() < cases.max() - EQUAL)


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
    # columns of one length at right angles: a step then means the same in all directions, however alike the scores are
    basis, triangle = np.linalg.qr(design)
    basis, triangle = basis * np.sqrt(len(y)), triangle / np.sqrt(len(y))

    def loss(b: Floats) -> float:
        z = basis @ b + known
        return float(np.sum(np.logaddexp(0, z) - y * z))

    def slope(b: Floats) -> Floats:
        return np.asarray(basis.T @ (expit(basis @ b + known) - y))

    def curvature(b: Floats) -> Floats:
        p = expit(basis @ b + known)
        return np.asarray((basis * (p * (1 - p))[:, None]).T @ basis)

    start = np.zeros(basis.shape[1])
    options = {"gtol": 1e-10 * len(y), "max_trust_radius": 1e6, "maxiter": 200}
    best = minimize(loss, start, method="trust-exact", jac=slope, hess=curvature, options=options).x
    # so near, Newton's step doubles the digits, which differences of the likelihood no longer show
    nearer = best - np.linalg.solve(curvature(best), slope(best))
    best = nearer if np.linalg.norm(slope(nearer)) < np.linalg.norm(slope(best)) else best
    back = np.linalg.inv(triangle)
    covariance = back @ np.linalg.inv(curvature(best)) @ back.T
    return LogisticFit(back @ best, np.sqrt(np.diag(covariance)), -loss(best))
