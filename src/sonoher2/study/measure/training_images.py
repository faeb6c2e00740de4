"""The images that a network may learn from: of a study's training patients, or of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from sonoher2.cohort.images.listed import batch_images, frame_number
from sonoher2.cohort.patients.groups import members
from sonoher2.cohort.patients.identity import alias_keys
from sonoher2.cohort.reading.read import on_disk
from sonoher2.cohort.split import draw_or_reload
from sonoher2.cohort.tables.table import read_table
from sonoher2.config.images import FileReading
from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.core import columns as c
from sonoher2.core.columns import TRAIN
from sonoher2.core.errors import InputError, UsageError
from sonoher2.engine import local_context
from sonoher2.segmentation.training.cases import Case
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.lesion_files import chosen_frames
from sonoher2.study.measure.own_networks import networks_of_files

STUDY_SUFFIXES = (".yaml", ".yml")
NO_LESION = "none"
"""In the column `mask` of a training table: there is no lesion in the image."""


def enhancer_images(images: Sequence[Path], data: Path | None, out: Path) -> list[tuple[Path, int | None]]:
    """Find the images that an enhancer learns from.

    Parameters
    ----------
    images
        One study file, of which the training patients are taken; or images, folders and tables as in `batch_images`.
    data, out
        As in `training_images`.

    Returns
    -------
    File and frame of each.

    Raises
    ------
    UsageError
        A study file does not stand alone.
    InputError, FindingsError
        A file cannot be used.
    """
    if not any(path.suffix.lower() in STUDY_SUFFIXES for path in images):
        return [(image.path, image.frame) for image in batch_images(images)]
    if len(images) > 1:
        raise UsageError("A study file stands alone: its training patients are all that is learned from")
    rows = training_images(images[0], data, out)
    return list(zip(map(Path, rows[c.IMAGE]), chosen_frames(rows), strict=True))


def segmenter_cases(
    images: Path, data: Path | None, out: Path, label: str | None = None
) -> tuple[list[Case], FileReading]:
    """Find the images and masks that a segmenter learns from, and how they are read: a study's as the study says.

    Parameters
    ----------
    images
        A study file, of which the training patients are taken; or a table with `patient_id`, `image`, `mask` (several
        joined by ``;``, or ``none``) and perhaps `group` and `frame`. Rows without a mask are left out.
    data, out
        As in `training_images`; a table's paths are relative to `data`, to the table unless told.
    label
        The lesion's number or colour in masks of a table that hold several.

    Raises
    ------
    UsageError
        A study is given a label.
    InputError, FindingsError
        A file cannot be used.
    """
    if images.suffix.lower() not in STUDY_SUFFIXES:
        return _by_one_name(_table_cases(images, data or images.parent)), FileReading(mask_label=label)
    if label is not None:
        raise UsageError("A study file says itself which label of a mask is the lesion: images.mask_label")
    config = load_study(images, data)
    if config.images is None:
        raise InputError("the study has no images", where=str(images), fix="Give a study with an images table")
    return _by_one_name(_study_cases(_training_rows(config, out))), config.images


def _by_one_name(cases: list[Case]) -> list[Case]:
    """Call each patient by the first of the identifiers that mean one: all their images are held out, or none."""
    names = list(dict.fromkeys(case.patient for case in cases))
    first = {name: spellings[0] for spellings in members(names, alias_keys(names)) for name in spellings}
    return [replace(case, patient=first[case.patient]) for case in cases]


def training_images(study: Path, data: Path | None, out: Path) -> pd.DataFrame:
    """Rows of `Cohort.images` of the training patients, by the split that a run of the study draws.

    A lesion that the segmenter found for the study counts as one without a mask: nobody should learn from it.

    Parameters
    ----------
    study
        The study file.
    data
        Folder of its tables and files, instead of its own.
    out
        Receives ``split.json``; one that is there is used.

    Raises
    ------
    InputError, FindingsError
        The study cannot be used.
    """
    return _training_rows(load_study(study, data), out)


def _training_rows(config: StudyConfig, out: Path) -> pd.DataFrame:
    # weights that the study names outline its lesions here as in a run: the split is drawn among the same patients
    checked = checked_cohort(config, local_context(out / "cache"), networks_of_files(config))
    sets = draw_or_reload(checked.cohort, config, out / "split.json").sets
    images = checked.cohort.images[checked.cohort.images[c.PATIENT_ID].map(sets) == TRAIN]
    segmented = set(checked.segmented[c.MASK])
    return images.assign(**{c.MASKS: images[c.MASKS].map(lambda masks: () if segmented.intersection(masks) else masks)})


def _study_cases(rows: pd.DataFrame) -> list[Case]:
    rows = rows[rows[c.MASKS].map(len) > 0]
    columns = rows[[c.PATIENT_ID, c.IMAGE, c.MASKS, c.SITE]].itertuples(index=False)
    return [
        Case(patient, Path(image), tuple(map(Path, masks)), site or "", frame)
        for (patient, image, masks, site), frame in zip(columns, chosen_frames(rows), strict=True)
    ]


def _table_cases(path: Path, folder: Path) -> list[Case]:
    table = read_table(path, keep=[NO_LESION])
    missing = [name for name in (c.PATIENT_ID, c.IMAGE, c.MASK) if name not in table]
    if missing:
        raise InputError(f"there is no column `{missing[0]}`", where=str(path), fix="Name the columns so")
    if table[[c.PATIENT_ID, c.IMAGE]].isna().any(axis=None):
        raise InputError("a row has no patient or no image", where=str(path), fix="Fill in `patient_id` and `image`")
    for name in (c.GROUP, c.FRAME):
        if name not in table:
            table[name] = None
    columns = table[[c.PATIENT_ID, c.IMAGE, c.MASK, c.GROUP, c.FRAME]].itertuples(index=False)
    return [
        Case(patient, on_disk(folder / image), _mask_paths(mask, folder), group or "", frame_number(frame, path))
        for patient, image, mask, group, frame in columns
        if mask is not None and mask.strip("; ")
    ]


def _mask_paths(cell: str, folder: Path) -> tuple[Path, ...]:
    if cell.lower() == NO_LESION:
        return ()
    return tuple(on_disk(folder / part.strip()) for part in cell.split(";") if part.strip())
