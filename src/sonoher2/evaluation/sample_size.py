"""How many patients a prediction model needs to be developed."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log

from scipy.stats import norm

from sonoher2.core.errors import InputError

NAGELKERKE = 0.15
"""R² as a share of its largest possible value, where nothing better is known (Riley et al. 2020)."""


@dataclass(frozen=True)
class DevelopmentSize:
    """Smallest number of patients by each criterion of Riley et al.

    Attributes
    ----------
    shrinkage
        So that predictors' effects need to be shrunk by no more than a tenth.
    optimism
        So that the apparent share of explained variation is at most 0.05 too high.
    prevalence
        So that the overall risk is known to within 0.05.
    """

    shrinkage: int
    optimism: int
    prevalence: int

    @property
    def patients(self) -> int:
        """The largest of the three."""
        return max(self.shrinkage, self.optimism, self.prevalence)


def largest_r2(prevalence: float) -> float:
    """Largest Cox-Snell R² that a binary outcome allows: 1 - (p^p (1-p)^(1-p))^2.

    References
    ----------
    Riley RD et al. BMJ 2020, 368:m441; Nagelkerke NJD. Biometrika 1991, 78:691-692.
    """
    _check_prevalence(prevalence)
    likelihood: float = prevalence**prevalence * (1 - prevalence) ** (1 - prevalence)
    return 1 - likelihood * likelihood


def development_size(
    prevalence: float, parameters: int, r2: float | None = None, shrinkage: float = 0.9, margin: float = 0.05
) -> DevelopmentSize:
    """Smallest development set for a logistic model, with S the shrinkage, P the parameters, f the prevalence.

    n1 = P / ((S - 1) ln(1 - R²/S)); n2 is the same with S2 = R² / (R² + margin * largest R²) in place of S;
    n3 = (1.96 / margin)² f (1 - f). Each is rounded up.

    Parameters
    ----------
    prevalence
        Share of cases expected, above 0 and below 1.
    parameters
        Candidate predictor parameters; a category of k levels has k - 1.
    r2
        Cox-Snell R² expected; `NAGELKERKE` of the largest possible one unless told.
    shrinkage
        Wanted shrinkage factor S.
    margin
        Of the second and third criteria.

    Raises
    ------
    InputError
        There is no parameter, or a share is not between 0 and 1.

    References
    ----------
    Riley RD et al. Calculating the sample size required for developing a clinical prediction model. BMJ 2020, 368:m441.
    Riley RD et al. Stat Med 2019, 38:1276-1296 (binary and time-to-event outcomes).
    """
    largest = largest_r2(prevalence)
    expected = NAGELKERKE * largest if r2 is None else r2
    if parameters < 1 or not 0 < expected < shrinkage < 1:
        raise InputError(
            "the sample size needs a parameter and an R² above 0 and below the shrinkage",
            fix="Give 1 or more parameters, and a shrinkage between the R² and 1",
        )
    second = expected / (expected + margin * largest)
    z = float(norm.ppf(0.975))
    return DevelopmentSize(
        _for_shrinkage(parameters, expected, shrinkage),
        _for_shrinkage(parameters, expected, second),
        ceil((z / margin) ** 2 * prevalence * (1 - prevalence)),
    )


def _for_shrinkage(parameters: int, r2: float, shrinkage: float) -> int:
    return ceil(parameters / ((shrinkage - 1) * log(1 - r2 / shrinkage)))


def _check_prevalence(prevalence: float) -> None:
    if not 0 < prevalence < 1:
        raise InputError(f"a share of cases of {prevalence:g} is impossible", fix="Give one above 0 and below 1")
