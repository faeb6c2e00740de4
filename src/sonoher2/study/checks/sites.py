"""SITE002: patients of two sites, sites too small to be left out, and sites that harmonising does not know."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.core.columns import TRAIN
from sonoher2.selection.harmonise import FEWEST
from sonoher2.study.checks.facts import Facts, FactsCheck
from sonoher2.study.checks.outcome import Outcome
from sonoher2.study.results import columns as c

FEWEST_LEFT_OUT = 10
"""Training patients of a site that is left out in turn; of fewer, its scores say next to nothing."""
MOST_NAMED = 20


def doubtful_sites(facts: Facts) -> Outcome:
    """SITE002: what makes the sites of a study doubtful."""
    if c.SITE not in facts.cohort.patients:
        return SITE002.skipped("the sites are not known")
    told = [*_of_two_sites(facts), *_too_small(facts), *_not_harmonised(facts)]
    return SITE002.found("warning", "; ".join(told), "images.site") if told else SITE002.passed()


def _of_two_sites(facts: Facts) -> list[str]:
    images = facts.cohort.images
    if c.SITE not in images:
        return []
    several = images.dropna(subset=c.SITE).groupby(c.PATIENT_ID)[c.SITE].nunique()
    named = [str(patient) for patient in several.index[several > 1]]
    if not named:
        return []
    shown = ", ".join(named[:MOST_NAMED]) + (", ..." if len(named) > MOST_NAMED else "")
    share = f"{len(named)} of {len(several)} patients"
    return [f"images of several sites are those of {share}, who count for the first ({shown})"]


def _training_sites(facts: Facts) -> pd.DataFrame:
    """Training patients with `site` and `label`; a site that is not known is none."""
    patients = facts.cohort.patients[(facts.sets == TRAIN).to_numpy()]
    return patients.dropna(subset=c.SITE)


def _too_small(facts: Facts) -> list[str]:
    if facts.config.validation.by != "site":
        return []
    told = []
    for site, patients in _training_sites(facts).groupby(c.SITE):
        classes = patients[c.LABEL].nunique()
        if len(patients) < FEWEST_LEFT_OUT or classes < len(facts.cohort.classes):
            lacking = "" if classes == len(facts.cohort.classes) else ", not of every class"
            told.append(f"{site} ({len(patients)} training patients{lacking})")
    return [f"too small to be left out: {', '.join(told)}"] if told else []


def _not_harmonised(facts: Facts) -> list[str]:
    if facts.config.harmonise is None or not facts.both_sides:
        return []
    counts = _training_sites(facts)[c.SITE].value_counts()
    return unharmonised_sites(facts.cohort.patients[c.SITE], [str(site) for site in counts.index[counts >= FEWEST]])


def unharmonised_sites(sites: pd.Series, known: list[str]) -> list[str]:
    """Say how many patients are of a site that harmonising did not learn; nothing where there are none.

    Parameters
    ----------
    sites
        (patients,), None where unknown.
    known
        Sites whose effect was learned.
    """
    new = sites[~sites.isin(list(known)).to_numpy(dtype=np.bool_)]
    if not len(new):
        return []
    counts = new.astype(object).where(new.notna(), "site not known").value_counts()
    shown = ", ".join(f"{site}: {count}" for site, count in counts.items())
    share = f"{len(new)} of {len(sites)} patients"
    return [f"{share} are of sites that harmonising does not know, and are left as they are ({shown})"]


SITE002 = FactsCheck(
    "SITE002",
    "Sites that say too little",
    "Give each patient one site; join small sites, or split folds at random",
    doubtful_sites,
)
