"""Radiomics of a table of images, without a study around it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.cohort.images.pixel_size import length_unit
from sonoher2.cohort.images.table import image_rows
from sonoher2.cohort.tables.all_errors import errors_of, raise_errors
from sonoher2.cohort.tables.table import place, read_table
from sonoher2.config.base import LengthUnit
from sonoher2.config.images import ImageReading, ImagesConfig
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core import columns as c
from sonoher2.core.errors import Finding, InputError
from sonoher2.core.files import require_apart
from sonoher2.core.table_files import Append, check_suffix, open_table
from sonoher2.engine import JSON, Step, Workers, local_context
from sonoher2.lesions.open import open_lesion
from sonoher2.radiomics.extract import feature_names
from sonoher2.radiomics.lesion import flat_lesions, tiny_lesions
from sonoher2.study.measure.features import each_lesion
from sonoher2.study.measure.lesion_files import (
    KeyedFiles,
    LesionFile,
    file_hashes,
    keyed_reading,
    lesion_files,
)

BLOCK_ROWS = 256
"""Rows that are turned into text at once, and a row group of Parquet."""


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
    table: Path, out: Path, radiomics: RadiomicsConfig, *, data: Path | None, reading: ImageReading, workers: Workers
) -> Extraction:
    """Measure the lesions of a table of images and write one row per image that can be measured.

    Lengths and areas of all rows are in one unit: mm where the pixel size of every image is known, else pixels.

    Parameters
    ----------
    table
        `patient_id`, `image`, `mask` and, if known, `mm_per_pixel`; `frame` for files of several.
    out
        .csv, .tsv, .xlsx or .parquet: `patient_id, image`, then features under pyradiomics' names; rows are written as
        they are finished. Finished images are kept in a folder beside it until the table is whole, so that an
        interrupted or mended extraction resumes.
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
    require_apart(out, table)
    read: list[Finding] = []
    rows = read_table(table, findings=read)
    found, problems = _usable_rows(rows, table, data)
    context, hashes = local_context(out.parent / f".{out.stem}-cache", workers), file_hashes(found)
    sizes = context.attempt(PIXEL_SIZES, KeyedFiles(lesion_files(found), hashes), keyed_reading(reading))
    problems |= {found.index[i]: [error.finding] for i, error in sizes.problems.items()}
    found = found.iloc[sorted(sizes.values)]
    known = [size and (size[0], size[1]) for _, size in sorted(sizes.values.items())]
    unit, told = length_unit(radiomics, list(zip(found[c.IMAGE], known, strict=True)))
    if errors_of(told) or not len(found):
        raise_errors([*told, *(finding for findings in problems.values() for finding in findings)])
    radiomics = radiomics.model_copy(update={"unit": unit})
    lesions = each_lesion(lesion_files(found), reading, radiomics, hashes, context)
    first = pd.DataFrame({c.PATIENT_ID: found[c.PATIENT_ID], c.IMAGE: rows.loc[found.index, c.IMAGE]})
    measured, bad = _written(lesions, first, feature_names(radiomics), out)
    problems |= {found.index[i]: [error.finding] for i, error in bad.items()}
    listed = [finding for row in rows.index if row in problems for finding in problems[row]]
    raise_errors([] if measured else listed)
    if not problems:
        context.store.clear()
    images = [str(found[c.IMAGE].iloc[i]) for i in measured]
    levels, pixels = map(list, zip(*measured.values(), strict=True))
    noticed = [*flat_lesions(images, levels), *tiny_lesions(images, pixels)]
    return Extraction(len(measured), unit, [*read, *told, *noticed], listed)


def _written(
    lesions: Iterator[tuple[int, NDArray[np.float64] | InputError]],
    first: pd.DataFrame,
    names: Sequence[str],
    out: Path,
) -> tuple[dict[int, tuple[int, int]], dict[int, InputError]]:
    """Write the features of lesions as they come, behind the columns `first`.

    Returns
    -------
    Grey levels and pixels of the lesions, and why others were not measured, by position. Without any lesion there is no
    table.
    """
    measured: dict[int, tuple[int, int]] = {}
    bad: dict[int, InputError] = {}
    with ExitStack() as opened:
        append: Append | None = None
        while block := list(islice(lesions, BLOCK_ROWS)):
            good = {i: lesion for i, lesion in block if not isinstance(lesion, InputError)}
            bad |= {i: lesion for i, lesion in block if isinstance(lesion, InputError)}
            if not good:
                continue
            measured |= {i: (int(lesion[0]), int(lesion[1])) for i, lesion in good.items()}
            start = first.iloc[list(good)]
            features = pd.DataFrame(np.stack(list(good.values()))[:, 2:], index=start.index, columns=list(names))
            append = append or opened.enter_context(open_table(out))
            append(pd.concat([start, features], axis=1))
    return measured, bad


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
