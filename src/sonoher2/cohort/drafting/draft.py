"""A first study file for a folder of images and tables: what can be guessed is, and what must be confirmed says so."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sonoher2.cohort.drafting.class_folders import ClassFolders, class_folders, patient_rows
from sonoher2.cohort.drafting.draft_text import (
    asked,
    clinical_section,
    images_section,
    last_sections,
    quoted,
    target_section,
)
from sonoher2.cohort.drafting.find_tables import (
    IMAGES_TABLE,
    OTHER_TABLES,
    PatientTable,
    find_clinical_table,
)
from sonoher2.cohort.drafting.guess_columns import names_a_person
from sonoher2.cohort.drafting.image_patients import image_owners
from sonoher2.cohort.images.find import Found, find_images
from sonoher2.cohort.reading.read import TABLE_SUFFIXES
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.table import none_if_missing, read_table
from sonoher2.core.errors import InputError
from sonoher2.core.table_files import csv_bytes

PATIENTS_TABLE = "sonoher2-patients.csv"
IMAGE_COLUMNS = (c.MASK, c.SECOND_MASK, c.LESION_ID, c.VIEW, c.SITE, c.SCANNER, c.DATE, c.MM_PER_PIXEL)
"""Columns of an images table that a draft uses where they are."""


@dataclass(frozen=True)
class Draft:
    """A study file that waits for its user.

    Attributes
    ----------
    text
        YAML with comments.
    tables
        The tables to write, by file name.
    questions
        What the user must confirm, also in the text.
    images
        The images table: `patient_id`, `image`, `mask`, ...; missing values None. Empty without images.
    patients
        Patients of the clinical table.
    clinical
        Its name.
    skipped
        Files that are not used, and why.
    """

    text: str
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    questions: tuple[str, ...] = ()
    images: pd.DataFrame = field(default_factory=pd.DataFrame)
    patients: tuple[str, ...] = ()
    clinical: str = ""
    skipped: tuple[tuple[Path, str], ...] = ()


def draft_study(folder: Path, *, patient_id: str | None = None, tables_in: Path | None = None) -> Draft:
    """Draft a study file for a folder.

    Parameters
    ----------
    folder
        With a clinical table and, in it or in subfolders, images and masks; or with images in a folder for each class.
        The draft's paths are relative to it.
    patient_id
        Column of the patients in the clinical table; guessed unless given.
    tables_in
        Folder that the draft's tables are for; `folder` unless given. A table of that name that is there is kept.

    Raises
    ------
    InputError
        The folder does not exist, or holds neither a table with a row per patient nor folders of classes.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError("there is no such folder", where=str(folder), fix="Give the folder of images and tables")
    place = folder if tables_in is None else tables_in
    table, skipped = find_clinical_table(folder, patient_id)
    found = find_images(folder, (*TABLE_SUFFIXES, *OTHER_TABLES))
    skipped = sorted([*skipped, *found.skipped, *_left_out(found)])
    tables: dict[str, pd.DataFrame] = {}
    questions: list[str] = []
    if table is None:
        table, owners, asks = _from_folders(folder, place, found, skipped, tables)
    else:
        told = image_owners(found.images, table.frame, table.patient)
        owners, asks = told.ids, list(told.questions)
    images = _images_table(found, owners)
    lines = [
        "# Drafted by `sonoher2 init`. Lines with CONFIRM are guesses: check each of them, then run `sonoher2 check`.",
        "",
        f"title: {quoted(folder.resolve().name)}",
        "",
    ]
    if found.images:
        images, name, kept = _kept_or_new(place, images, tables)
        asks = [*kept, *asks, *_image_questions(found, images, table)]
        questions += asks
        columns = [column for column in IMAGE_COLUMNS if column in images.columns]
        lines += images_section(_relative(place / name, folder), columns, asks)
    else:
        questions += _no_images(found)
        lines += asked(questions)
    lines += clinical_section(table, questions)
    lines += target_section(table.frame, questions)
    no_masks = bool(len(images)) and (c.MASK not in images.columns or not images[c.MASK].notna().any())
    lines += last_sections(bool(found.images), no_masks)
    return Draft(
        "\n".join(lines) + "\n",
        tables,
        tuple(" ".join(question.split()) for question in questions),
        images if found.images else pd.DataFrame(),
        tuple(sorted({str(one) for one in table.frame[table.patient].dropna()})),
        table.path.as_posix(),
        (*skipped, *((Path(table.path), reason) for reason in _people(table))),
    )


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _people(table: PatientTable) -> list[str]:
    names = [str(name) for name in table.frame.columns if names_a_person(str(name)) and name != table.patient]
    return [f"columns that name people are not used: {', '.join(names)}"] if names else []


def _left_out(found: Found) -> list[tuple[Path, str]]:
    return [
        *((path, "a mask to which no image belongs") for path in found.lost_masks),
        *((path, "named as a mask, but a picture: an image with drawings on it?") for path in found.overlays),
        *((path, "a mask of something else than the tumour") for path in found.other_findings),
    ]


def _from_folders(
    folder: Path, place: Path, found: Found, skipped: list[tuple[Path, str]], tables: dict[str, pd.DataFrame]
) -> tuple[PatientTable, list[str], list[str]]:
    """Take the classes from the folders where there is no table; makes the table of patients."""
    classes = class_folders(found.images)
    if classes is None:
        raise _no_table(folder, found, skipped)
    frame = pd.DataFrame(patient_rows(classes), columns=[c.PATIENT_ID, "class"], dtype=object)
    tables[PATIENTS_TABLE] = frame
    path = Path(_relative(place / PATIENTS_TABLE, folder))
    return PatientTable(path, frame, c.PATIENT_ID, named=True), classes.patients, _of_folders(classes)


