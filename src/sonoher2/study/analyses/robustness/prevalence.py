"""The share of events at a new hospital, estimated without a label, and what speaks against the estimate."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from sonoher2.bundle.reference import spaces_seen
from sonoher2.evaluation.shift.prior import SATURATED, correct_prior, most_told_apart
from sonoher2.study.analyses.analysis import Analysis, Scored, is_validation
from sonoher2.study.analyses.performance.uncertainty import class_probabilities
from sonoher2.study.analyses.robustness.new_site import numbered_outcomes, training_patients
from sonoher2.study.analyses.robustness.shift import told_apart
from sonoher2.study.results import columns as c
from sonoher2.study.results.predictions import each_part
from sonoher2.study.results.schema import Column, declare

FEW, MANY_SATURATED = 100, 0.1
"""Patients, and share of scores near 0 or 1, from which on a correction without labels is not to be trusted."""


def prevalence_table(
    predictions: pd.DataFrame,
    training: Mapping[str, int],
    domain: pd.DataFrame,
    seen: Mapping[str, Collection[str]],
    seed: int,
    confidence: float,
) -> pd.DataFrame:
    """Estimate the share of each outcome from the unlabelled patients, and say what speaks against the estimate.

    Parameters
    ----------
    predictions
        Of the new cohort by the frozen model, as in `StudyResult`.
    training
        Training patients by class, the classes in order.
    domain
        As `shift.domain_table`; empty for a bundle without its training cases.
    seen
        By signature the spaces of `domain` that it rests on, see `spaces_seen`.
    seed
        Of the bootstrap.
    confidence
        Level of the intervals.

    Returns
    -------
    As `SCHEMA` declares.
    """
    rows: list[dict[str, object]] = []
    for (signature,), part in each_part(predictions, [c.SIGNATURE]):
        _, labels, p = class_probabilities(part, list(training))
        found = correct_prior(p, list(training.values()), seed=seed, confidence=confidence)
        shares = np.array(list(training.values())) / sum(training.values())
        apart, at_most = _told_apart(domain, seen[signature]), most_told_apart(shares, found.low, found.high)
        for outcome, number in numbered_outcomes(part, training):
            scores = p[:, number]
            saturated = float(np.mean((scores < SATURATED) | (scores > 1 - SATURATED)))
            rows.append(
                {
                    **{c.SIGNATURE: signature, c.OUTCOME: outcome, c.N: len(scores)},
                    c.TRAINING: float(shares[number]),
                    c.PREVALENCE: float(found.shares[number]),
                    c.low(c.PREVALENCE): float(found.low[number]),
                    c.high(c.PREVALENCE): float(found.high[number]),
                    c.OBSERVED_SHARE: float(np.mean(labels == number)),
                    c.SATURATED: saturated,
                    c.TOLD_APART: apart,
                    c.AT_MOST: at_most,
                    c.CAUTION: _caution(len(scores), saturated, apart, at_most),
                }
            )
    return pd.DataFrame(rows)


def _told_apart(domain: pd.DataFrame, spaces: Collection[str]) -> float:
    """Lower end of the AUC that tells both cohorts apart, by what the signature sees; NaN if not compared."""
    if domain.empty:
        return np.nan
    return float(domain.loc[domain[c.SPACE].isin(list(spaces)), c.low(c.AUC)].max())


def _caution(patients: int, saturated: float, apart: float, at_most: float) -> str:
    cautions = {
        f"fewer than {FEW} patients": patients < FEW,
        "many scores near 0 or 1": saturated > MANY_SATURATED,
        "more has changed than the shares": apart > at_most,
        "not compared with the training patients": np.isnan(apart),
    }
    return "; ".join(words for words, holds in cautions.items() if holds)


def _prevalence(scored: Scored) -> pd.DataFrame:
    training, domain, seen = training_patients(scored), told_apart(scored), spaces_seen(scored.model)
    return prevalence_table(scored.predictions, training, domain, seen, scored.study.seed, scored.confidence)


SCHEMA = declare(
    "Share of events, estimated without labels",
    *(c.SIGNATURE, c.OUTCOME, c.N),
    Column(c.TRAINING, "number", "share of events in training"),
    *(c.PREVALENCE, c.OBSERVED_SHARE, c.SATURATED),
    *(c.TOLD_APART, c.AT_MOST, c.CAUTION),
    ends=[c.PREVALENCE],
)
ANALYSIS = Analysis("prevalence", "external", SCHEMA, _prevalence, is_validation)
