"""A split of a table of the user's own, drawn as a study draws it."""

from __future__ import annotations

import operator
from numbers import Number

import pandas as pd

from sonoher2.classifiers.folds import fold_numbers
from sonoher2.cohort.patients.groups import joined_groups, linked
from sonoher2.cohort.patients.identity import alias_pairs
from sonoher2.cohort.split import split_patients as split_cohort
from sonoher2.config.load import settings_from
from sonoher2.config.split import RandomSplit
from sonoher2.core import columns as c
from sonoher2.core.columns import TRAIN
from sonoher2.core.errors import InputError


def split_patients(
    table: pd.DataFrame,
    *,
    patient_id: str = "patient_id",
    label: str = "label",
    together: str | None = None,
    test_share: float = 0.3,
    folds: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Split a table so that nothing leaks: patients, never rows, stratified by class.

    Patients whose identifiers mean one person (``P01`` and ``p 1``) stay together, on one side and in one fold, as do
    those who share a value of `together`.

    Parameters
    ----------
    table
        One row per image, lesion or patient.
    patient_id, label
        Columns of the patients and of their class; a patient has one class.
    together
        Column of whatever else binds patients, such as a family or a cluster of near-duplicate images; an empty cell
        binds nobody.
    test_share
        Share of each class that is locked away as the test set.
    folds
        For cross-validation in the training set; fewer where a class has fewer patients.
    seed
        Of the draw.

    Returns
    -------
    Index of `table`; `set` (``train`` or ``test``), `fold` (0, 1, ... for training rows: held out in that fold; missing
    for test rows) and `group` (patients who stay together).

    Raises
    ------
    InputError
        A row has no patient or no label, a patient has two labels, or a class has too few patients.

    Examples
    --------
    >>> import pandas as pd, sonoher2
    >>> images = pd.DataFrame({"patient_id": [f"P{i // 2}" for i in range(80)], "label": [0] * 40 + [1] * 40})
    >>> split = sonoher2.split_patients(images, test_share=0.25)
    >>> split["set"].value_counts().to_dict()
    {'train': 60, 'test': 20}
    >>> int(images.assign(set=split["set"]).groupby("patient_id")["set"].nunique().max())  # nobody is on both sides
    1
    """
    if not table.columns.is_unique:
        raise InputError("the table has several columns of one name", fix="Give each column a name of its own")
    folds, seed = _whole(folds, "folds", 0), _whole(seed, "seed", 0)
    if folds < 2:
        raise InputError(f"{folds} folds leave nobody out", fix="Ask for two folds or more")
    missing = [name for name in (patient_id, label, together) if name is not None and name not in table]
    if missing:
        named = ", ".join(f"'{name}'" for name in missing)
        raise InputError(f"the table has no column {named}", fix="Name its columns of patients and labels")
    if _empty(table[patient_id]).any() or _empty(table[label]).any():
        raise InputError("a row has no patient or no label", fix="Fill in both, or leave the row out")
    names = table[patient_id].astype(str)
    if len({"number" if isinstance(value, Number) else type(value).__name__ for value in table[label]}) > 1:
        raise InputError("the labels are of several types", fix="Write all as numbers, or all as text")
    labels = table.groupby(names.to_numpy())[label]
    if (labels.nunique() > 1).any():
        torn = labels.nunique().idxmax()
        raise InputError(f"patient {torn} has more than one label", fix="Give each patient one")
    patients = labels.first().rename(c.LABEL).rename_axis(c.PATIENT_ID).to_frame()
    ids = patients.index.tolist()
    pairs = alias_pairs(ids)
    if together is not None:
        bound = ~_empty(table[together])
        pairs += linked(names[bound].tolist(), table.loc[bound, together].astype(str).tolist())
    patients[c.GROUP] = joined_groups(ids, pairs)
    sets = split_cohort(patients, settings_from(RandomSplit, {"test_share": test_share}), seed).sets
    training = patients[sets == TRAIN]
    fold = pd.Series(fold_numbers(training[c.LABEL], training[c.GROUP], folds, seed), training.index, dtype="Int64")
    drawn = pd.DataFrame({c.SET: sets, "fold": fold.reindex(sets.index), c.GROUP: patients[c.GROUP]})
    return drawn.loc[names.tolist()].set_axis(table.index)


def _whole(value: int, name: str, least: int) -> int:
    """Take a whole number.

    Raises
    ------
    InputError
        It is none, or too small or too large.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not least <= number < 2**31:
        raise InputError(f"{name} is no whole number from {least} to 2³¹ - 1", fix=f"Give one, such as {name}=5")
    return number


def _empty(cells: pd.Series) -> pd.Series:
    """Cells without a value; text of blanks alone, as tables that were read as text have it, is none."""
    return cells.isna() | cells.astype(str).str.strip().eq("")
