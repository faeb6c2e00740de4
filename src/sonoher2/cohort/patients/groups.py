"""Groups of patients who must stay together: those who share an identifier or a picture."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sonoher2.cohort.tables import columns as c


def joined_groups(patients: Sequence[str], pairs: Iterable[tuple[str, str]]) -> pd.Series:
    """Assign a group to each patient, so that the patients of a pair are together, also through others.

    Parameters
    ----------
    patients
        All patients, each once.
    pairs
        Pairs of them.

    Returns
    -------
    (patients,) int, index `patients`; a patient in no pair is alone. Groups are numbered from 0 in the order of their
    first patient.
    """
    place = {patient: number for number, patient in enumerate(patients)}
    ends = np.array([(place[one], place[other]) for one, other in pairs], dtype=int).reshape(-1, 2)
    links = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(place), len(place)))
    _, components = connected_components(links, directed=False)
    numbers = pd.factorize(components)[0] if len(place) else np.empty(0, dtype=np.int64)
    return pd.Series(numbers, index=pd.Index(patients, name=c.PATIENT_ID), name=c.GROUP, dtype=np.int64)


def members(patients: Sequence[str], keys: Iterable[Hashable]) -> list[list[str]]:
    """Patients of each key, in the order of `patients`.

    Parameters
    ----------
    patients, keys
        Each patient and its key.
    """
    found: dict[Hashable, list[str]] = {}
    for patient, key in zip(patients, keys, strict=True):
        found.setdefault(key, []).append(patient)
    return list(found.values())


def linked(patients: Sequence[str], keys: Iterable[Hashable]) -> list[tuple[str, str]]:
    """Pairs of patients that follow each other among the `members` of one key."""
    return [pair for group in members(patients, keys) for pair in pairwise(group)]
