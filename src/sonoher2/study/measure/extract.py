"""Radiomics of a table of images, without a study around it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from sonoher2.cohort.images.pixel_size import length_unit
from sonoher2.cohort.images.table import image_rows
from sonoher2.cohort.tables.all_errors import errors_of, raise_errors
from sonoher2.cohort.tables.table import place, read_table
from sonoher2.config.base import LengthUnit
from sonoher2.config.images import ImageReading, ImagesConfig
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core import columns as c
from sonoher2.core.errors import Finding, InputError
from sonoher2.core.table_files import check_suffix, write_table
from sonoher2.engine import JSON, Step, local_context
from sonoher2.lesions.open import open_lesion
from sonoher2.radiomics.extract import feature_names
from sonoher2.radiomics.lesion import tiny_lesions
from sonoher2.study.measure.features import try_lesions
from sonoher2.study.measure.lesion_files import (
    LesionFile,
    file_hashes,
    keyed_files,
    keyed_reading,
    lesion_files,
)


@dataclass(frozen=True)
class Extraction:
    """What came of a table of images.

    Attributes
    ----------
    images
        How many were measured.
    unit
        Of lengths and areas.
    findings
        What was noticed of them.
    problems
        Why other rows were not measured.
    """

    images: int
    unit: LengthUnit
    findings: list[Finding]
    problems: list[Finding]


def extract_table(
    table: Path, out: Path, radiomics: RadiomicsConfig, *, data: Path | None, reading: ImageReading, workers: int
) -> Extraction:
    """Measure the lesions of a table of images and write one row per image that can be measured.

    Lengths and areas of all rows are in one unit: mm where the pixel size of every image is known, else pixels.

    Parameters
    ----------
    table
        `patient_id`, `image`, `mask` and, if known, `mm_per_pixel`; `frame` for files of several.
    out
        .csv, .tsv or .xlsx: `patient_id, image`, then features under pyradiomics' names. Finished images are kept in
        a folder beside it until the table is whole, so that an interrupted or mended extraction resumes.
    radiomics
        What to measure.
    data
        Folder that the paths are relative to; the table's own unless told.
    reading
        Several masks, and labels.
    workers
        Processes.

    Raises
    ------
    UsageError
        `out` has another suffix.
    InputError, FindingsError
        The table, or none of its rows, can be used.
    """
    check_suffix(out)
    read: list[Finding] = []
    rows = read_table(table, findings=read)
    found, problems = _usable_rows(rows, table, data)
    context, hashes = local_context(out.parent / f".{out.stem}-cache", workers), file_hashes(found)
    sizes = context.attempt(PIXEL_SIZES, keyed_files(lesion_files(found), hashes), keyed_reading(reading))
    problems |= {found.index[i]: [error.finding] for i, error in sizes.problems.items()}
    found = found.iloc[sorted(sizes.values)]
    known = [size and (size[0], size[1]) for _, size in sorted(sizes.values.items())]
    unit, told = length_unit(radiomics, list(zip(found[c.IMAGE], known, strict=True)))
    if errors_of(told) or not len(found):
        raise_errors([*told, *(finding for findings in problems.values() for finding in findings)])
    radiomics = radiomics.model_copy(update={"unit": unit})
    measured = try_lesions(lesion_files(found), reading, radiomics, hashes, context)
    problems |= {found.index[i]: [error.finding] for i, error in measured.problems.items()}
    listed = [finding for row in rows.index if row in problems for finding in problems[row]]
    good = [i for i in range(len(found)) if i not in measured.problems]
    raise_errors([] if good else listed)
    kept = found.iloc[good]
    features = pd.DataFrame(measured.features[good], index=kept.index, columns=feature_names(radiomics))
    first = pd.DataFrame({c.PATIENT_ID: kept[c.PATIENT_ID], c.IMAGE: rows.loc[kept.index, c.IMAGE]})
    write_table(out, pd.concat([first, features], axis=1))
    if not problems:
        context.store.clear()
    tiny = tiny_lesions(kept[c.IMAGE].tolist(), measured.pixels[good].tolist())
    return Extraction(len(kept), unit, [*read, *told, *measured.findings, *tiny], listed)


def _usable_rows(
    rows: pd.DataFrame, table: Path, data: Path | None
) -> tuple[pd.DataFrame, dict[Hashable, list[Finding]]]:
    """Rows whose files exist, as `Cohort.images`, and what is wrong with each of the others, by the table's index.

    Raises
    ------
    InputError, FindingsError
        No row can be used, or the table as a whole cannot.
    """
    known = {name: name for name in (c.FRAME, c.MM_PER_PIXEL) if name in rows}
    images = ImagesConfig.model_validate({"table": table, "mask": "mask", **known})
    usable = partial(image_rows, config=images, folder=(data or table.parent).resolve(), masks_needed=True)
    if not len(rows):
        raise InputError("the table has no rows", where=table.name, fix="Fill in `image` and `mask`")
    bad: dict[Hashable, list[Finding]] = {}
    found, findings = usable(rows)
    if errors_of(findings):
        alone = {row: errors_of(usable(rows.loc[[row]])[1]) for row in rows.index}
        bad = {row: errors for row, errors in alone.items() if errors}
        raise_errors(findings if len(bad) == len(rows) else [])
        found, findings = usable(rows.drop(index=list(bad)))
        raise_errors(findings)
    incomplete = found.index[found[c.IMAGE].isna() | (found[c.MASKS].map(len) == 0)]
    what, fix = "the row has no image or no mask", "Fill in `image` and `mask`, or remove the row"
    bad |= {row: [Finding("error", what, place(table.name, [row]), fix)] for row in incomplete}
    return found.drop(index=incomplete), bad


def _pixel_size(file: LesionFile, reading: ImageReading) -> list[float] | None:
    try:
        lesion = open_lesion(file.image, file.masks, reading=reading, mm_per_pixel=file.mm_per_pixel, frame=file.frame)
    except InputError as error:
        raise error.at(file.image) from error
    return None if lesion.image.mm_per_pixel is None else list(lesion.image.mm_per_pixel)


# the table's, else the file's
PIXEL_SIZES = Step("pixel sizes", _pixel_size, JSON, "Reading pixel sizes", packed=True)
