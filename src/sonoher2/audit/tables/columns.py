"""What the columns and files of other tools are called: Onekey's, FAE's, this package's own and plain ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pandas as pd

from sonoher2.cohort.drafting.guess_columns import words
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.core.errors import InputError

# Onekey: ID, label, group; FAE: an unnamed first column or CaseID, label
PATIENT = ("patient id", "patient", "patientid", "case id", "caseid", "case name", "casename", "case", "id", "subject",
           "subject id", "name", "")  # fmt: skip
LABEL = ("label", "outcome label", "target", "class", "y", "y true")
SET = ("set", "split", "group", "subset", "dataset", "cohort", "partition")
SCORE = ("score", "probability", "prob", "pred", "y score", "y prob", "risk")
CALL = ("call", "predicted", "prediction", "predicted label", "pred label", "y pred", "decision")
MODEL = ("model", "signature", "model name")

OUT_OF_FOLD = {"train oof", "oof", "cv val"}
TRAINING = {"train", "training", "development", "balance train", "cv train"} | OUT_OF_FOLD
TESTED = {"test", "testing", "val", "valid", "validation", "external", "holdout"}
IMAGE_SUFFIX = re.compile(r"\.(nii(\.gz)?|nrrd|mha|dcm|png|jpe?g|bmp|tiff?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Side:
    """Which set rows belong to.

    Attributes
    ----------
    name
        ``train`` or ``test``.
    out_of_fold
        Whether training patients were scored by models that had not seen them.
    """

    name: str
    out_of_fold: bool = False


def find_column(table: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """Name of the first column of these names; case, spaces and underscores do not count."""
    by_words = {words(str(name)): str(name) for name in reversed(list(table.columns))}
    return next((by_words[name] for name in names if name in by_words), None)


def score_column(table: pd.DataFrame) -> str | None:
    """Name of the column with the score of the positive class; Onekey writes ``label-0`` and ``label-1``."""
    names = {str(name) for name in table.columns}
    pairs = [name for name in names if name.endswith("-1") and f"{name[:-2]}-0" in names]
    if len(pairs) == 1 and f"{pairs[0][:-2]}-2" not in names:
        return pairs[0]
    return find_column(table, SCORE)


def side_of(text: str) -> Side | None:
    """Set that a cell names; None for another word."""
    name = words(text)
    if name in TRAINING:
        return Side(TRAIN, name in OUT_OF_FOLD)
    return Side(TEST) if name in TESTED else None


def side_of_file(path: Path) -> Side | None:
    """Set that a file's name tells: ``Rad_LR_test.csv``, ``cv_val_prediction.csv``; None where it tells none."""
    parts = words(path.stem).split()
    pairs = [" ".join(pair) for pair in pairwise(parts)]
    sides = [side for part in (*pairs, *parts) if (side := side_of(part)) is not None]
    return sides[0] if sides else None


def model_of_file(path: Path) -> str:
    """Name of the model whose predictions a file holds: what its name says beside the set."""
    spare = {word for name in TRAINING | TESTED for word in name.split()} | {"prediction", "predictions"}
    kept = [part for part in re.split(r"[_\s]+", path.stem) if part.casefold() not in spare]
    return "_".join(kept) or "predictions"


def patient_names(cells: pd.Series) -> pd.Series:
    """Write identifiers as they are compared: Onekey's features carry the image's suffix, its labels may not."""
    return cells.map(lambda text: IMAGE_SUFFIX.sub("", str(text)))


def binary(cells: pd.Series, where: str) -> pd.Series:
    """Labels or calls as 0 and 1; NaN where missing.

    Raises
    ------
    InputError
        There are other values.
    """
    numbers = pd.to_numeric(cells, errors="coerce")
    if (numbers.isna() & cells.notna()).any() or not numbers.dropna().isin([0, 1]).all():
        shown = ", ".join(sorted(cells.dropna().astype(str).unique())[:5])
        raise InputError(f"a label is neither 0 nor 1 ({shown})", where=where, fix="Code cases as 1 and controls as 0")
    return numbers
