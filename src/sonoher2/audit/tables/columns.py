"""What the columns and files of other tools are called: Onekey's, FAE's, this package's own and plain ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.cohort.drafting.guess_columns import words
from sonoher2.core.columns import TEST, TRAIN

# Onekey: ID, label, group; FAE: an unnamed first column or CaseID, label; pandas reads an unnamed one as Unnamed: 0
PATIENT = ("patient id", "patient", "patientid", "case id", "caseid", "case name", "casename", "case", "id", "subject",
           "subject id", "name", "unnamed 0", "")  # fmt: skip
LABEL = ("label", "outcome label", "target", "class", "y", "y true")
SET = ("set", "split", "group", "subset", "dataset", "cohort", "partition")
SCORE = ("score", "probability", "prob", "pred", "y score", "y prob", "risk", "predicted probability", "pred prob",
         "pred score", "rad score", "radscore")  # fmt: skip
CALL = ("call", "predicted", "prediction", "predicted label", "pred label", "y pred", "decision")
MODEL = ("model", "signature", "model name", "classifier", "algorithm")
FOLD = ("fold", "folds", "cv fold", "cvfold", "kfold", "k fold", "outer fold", "inner fold", "fold id", "fold number",
        "fold no", "fold index", "repeat", "repetition", "split number", "split no", "split id", "split index",
        "iteration", "seed")  # fmt: skip

VALIDATION = "validation"
"""The set of a tool that also has a test set: it was tuned on these patients."""
OUT_OF_FOLD = {"train oof", "oof", "cv val"}
TRAINING = {"train", "training", "development", "balance train", "cv train"} | OUT_OF_FOLD
VALIDATED = {"val", "valid", "validation"}
TESTED = {"test", "testing", "external", "holdout", "hold out"} | {
    f"{whose} {what}" for whose in ("external", "independent") for what in ("test", *VALIDATED)
}
IMAGE_SUFFIX = re.compile(r"\.(nii(\.gz)?|nrrd|mha|dcm|png|jpe?g|bmp|tiff?)$", re.IGNORECASE)


@dataclass(frozen=True)
class Side:
    """Which set rows belong to.

    Attributes
    ----------
    name
        ``train``, ``validation`` or ``test``.
    word
        What the table calls it.
    """

    name: str
    word: str

    @property
    def out_of_fold(self) -> bool:
        """Whether training patients were scored by models that had not seen them."""
        return self.word in OUT_OF_FOLD


def find_columns(table: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    """Columns of these names, the best known first; case, spaces and underscores do not count."""
    known = [str(name) for name in table.columns if words(str(name)) in names]
    return sorted(known, key=lambda name: names.index(words(name)))


def find_column(table: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """Name of the first of `find_columns`; None where there is none."""
    return next(iter(find_columns(table, names)), None)


def patient_column(table: pd.DataFrame) -> str | None:
    """Column of the identifiers; ``case`` may also hold 1 for a case and 0 for a control."""
    known = find_columns(table, PATIENT)
    return next((name for name in known if len(table) < 3 or not is_binary(table[name])), None)


def score_columns(table: pd.DataFrame) -> list[str]:
    """Columns with scores of the positive class, the best one first.

    Onekey writes ``label-0`` and ``label-1``. What only holds 0 and 1 is rather a decision and comes last.
    """
    pair = class_scores(table)
    if pair:
        return pair[1:]
    known = find_columns(table, SCORE)
    decisions = [name for name in known if is_binary(table[name])]
    return [name for name in known if name not in decisions] + decisions


def class_scores(table: pd.DataFrame) -> list[str]:
    """Onekey's ``label-0`` and ``label-1``; nothing where there are more classes, or several such pairs."""
    names = {str(name) for name in table.columns}
    stems = [name[:-2] for name in names if name.endswith("-1") and f"{name[:-2]}-0" in names]
    if len(stems) != 1 or f"{stems[0]}-2" in names:
        return []
    return [f"{stems[0]}-0", f"{stems[0]}-1"]


def numbers(cells: pd.Series) -> NDArray[np.float64] | None:
    """Cells as numbers; None when one of them is a text, or all are missing."""
    found = pd.to_numeric(cells, errors="coerce")
    is_text = bool((found.isna() & cells.notna()).any())
    return None if is_text or not found.notna().any() else found.to_numpy(np.float64)


def is_binary(cells: pd.Series) -> bool:
    """Whether all known cells are 0 or 1."""
    found = numbers(cells)
    return found is not None and bool(np.isin(found[~np.isnan(found)], [0, 1]).all())


def side_of(text: str) -> Side | None:
    """Set that a cell names; None for another word."""
    word = words(text)
    for name, known in ((TRAIN, TRAINING), (VALIDATION, VALIDATED), (TEST, TESTED)):
        if word in known:
            return Side(name, word)
    return None


def side_of_file(path: Path) -> Side | None:
    """Set that a file's name tells: ``Rad_LR_test.csv``, ``cv_val_prediction.csv``; None where it tells none or two."""
    parts = words(path.stem).split()
    pairs = [" ".join(pair) for pair in pairwise(parts)]
    for told in (pairs, parts):
        sides = [side for part in told if (side := side_of(part)) is not None]
        if sides:
            return sides[0] if len({side.name for side in sides}) == 1 else None
    return None


def model_of_file(path: Path) -> str:
    """Name of the model whose predictions a file holds: what its name says beside the set."""
    spare = {word for name in TRAINING | VALIDATED | TESTED for word in name.split()} | {"prediction", "predictions"}
    kept = [part for part in re.split(r"[_\s]+", path.stem) if part.casefold() not in spare]
    return "_".join(kept) or "predictions"


def patient_names(cells: pd.Series) -> pd.Series:
    """Write identifiers as they are compared: Onekey's features carry the image's suffix, its labels may not."""
    return cells.map(lambda text: IMAGE_SUFFIX.sub("", str(text)))
