"""Who is in training and who is locked away: drawn once, before anything is fitted, hashed and saved."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import JsonValue

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.table import column, none_if_missing, place, plain
from sonoher2.config.split import DateSplit, GivenSplit, RandomSplit, SiteSplit
from sonoher2.config.split import Split as SplitConfig
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.core.errors import Finding, InputError
from sonoher2.core.files import write_json

SPLIT_BY = "split_by"
"""Column of `Cohort.patients` with the value by which each is split."""


@dataclass(frozen=True)
class Split:
    """A split of patients.

    Attributes
    ----------
    sets
        (patients,) ``train`` or ``test``, index `patient_id`, sorted.
    settings
        How it was drawn: the study file's `split` and seed.
    moved
        Patients taken from the test set into training because a training patient is in their group.
    moved_patients
        Which; None for a split that an earlier version saved, and for one that could not move any.
    """

    sets: pd.Series
    settings: dict[str, JsonValue]
    moved: int = 0
    moved_patients: tuple[str, ...] | None = None

    @property
    def sha256(self) -> str:
        """Hash over the patients, sorted, and their sets."""
        lines = "".join(f"{patient}\t{subset}\n" for patient, subset in self.sets.sort_index().items())
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What a reader of the study must know of the split."""
        if not self.moved:
            return ()
        what = f"{self.moved} test patients share a picture or an identifier with a training patient"
        what += " and were moved to training"
        fix = "Mend the split, or remove the duplicates"
        return (Finding("warning", what, "split", fix),)

    def save(self, path: Path) -> None:
        """Write the split and its hash as JSON."""
        record = {
            "sha256": self.sha256,
            "settings": self.settings,
            "moved": self.moved,
            "moved_patients": list(self.moved_patients or ()),
            "patients": dict(self.sets.sort_index().items()),
        }
        write_json(path, record)


