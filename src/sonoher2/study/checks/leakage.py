"""LEAK001 and LEAK002: patients and pictures on both sides of the split."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import pandas as pd

from sonoher2.cohort.patients.identity import alias_keys, doubtful_pairs
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.study.checks.facts import Facts, FactsCheck
from sonoher2.study.checks.outcome import Outcome
from sonoher2.study.results import columns as c

ONE_SET = "there is one set only"


def same_patient(facts: Facts) -> Outcome:
    """LEAK001: identifiers in both sets that mean one patient (an error), or may mean one (a warning).

    A split that this version draws keeps the former together, so that only the latter are left.
    """
    if not facts.both_sides:
        return LEAK001.skipped(ONE_SET)
    names = [str(name) for name in facts.sets.index]
    pairs = across_sets(facts.sets, alias_keys(names))
    if pairs:
        what = f"{len(pairs)} patients are in training and in the test set under two identifiers ({_shown(pairs)})"
        return LEAK001.found("error", what, "split")
    labels = facts.cohort.patients[c.LABEL].set_axis(names)
    doubtful = [pair for pair in doubtful_pairs(names, labels.to_dict()) if facts.sets[list(pair)].nunique() > 1]
    if doubtful:
        what = f"{len(doubtful)} pairs of identifiers in training and in the test set may each mean one patient"
        return LEAK001.found("warning", f"{what} ({_shown(doubtful)})", "split")
    return LEAK001.passed()


def across_sets(sets: pd.Series, key: Iterable[Hashable]) -> list[tuple[str, str]]:
    """Find a training and a test patient for each value of `key` that is in both sets.

    Parameters
    ----------
    sets
        (patients,) ``train`` or ``test``, index `patient_id`.
    key
        (patients,), in the same order.
    """
    first: dict[str, dict[Hashable, str]] = {TRAIN: {}, TEST: {}}
    for (patient, subset), value in zip(sets.items(), key, strict=True):
        first[subset].setdefault(value, str(patient))
    return [(patient, first[TEST][value]) for value, patient in first[TRAIN].items() if value in first[TEST]]


def shared_pictures(facts: Facts) -> Outcome:
    """LEAK002: near-duplicate groups, or files of the same bytes, with patients in both sets."""
    if not facts.both_sides:
        return LEAK002.skipped(ONE_SET)
    if facts.cohort.images.empty:
        return LEAK002.skipped("the study has no images")
    pairs = _same_files(facts) or across_sets(facts.sets, facts.cohort.patients[c.GROUP])
    if pairs:
        what = f"{len(pairs)} pictures of the test set are in training too (patients {_shown(pairs)})"
        return LEAK002.found("error", what, "split")
    if facts.config.images is not None and not facts.config.images.near_duplicates:
        what = "near-duplicate images were not looked for; identical files are on one side"
        return LEAK002.found("warning", what, "images.near_duplicates")
    return LEAK002.passed()


def _same_files(facts: Facts) -> list[tuple[str, str]]:
    images, hashes = facts.cohort.images, facts.hashes or {}
    sets = facts.sets.reindex(images[c.PATIENT_ID])
    return across_sets(sets, [hashes.get(path, path) for path in images[c.IMAGE]])


def _shown(pairs: list[tuple[str, str]]) -> str:
    return "; ".join(" and ".join(pair) for pair in pairs[:3]) + ("; ..." if len(pairs) > 3 else "")


LEAK001 = FactsCheck(
    "LEAK001",
    "Same patient on both sides",
    "Give each patient one identifier and draw the split anew",
    same_patient,
)
LEAK002 = FactsCheck(
    "LEAK002",
    "Near-duplicate images across the split",
    "Remove the copies, or keep their patients on one side of the split",
    shared_pictures,
)
