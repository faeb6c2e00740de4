"""The images that are to be outlined, as a study file, an images table or a folder names them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import isnan
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sonoher2.cohort.drafting.image_patients import own_names
from sonoher2.cohort.images.find import find_images
from sonoher2.cohort.images.table import image_rows
from sonoher2.cohort.patients.patient_rows import without_summaries
from sonoher2.cohort.reading.read import TABLE_SUFFIXES
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.all_errors import raise_errors
from sonoher2.cohort.tables.table import keep_rows, read_joined, resolve
from sonoher2.config.images import FileReading, ImagesConfig
from sonoher2.config.load import load_study, settings_from
from sonoher2.config.split import RandomSplit
from sonoher2.core.errors import InputError
from sonoher2.server.cohorts.outlines.models import ImageList, ListedImage

STUDY_SUFFIXES = (".yaml", ".yml")
DESCRIPTIONS = (c.LESION_ID, c.VIEW, c.SITE, c.SCANNER, c.DATE)
"""Columns of the images table that an export hands on as they are."""


def list_images(path: Path) -> ImageList:
    """Read which images are to be outlined.

    Parameters
    ----------
    path
        A study file (YAML); a table with the columns `patient_id` and `image`, and perhaps `frame`, `mask`,
        `second_mask`, `mm_per_pixel` and others of an images table, with paths relative to it; or a folder of images,
        in which each image without a patient of its own in the file is a patient named as the file is.

    Raises
    ------
    InputError, FindingsError
        It cannot be read, or names no image.
    """
    path = path.resolve()
    if path.is_dir():
        listed = _of_folder(path)
    elif path.suffix.lower() in STUDY_SUFFIXES:
        listed = _of_study(path)
    elif path.suffix.lower() in TABLE_SUFFIXES:
        listed = _of_table(path)
    else:
        raise InputError("this is no study file, table or folder", where=str(path), fix=_GIVE)
    if not listed.images:
        raise InputError("no image was found", where=str(path), fix=_GIVE)
    return listed


_GIVE = "Give a study file (.yaml), a table of images (.csv, .xlsx) or a folder that holds images"


def _of_study(path: Path) -> ImageList:
    study = load_study(path)
    if study.images is None:
        raise InputError("the study has no images", where=str(path), fix="Declare `images` in the study file")
    images = tuple(_listed(_rows(study.images, study.data).images, study.data))
    reading = FileReading(**study.images.model_dump(include=set(FileReading.model_fields)))
    return ImageList("study", path, study.title, study.data, reading, images)


def _of_table(path: Path) -> ImageList:
    known = read_joined(path, ImagesConfig(table=Path(path.name)), [], path.parent, [], []).frame.columns
    there = {name: name for name in (*DESCRIPTIONS, c.MASK, c.SECOND_MASK, c.FRAME, c.MM_PER_PIXEL) if name in known}
    config = settings_from(ImagesConfig, {"table": path.name, **there}, str(path))
    images = tuple(_listed(_rows(config, path.parent).images, path.parent))
    return ImageList("table", path, path.stem, path.parent, FileReading(), images)


def _of_folder(path: Path) -> ImageList:
    found = find_images(path, TABLE_SUFFIXES).images
    names = own_names([one.image for one in found])
    images = (
        ListedImage(
            one.patient or name,
            str(path / one.image),
            one.image.as_posix(),
            masks=tuple(str(path / mask) for mask in one.masks),
            second_mask=str(path / one.second) if one.second else None,
        )
        for one, name in zip(found, names, strict=True)
    )
    return ImageList("folder", path, path.name, path, FileReading(), tuple(images))


class _Rows(NamedTuple):
    """Rows of an images table that name an image: as they are written, and as `image_rows` reads them."""

    written: pd.DataFrame
    images: pd.DataFrame


def _rows(config: ImagesConfig, folder: Path) -> _Rows:
    """Take the rows of an images table that name an image; nobody is left out for want of a label or a mask."""
    read = read_joined(folder / config.table, config, config.join, folder, [], [], named=config.where)
    whole, _ = without_summaries(read.frame, resolve(read.frame, config.patient_id, read.where), read.where)
    kept = keep_rows(whole, config.where, read.where)
    rows, findings = image_rows(kept, config, folder, masks_needed=False, where=read.where)
    raise_errors(findings)
    named = rows[c.IMAGE].notna()
    return _Rows(kept[named], rows[named])


@dataclass(frozen=True)
class SplitCells:
    """What the images table says of each image in the column that the split of its study names.

    Attributes
    ----------
    column
        Its name.
    cells
        One for each image; None where the table says nothing, or no longer names the image.
    """

    column: str
    cells: tuple[str | None, ...]


def split_cells(path: Path, images: Sequence[ListedImage]) -> SplitCells | None:
    """Read the column of the images table by which a study splits its patients; None where it needs none.

    Parameters
    ----------
    path
        The study file, as it is today.
    images
        Of which images; a file with several lesions stands there as often as in the table, in the same order.

    Raises
    ------
    InputError, FindingsError
        The study file or its images table cannot be read.
    """
    study = load_study(path)
    if study.images is None or isinstance(study.split, RandomSplit):
        return None
    rows, column = _rows(study.images, study.data), study.split.column
    if column not in rows.written:
        return None
    known = dict(zip(_numbered(_listed(rows.images, study.data)), rows.written[column], strict=True))
    return SplitCells(column, tuple(known.get(key) for key in _numbered(images)))


def _numbered(images: Iterable[ListedImage]) -> list[tuple[str, str, int | None, int]]:
    """Tell images apart: patient, file, frame, and the how manieth of these it is."""
    seen = Counter[tuple[str, str, int | None]]()
    keys = []
    for one in images:
        key = (one.patient_id, one.cell, one.frame)
        keys.append((*key, seen[key]))
        seen[key] += 1
    return keys


def _listed(rows: pd.DataFrame, folder: Path) -> Iterator[ListedImage]:
    cell = partial(relative_cell, folder)
    for row in rows.to_dict("records"):
        frame, size = float(row[c.FRAME]), float(row[c.MM_PER_PIXEL])
        yield ListedImage(
            str(row[c.PATIENT_ID]),
            str(row[c.IMAGE]),
            cell(str(row[c.IMAGE])),
            None if isnan(frame) else int(frame),
            None if isnan(size) else size,
            tuple(row[c.MASKS]),
            row[c.SECOND_MASK],
            {name: str(row[name]) for name in DESCRIPTIONS if row[name] is not None},
        )


def relative_cell(folder: Path, path: str) -> str:
    """Write a file as a table in `folder` names it: relative where it lies below, else as it is."""
    place, root = Path(path), folder.resolve()
    return place.relative_to(root).as_posix() if place.is_relative_to(root) else place.as_posix()