def load_split(path: Path) -> Split:
    """Read a saved split.

    Raises
    ------
    InputError
        The file is not a saved split, or it was changed since it was written.
    """
    fix = "Choose another folder for the results, so that a new split is drawn"
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        sets = pd.Series(record["patients"], dtype=object).rename_axis(c.PATIENT_ID).rename(c.SET)
        moved = tuple(record["moved_patients"]) if "moved_patients" in record else None
        split = Split(sets, dict(record["settings"]), int(record["moved"]), moved)
        saved = record["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("this is not a saved split", where=str(path), fix=fix, hint="output") from error
    if split.sha256 != saved:
        raise InputError("the saved split was changed since it was drawn", where=str(path), fix=fix, hint="output")
    return split


def draw_or_reload(cohort: Cohort, study: StudyConfig, path: Path, drawn: Split | None = None) -> Split:
    """Draw and save the split; on a later run reload it and check that it is still this study's.

    Parameters
    ----------
    cohort
        With the groups of near-duplicates already in place.
    study
        Its `split` and `seed`.
    path
        JSON file of the split.
    drawn
        A split by which networks were trained already, of these patients and perhaps more: no other one may follow.

    Raises
    ------
    InputError
        The split cannot be drawn, was changed, or belongs to other patients, other settings or other values of the
        column by which patients are split.
    """
    if drawn is not None:
        drawn = replace(drawn, sets=drawn.sets.reindex(cohort.patients.index))
    if not Path(path).exists():
        split = drawn or split_patients(cohort.patients, study.split, study.seed)
        split.save(path)
        return split
    split = load_split(path)
    fix = "Restore what was changed, or choose another folder for the results of a new study"
    if set(split.sets.index) != set(cohort.patients.index):
        raise InputError(
            "the saved split is of other patients than this cohort", where=str(path), fix=fix, hint="output"
        )
    if split.settings != _settings(study.split, study.seed) or (drawn is not None and drawn.sha256 != split.sha256):
        raise InputError("the saved split was drawn with other settings", where=str(path), fix=fix, hint="output")
    split = replace(split, sets=split.sets.reindex(cohort.patients.index))
    others = _against_column(split, cohort.patients, study.split)
    if others:
        what = f"the saved split has {others} patients in another set than the column of the split says now"
        raise InputError(what, where=str(path), fix=fix, hint="output")
    return split


def _against_column(split: Split, patients: pd.DataFrame, config: SplitConfig) -> int:
    """Count the patients whose saved set is not what their column says, but for those that were moved to training."""
    if isinstance(config, RandomSplit):
        return 0
    saved, told = (split.sets == TEST).to_numpy(), _by_column(patients, config)
    to_training = told & ~saved
    if split.moved_patients is not None:
        # those who were moved, whatever the column says of them
        to_training = to_training & ~patients.index.isin(split.moved_patients)
        return int((saved & ~told).sum() + to_training.sum())
    return int((saved & ~told).sum()) + max(int(to_training.sum()) - split.moved, 0)


def _settings(split: SplitConfig, seed: int) -> dict[str, JsonValue]:
    return {**split.model_dump(mode="json"), "seed": seed}


def split_patients(patients: pd.DataFrame, split: SplitConfig, seed: int) -> Split:
    """Draw the split: patients, never images; and patients of one group stay on one side.

    A group are patients who share a picture or an identifier. A test patient with a training patient in the group
    moves to training, never the other way round: so the test set holds nothing that was seen in training.

    Parameters
    ----------
    patients
        Index `patient_id`; `label`, `group` and, where the split is by a column, `SPLIT_BY`.
    split
        How to split.
    seed
        Of the random split.

    Raises
    ------
    InputError
        A patient has no date, site or value to split by, or one of the sets is empty.
    """
    if isinstance(split, RandomSplit):
        in_test = _random(patients[c.LABEL].to_numpy(), patients[c.GROUP].to_numpy(), split.test_share, seed)
    else:
        in_test = _by_column(patients, split)
    trained = patients[c.GROUP].isin(patients.loc[~in_test, c.GROUP]).to_numpy()
    moved = tuple(map(str, patients.index[in_test & trained]))
    in_test = in_test & ~trained
    for found, name in ((in_test, TEST), (~in_test, TRAIN)):
        if not found.any():
            raise InputError(f"the {name} set would be empty", where="split", fix="Mend `split` in the study file")
    sets = pd.Series(np.where(in_test, TEST, TRAIN), index=patients.index, name=c.SET, dtype=object)
    return Split(sets.sort_index(), _settings(split, seed), len(moved), moved)


def split_values(
    split: DateSplit | SiteSplit | GivenSplit, tables: list[tuple[pd.DataFrame, pd.Series, str]]
) -> pd.Series:
    """Value by which each patient is split, from the first table that has the column.

    Parameters
    ----------
    split
        How to split.
    tables
        For each table its rows, the patient of each row and its name.

    Returns
    -------
    (patients,) of str: the first date as ISO, or the site or value; None where there is none.

    Raises
    ------
    InputError
        No table has the column, a date is not ISO, a named value stands nowhere, or the rows of one patient belong to
        both sets.
    """
    chosen = next((table for table in tables if split.column in table[0].columns), tables[0])
    frame, patient_ids, name = chosen
    where = f"{name}, column '{split.column}'"
    texts = column(frame, split.column, name)
    if isinstance(split, DateSplit):
        known = texts.dropna()
        days = [iso_date(text, place(name, [row], split.column)) for row, text in known.items()]
        first = pd.Series(days, dtype=object).groupby(patient_ids.loc[known.index].to_numpy()).min()
        return none_if_missing(first.reindex(sorted(patient_ids.unique())))
    wanted = {plain(value) for value in split.test}
    keys = texts.map(plain, na_action="ignore")
    unknown = [value for value in split.test if plain(value) not in set(keys)]
    if unknown:
        values = ", ".join(sorted(texts.dropna().unique())[:20])
        what = f"no row has the value {', '.join(unknown)}"
        raise InputError(what, where=where, fix=f"The values are: {values}")
    sides = keys.isin(wanted).where(keys.notna()).groupby(patient_ids.to_numpy()).nunique()
    torn = list(sides.index[sides > 1])
    if torn:
        what = f"the rows of one patient are in both sets (patient {', '.join(torn[:5])})"
        raise InputError(what, where=where, fix="Patients are split, never images: give each patient one value")
    return texts.groupby(patient_ids.to_numpy()).first()


def _by_column(patients: pd.DataFrame, split: DateSplit | SiteSplit | GivenSplit) -> NDArray[np.bool_]:
    values = patients[SPLIT_BY]
    without = list(patients.index[values.isna()])
    if without:
        what = f"{len(without)} patients have no value to split by (patient {', '.join(without[:5])})"
        raise InputError(what, where=f"split, column '{split.column}'", fix="Fill in the column")
    if isinstance(split, DateSplit):
        return np.asarray(values >= iso_date(split.test_from, "split.test_from"), dtype=np.bool_)
    wanted = {plain(value) for value in split.test}
    return np.asarray(values.map(plain).isin(wanted), dtype=np.bool_)


def iso_date(text: str, where: str) -> str:
    """Date as ``2024-05-31``, from an ISO date with or without a time.

    Raises
    ------
    InputError
        It is not an ISO date.
    """
    try:
        return datetime.fromisoformat(text.strip()).date().isoformat()
    except ValueError:
        fix = "Write dates as year-month-day, such as 2024-05-31"
        raise InputError("not an ISO date", where=where, fix=fix) from None


def _random(labels: NDArray[Any], groups: NDArray[Any], share: float, seed: int) -> NDArray[np.bool_]:
    """Draw test patients so that each class has its share as nearly as whole groups allow."""
    rng = np.random.default_rng(seed)
    classes, codes = np.unique(labels, return_inverse=True)
    wanted = _quotas(np.bincount(codes, minlength=len(classes)), share)
    members: dict[int, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(int(group), []).append(i)
    order = list(members)
    rng.shuffle(order)
    # whole groups first, while there is room for them; single patients then fill each class exactly
    order.sort(key=lambda group: -len(members[group]))
    in_test = np.zeros(len(labels), dtype=np.bool_)
    for group in order:
        rows = members[group]
        counts = np.bincount(codes[rows], minlength=len(classes))
        fits = bool(np.all(counts <= wanted))
        if fits and (len(rows) == 1 or rng.random() < share):
            in_test[rows] = True
            wanted = wanted - counts
    return in_test


def _quotas(counts: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """Test patients by class: the nearest whole number, but one at least on each side of a class of two or more."""
    nearest = np.floor(counts * share + 0.5)
    quotas: NDArray[np.int64] = np.clip(nearest, np.minimum(1, counts - 1), np.maximum(counts - 1, 0)).astype(np.int64)
    return quotas
