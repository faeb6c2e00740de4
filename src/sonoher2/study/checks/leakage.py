"""LEAK001 and LEAK002: patients and pictures on both sides of the split."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable

import pandas as pd

from sonoher2.cohort.split import TEST, TRAIN
from sonoher2.study.checks.facts import Facts
from sonoher2.study.checks.outcome import Outcome, found, passed, skipped

SIDES = {"l", "r", "left", "right"}
"""Last parts of identifiers that name an image or a breast rather than a patient."""
ONE_SET = "there is one set only"


def same_patient(facts: Facts) -> Outcome:
    """LEAK001: identifiers in both sets that differ only in case, separators, leading zeros or the side of the body."""
    if not facts.both_sides:
        return skipped("LEAK001", ONE_SET)
    alike = facts.sets.index.map(identity)
    pairs = across_sets(facts.sets, alike)
    if not pairs:
        return passed("LEAK001")
    what = f"{len(pairs)} patients may be in training and in the test set under two identifiers ({_shown(pairs)})"
    return found("LEAK001", "error", what, "split")


def identity(patient: str) -> tuple[str, ...]:
    """Parts of an identifier that tell patients apart: ``BUS_0012-l`` is ``bus 12``, as is ``bus 12``."""
    parts = [part.lstrip("0") or "0" for part in re.findall(r"\d+|[^\W\d_]+", patient.casefold())]
    return tuple(parts[:-1] if len(parts) > 1 and parts[-1] in SIDES else parts)


def across_sets(sets: pd.Series, key: Iterable[Hashable]) -> list[tuple[str, str]]:
    """Find a training and a test patient for each value of `key` that is in both sets.

    Parameters
    ----------
    sets
        (patients,) ``train`` or ``test``, index `patient_id`.
    key
        (patients,), in the same order.
    """
    keys = pd.Series(list(key), index=sets.index, dtype=object)
    first = {name: keys[sets == name].drop_duplicates() for name in (TRAIN, TEST)}
    test = {value: patient for patient, value in first[TEST].items()}
    return [(str(patient), str(test[value])) for patient, value in first[TRAIN].items() if value in test]


def shared_pictures(facts: Facts) -> Outcome:
    """LEAK002: near-duplicate groups, or files of the same bytes, with patients in both sets."""
    if not facts.both_sides:
        return skipped("LEAK002", ONE_SET)
    if facts.cohort.images.empty:
        return skipped("LEAK002", "the study has no images")
    pairs = _same_files(facts) or across_sets(facts.sets, facts.cohort.patients["group"])
    if pairs:
        what = f"{len(pairs)} pictures of the test set are in training too (patients {_shown(pairs)})"
        return found("LEAK002", "error", what, "split")
    if facts.config.images is not None and not facts.config.images.near_duplicates:
        what = "near-duplicate images were not looked for; identical files are on one side"
        return found("LEAK002", "warning", what, "images.near_duplicates")
    return passed("LEAK002")


def _same_files(facts: Facts) -> list[tuple[str, str]]:
    images, hashes = facts.cohort.images, facts.hashes or {}
    sets = facts.sets.reindex(images["patient_id"])
    return across_sets(sets, [hashes.get(path, path) for path in images["image"]])


def _shown(pairs: list[tuple[str, str]]) -> str:
    return "; ".join(" and ".join(pair) for pair in pairs[:3]) + ("; ..." if len(pairs) > 3 else "")
