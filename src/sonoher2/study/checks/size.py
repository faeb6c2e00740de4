"""SIZE001 and SIZE002: too few patients to learn from, or to test on."""

from __future__ import annotations

from sonoher2.cohort.check import EXPECTED_AUC, class_counts, count_variables
from sonoher2.cohort.power import auc_half_width
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.core.spelling import plural
from sonoher2.evaluation.sample_size import development_size
from sonoher2.study.checks.facts import Facts, FactsCheck
from sonoher2.study.checks.outcome import Outcome

FEWEST_EVENTS_PER_VARIABLE = 5.0
"""Below it, estimates were often badly wrong in simulations: Vittinghoff E, McCulloch CE. Am J Epidemiol 2007,
165:710-718."""
WIDE = 0.1
"""Half-width of the test AUC's interval: Riley RD et al. Stat Med 2021, 40:4230-4251 aim at 0.05."""


def events_to_learn_from(facts: Facts) -> Outcome:
    """SIZE001: fewer training patients than Riley's criteria ask for, or than 5 events per variable."""
    counts = class_counts(facts.cohort, facts.split)[TRAIN]
    events, patients = min(counts), sum(counts)
    if not events:
        return SIZE001.skipped("there are no training patients of every class")
    variables = max(count_variables(facts.cohort), 1)
    needed = development_size(events / patients, variables).patients
    what = (
        f"{plural(events, 'event')} for {plural(variables, 'clinical variable')} among {patients} training patients;"
        f" {needed} are advised"
    )
    if events / variables < FEWEST_EVENTS_PER_VARIABLE:
        return SIZE001.found("error", what, "clinical.columns")
    if patients < needed:
        return SIZE001.found("warning", what, "clinical.columns")
    return SIZE001.passed()


def patients_to_test_on(facts: Facts) -> Outcome:
    """SIZE002: the test AUC's expected interval is wider than ±0.1, or holds 0.5."""
    counts = class_counts(facts.cohort, facts.split)[TEST]
    smallest = [(counts[code], sum(counts) - counts[code]) for code in facts.cohort.outcomes]
    if any(min(pair) < 1 for pair in smallest):
        if (facts.sets == TEST).all():
            return SIZE002.found("error", "the cohort has not every class, so there is no AUC", "target")
        return SIZE002.skipped("the test set has not every class")
    half = max(auc_half_width(EXPECTED_AUC, *pair, facts.config.evaluation.confidence) for pair in smallest)
    if half <= WIDE:
        return SIZE002.passed()
    what = (
        f"with {min(counts)} test patients in the rarest class an AUC of {EXPECTED_AUC} is known to ± {half:.2f} only"
    )
    if EXPECTED_AUC - half <= 0.5:
        return SIZE002.found("error", f"{what}, which does not tell it from chance", "split")
    return SIZE002.found("warning", what, "split")


SIZE001 = FactsCheck(
    "SIZE001",
    "Too few events to develop a model",
    "Use fewer columns or collect more patients",
    events_to_learn_from,
)
SIZE002 = FactsCheck(
    "SIZE002",
    "Test set too small",
    "Collect more test patients, or rely on the out-of-fold figures",
    patients_to_test_on,
)
