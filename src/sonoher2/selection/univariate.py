"""One test per feature of a difference between the classes."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from sonoher2.selection.base import FALLBACK_FEATURES, ClassSelector, class_share, f_statistic
from sonoher2.selection.ranks import column_ranks


class UnivariateTest(ClassSelector):
    """Keeps the features that differ between the classes.

    When none does, the five of the smallest p are kept and `fallback_` says so.

    Parameters
    ----------
    test
        ``mann-whitney`` (more than two classes: Kruskal-Wallis) or ``t-test`` (Welch; more: analysis of variance).
    alpha
        Largest p, or q with `fdr`, of a feature that stays.
    fdr
        Adjust p for the number of features (Benjamini and Hochberg, J R Stat Soc B 1995, 57:289-300).

    Attributes
    ----------
    p_values_
        Shape (features,); with `fdr` adjusted.
    support_, fallback_
        As in `ClassSelector`.
    """

    def __init__(
        self, test: Literal["mann-whitney", "t-test"] = "mann-whitney", alpha: float = 0.05, fdr: bool = False
    ) -> None:
        self.test = test
        self.alpha = alpha
        self.fdr = fdr

    @property
    def uses_ranks(self) -> bool:
        """Whether it looks at ranks instead of values."""
        return self.test == "mann-whitney"

    def _support(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.bool_]:
        raw = p_values(X, y, self.test, ranked=self.uses_ranks)
        self.p_values_ = stats.false_discovery_control(raw) if self.fdr else raw
        passed = self.p_values_ <= self.alpha
        self.fallback_ = not passed.any()
        if self.fallback_:
            # raw p: adjusted ones are often all equal
            passed[np.argsort(raw, kind="stable")[:FALLBACK_FEATURES]] = True
        return np.asarray(passed)


def p_values(
    X: NDArray[np.float64], y: NDArray[np.int64], test: Literal["mann-whitney", "t-test"], *, ranked: bool = False
) -> NDArray[np.float64]:
    """Two-sided p of every column.

    Parameters
    ----------
    X
        Shape (patients, features), finite.
    y
        Shape (patients,), 0 to K-1.
    test
        As in `UnivariateTest`.
    ranked
        X holds `column_ranks` already, for ``mann-whitney``.

    Returns
    -------
    Shape (features,); 1 for a constant column.
    """
    if test not in ("mann-whitney", "t-test"):
        raise ValueError(f"test must be 'mann-whitney' or 't-test', got {test!r}")
    two_classes = int(y.max()) == 1
    if test == "mann-whitney":
        ranks = X if ranked else column_ranks(X)
        return mann_whitney(ranks, y) if two_classes else kruskal_wallis(ranks, y)
    return welch(X, y) if two_classes else anova(X, y)


def mann_whitney(ranks: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mann-Whitney U by its normal approximation, corrected for ties and for continuity; shape (features,)."""
    count, cases = len(y), int(y.sum())
    centred = ranks - (count + 1) / 2
    away = np.abs(centred[y == 1].sum(axis=0))
    # the variance of the ranks themselves holds the correction for ties
    deviation = np.sqrt(cases * (count - cases) / (count * (count - 1)) * (centred**2).sum(axis=0))
    z = (away - 0.5) / np.where(deviation > 0, deviation, 1.0)
    return np.where(deviation > 0, np.minimum(2 * stats.norm.sf(z), 1.0), 1.0)


def kruskal_wallis(ranks: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Kruskal-Wallis H corrected for ties, against chi squared; shape (features,)."""
    statistic = (len(y) - 1) * class_share(ranks, y)
    return np.asarray(stats.chi2.sf(statistic, int(y.max())))


def welch(X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Student's t without equal variances (Welch, Biometrika 1947, 34:28-35); shape (features,)."""
    cases, controls = X[y == 1], X[y == 0]
    if min(len(cases), len(controls)) < 2:
        return np.ones(X.shape[1])
    a, b = cases.var(axis=0, ddof=1) / len(cases), controls.var(axis=0, ddof=1) / len(controls)
    varies = a + b > 1e-20 * np.maximum(1.0, (X**2).mean(axis=0))
    variance = np.where(varies, a + b, 1.0)
    t = np.abs(cases.mean(axis=0) - controls.mean(axis=0)) / np.sqrt(variance)
    spread = a**2 / (len(cases) - 1) + b**2 / (len(controls) - 1)
    freedom = variance**2 / np.where(varies, spread, 1.0)
    return np.where(varies, 2 * stats.t.sf(t, freedom), 1.0)


def anova(X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """One-way analysis of variance; shape (features,)."""
    classes = int(y.max()) + 1
    return np.asarray(stats.f.sf(f_statistic(X, y), classes - 1, max(len(y) - classes, 1)))
