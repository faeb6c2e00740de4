"""Three answers instead of two: ruled out, ruled in, and undecided between two thresholds at stated error rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sonoher2.evaluation.arrays import checked
from sonoher2.evaluation.classification import confusion_at
from sonoher2.evaluation.estimate import Estimate, wilson
from sonoher2.evaluation.thresholds import threshold_at_sensitivity, threshold_at_specificity


@dataclass(frozen=True)
class Zones:
    """Two thresholds: below `rule_out` a patient is ruled out, from `rule_in` on ruled in, between them undecided."""

    rule_out: float
    rule_in: float


@dataclass(frozen=True)
class ZoneFigures:
    """What the zones are worth in a set of patients.

    Attributes
    ----------
    sensitivity
        Share of cases that are not ruled out.
    specificity
        Share of controls that are not ruled in.
    npv, ppv
        Share of controls among the ruled out, and of cases among the ruled in, at this set's prevalence.
    ruled_out, undecided, ruled_in
        Shares of all patients.
    """

    sensitivity: Estimate
    specificity: Estimate
    npv: Estimate
    ppv: Estimate
    ruled_out: Estimate
    undecided: Estimate
    ruled_in: Estimate


def learn_zones(outcome: ArrayLike, score: ArrayLike, sensitivity: float, specificity: float) -> Zones:
    """Learn both thresholds on out-of-fold scores of training patients.

    The highest threshold that keeps the sensitivity rules out, the lowest that keeps the specificity rules in. A score
    good enough for both at once has nobody undecided: the lower threshold then serves for both, since lowering the
    one that rules out only raises its sensitivity.

    Parameters
    ----------
    outcome, score
        (n,).
    sensitivity
        Share of cases that ruling out must spare, e.g. 0.95.
    specificity
        Share of controls that ruling in must spare, e.g. 0.95.

    Raises
    ------
    InputError
        With one class only, or a share outside (0, 1].

    References
    ----------
    Two thresholds with an indeterminate range between them: Coste J, Pouchot J. Int J Epidemiol 2003, 32:304-313.
    """
    rule_in = threshold_at_specificity(outcome, score, specificity)
    return Zones(min(threshold_at_sensitivity(outcome, score, sensitivity), rule_in), rule_in)


def zone_figures(outcome: ArrayLike, score: ArrayLike, zones: Zones, confidence: float = 0.95) -> ZoneFigures:
    """Figures of the three answers, with Wilson's intervals.

    Parameters
    ----------
    outcome, score
        (n,), of patients that the thresholds were not learned on, or out-of-fold.
    zones
        Thresholds.
    confidence
        Level of the intervals.

    References
    ----------
    See `learn_zones`; the intervals: see `estimate.wilson`.
    """
    _, scores = checked(outcome, score)
    out, into = confusion_at(outcome, score, zones.rule_out), confusion_at(outcome, score, zones.rule_in)
    n, ruled_out, ruled_in = len(scores), int(np.sum(scores < zones.rule_out)), int(np.sum(scores >= zones.rule_in))
    return ZoneFigures(
        sensitivity=out.sensitivity(confidence),
        specificity=into.specificity(confidence),
        npv=out.npv(confidence),
        ppv=into.ppv(confidence),
        ruled_out=wilson(ruled_out, n, confidence),
        undecided=wilson(n - ruled_out - ruled_in, n, confidence),
        ruled_in=wilson(ruled_in, n, confidence),
    )
