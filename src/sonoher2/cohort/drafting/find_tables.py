"""The tables of a folder: which one tells of the patients, and why the others do not."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sonoher2.cohort.drafting.guess_columns import clinical_columns, patient_column
from sonoher2.cohort.drafting.guess_target import her2_columns, outcome_column
from sonoher2.cohort.images.find import has_image_name, input_files
from sonoher2.cohort.reading.read import TABLE_SUFFIXES, detect_reading, read_whole
from sonoher2.cohort.reading.sheet import ReadAs
from sonoher2.cohort.tables.table import column
from sonoher2.config.tables import TableReading
from sonoher2.core.errors import InputError

OTHER_TABLES = (".xls", ".ods", ".et", ".numbers", ".sav", ".dta", ".sas7bdat", ".mdb", ".accdb", ".doc", ".docx")
IMAGES_TABLE = "sonoher2-images.csv"
MOST_FOLDERS = 1
"""Tables lie in the folder itself or in a folder within it."""


@dataclass(frozen=True)
class PatientTable:
    """A table with a row per patient.

    Attributes
    ----------
    path
        Relative to the folder.
    frame
        As from `read_table`.
    patient
        Its column of patients.
    named
        Whether that column's name says so.
    reading
        Keys of the study file without which the table is read otherwise: `sheet`, `header_row`, `encoding`.
    doubts
        What the user must know of the reading.
    """

    path: Path
    frame: pd.DataFrame
    patient: str
    named: bool
    reading: ReadAs = field(default_factory=ReadAs)
    doubts: tuple[str, ...] = ()

    @property
    def known(self) -> int:
        """How many of its columns are known in such studies."""
        outcome = outcome_column(self.frame) is not None
        return len(clinical_columns(self.frame)) + len(her2_columns(self.frame)) + outcome


def find_clinical_table(
    folder: Path, patient_id: str | None = None
) -> tuple[PatientTable | None, list[tuple[Path, str]]]:
    """Find the table that tells most about patients, and why each other table is not used.

    Parameters
    ----------
    folder
        Searched with the folders in it.
    patient_id
        Column of the patients; guessed unless given.

    Raises
    ------
    InputError
        No table has the column that was given.
    """
    usable: list[PatientTable] = []
    skipped: list[tuple[Path, str]] = []
    files = input_files(folder)[0]
    pictures = {path.with_suffix("") for path in files if has_image_name(path)}
    for path in files:
        reason = _no_table(path, pictures)
        if reason is None:
            continue
        try:
            if reason:
                raise InputError(reason)
            usable.append(_patient_table(folder, path, patient_id))
        except InputError as error:
            skipped.append((path, _reason(error, folder)))
    if patient_id is not None and not usable:
        raise _no_such_column(folder, patient_id, skipped)
    if not usable:
        return None, skipped
    best = max(usable, key=lambda one: (one.named, one.known))
    others = [(one.path, f"{best.path.as_posix()} tells more of the patients") for one in usable if one is not best]
    return best, sorted([*skipped, *others])


def _no_table(path: Path, pictures: set[Path]) -> str | None:
    """Why a file is not read as a table: None for no table at all, "" for one that is read."""
    suffix = path.suffix.lower()
    if suffix in OTHER_TABLES:
        return "not a kind of table that is read: save it as .xlsx"
    if suffix not in TABLE_SUFFIXES or path.name == IMAGES_TABLE:
        return None
    if suffix == ".txt" and path.with_suffix("") in pictures:
        return "beside an image of the same name: notes of the image, no table"
    if len(path.parts) > MOST_FOLDERS + 1:
        return "in a folder within a folder: move it up"
    return ""


def _patient_table(folder: Path, path: Path, patient_id: str | None) -> PatientTable:
    read = detect_reading(folder / path)
    doubts = tuple(finding.what for finding in read.findings)
    if patient_id is not None:
        column(read.frame, patient_id, str(folder / path))
        patient = patient_id, True
    elif (guessed := patient_column(read.frame)) is not None:
        patient = guessed
    else:
        raise InputError("no column names the patients", fix="Say which one does", hint="patient column")
    # what a dash or NA means in a HER2 column is for the reader of HER2 results to say
    her2 = her2_columns(read.frame).values()
    frame = read_whole(folder / path, as_written=her2, reading=TableReading.model_validate(read.found)).frame
    return PatientTable(path, frame, *patient, read.found, doubts)


def _reason(error: InputError, folder: Path) -> str:
    # a row that is wrong is named, the folder is known
    where = error.where.removeprefix(str(folder)).lstrip("/").partition(", ")[2]
    return ". ".join(part.rstrip(".") for part in (error.what + (f" ({where})" if where else ""), error.fix) if part)


def _no_such_column(folder: Path, patient_id: str, skipped: list[tuple[Path, str]]) -> InputError:
    reasons = "; ".join(f"{path.as_posix()}: {reason}" for path, reason in skipped)
    what = f"no table has a column '{patient_id}'" + (f" ({reasons})" if reasons else "")
    return InputError(
        what, where=str(folder), fix="Name the column of patients as the header has it", hint="patient column"
    )