def _of_folders(classes: ClassFolders) -> list[str]:
    names = ", ".join(sorted(set(classes.classes)))
    asks = [f"there is no table of patients: {PATIENTS_TABLE} was made from the folders {names}. Are they the classes?"]
    if classes.each_its_own:
        asks.append(
            "each image is taken for a patient of its own: where several are of one patient, write one patient_id for "
            "them in both tables, else one patient may be in training and in test"
        )
    return asks


def _no_table(folder: Path, found: Found, skipped: list[tuple[Path, str]]) -> InputError:
    suffixes = (*TABLE_SUFFIXES, *OTHER_TABLES)
    tables = [f"{path.as_posix()}: {reason}" for path, reason in skipped if path.suffix.lower() in suffixes]
    what = "no table with a column of patients was found"
    if found.images:
        what += f", only {len(found.images)} images"
    if tables:
        what += f". Tables that could not be used: {'; '.join(tables)}"
    fix = (
        "Put a CSV or Excel table with one row per patient into the folder, with the columns patient_id, HER2_IHC, "
        "HER2_FISH and what else is known; or name another column of patients"
    )
    return InputError(what, where=str(folder), fix=fix, hint="patient column")


def _images_table(found: Found, owners: list[str]) -> pd.DataFrame:
    rows = [
        (owner or None, one.image.as_posix(), ";".join(mask.as_posix() for mask in one.masks) or None,
         one.second.as_posix() if one.second else None)
        for owner, one in zip(owners, found.images, strict=True)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=[c.PATIENT_ID, c.IMAGE, c.MASK, c.SECOND_MASK], dtype=object)
    unused = [name for name in (c.MASK, c.SECOND_MASK) if not frame[name].notna().any()]
    return frame.drop(columns=unused)


def _kept_or_new(
    place: Path, images: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> tuple[pd.DataFrame, str, list[str]]:
    """Use the images table that is there, which the user may have edited; else add the new one to `tables`."""
    path = place / IMAGES_TABLE
    if not path.exists():
        tables[IMAGES_TABLE] = images
        return images, IMAGES_TABLE, []
    try:
        there = read_table(path)
    except InputError:
        there = pd.DataFrame()
    if not {c.PATIENT_ID, c.IMAGE} <= set(there.columns):
        name = next(name for i in range(2, 10_000) if not (place / (name := f"sonoher2-images-{i}.csv")).exists())
        tables[name] = images
        return images, name, [f"{IMAGES_TABLE} is no table of images and is kept: {name} was written instead"]
    if path.read_bytes() == csv_bytes(images):
        return images, IMAGES_TABLE, []
    new = len(set(images[c.IMAGE]) - set(there[c.IMAGE].dropna()))
    ask = f"{IMAGES_TABLE} was there already and is kept as it is"
    ask += f": {new} images of the folder are not in it" if new else ""
    return there, IMAGES_TABLE, [f"{ask}. Rename it to have a new one written"]


def _image_questions(found: Found, images: pd.DataFrame, table: PatientTable) -> list[str]:
    known = set(table.frame[table.patient].dropna())
    owners = none_if_missing(images[c.PATIENT_ID])
    open_, strangers = int(owners.isna().sum()), int((owners.notna() & ~owners.isin(known)).sum())
    masks = images[c.MASK] if c.MASK in images.columns else pd.Series([None] * len(images), dtype=object)
    without, several = int(masks.isna().sum()), int(masks.dropna().str.contains(";").sum())
    second = int(images[c.SECOND_MASK].notna().sum()) if c.SECOND_MASK in images.columns else 0
    first = found.lost_masks[0].as_posix() if found.lost_masks else ""
    told = (
        (True, f"{IMAGES_TABLE} lists {len(images)} images: is the patient of each right?"),
        (open_, f"{open_} images have no patient yet: fill in the column patient_id"),
        (strangers, f"{strangers} images are of nobody in {table.path.as_posix()} and will be left out"),
        (without == len(images), "no image has a mask: lesions are outlined by the shipped segmenter"),
        (0 < without < len(images), f"{without} images have no mask and will be left out"),
        (several, f"{several} images have several masks, which count as one lesion: is that right?"),
        (second, f"{second} images have two outlines of one lesion: are they of two readers, the first one the main?"),
        (found.lost_masks, f"{len(found.lost_masks)} masks belong to no image, the first of them {first}"),
        (found.named_as_masks, f"{len(found.named_as_masks)} pictures have names of masks: are they images?"),
        (found.overlays, f"{len(found.overlays)} files named as masks hold pictures and are left out"),
        (found.other_findings, f"{len(found.other_findings)} masks of other findings than the tumour are left out"),
        (found.unopened, f"{len(found.unopened)} files cannot be opened as images: `sonoher2 check` says why"),
    )  # fmt: skip
    return [text for holds, text in told if holds]


def _no_images(found: Found) -> list[str]:
    if not found.lost_masks:
        return []
    what = f"all {len(found.lost_masks)} pictures look like masks, so that there are no images"
    return [f"{what}: the study has clinical data alone. Put the ultrasound images into the folder"]
