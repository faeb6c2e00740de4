"""The images table: one row per image, with absolute paths that exist."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.cohort.patients.clinical import read_number
from sonoher2.cohort.reading.read import on_disk
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.all_errors import collected
from sonoher2.cohort.tables.table import none_if_missing, place, resolve
from sonoher2.config.images import ImagesConfig
from sonoher2.config.tables import ColumnSource
from sonoher2.core.errors import Finding, Severity
from sonoher2.core.files import absolute_path, path_fault
from sonoher2.images.pixels.spacing import COARSEST_SMALL_MM, FINEST_MM

COLUMNS = (
    c.PATIENT_ID, c.IMAGE, c.MASKS, c.SECOND_MASK, c.LESION_ID, c.VIEW, c.SITE, c.SCANNER, c.DATE, c.FRAME,
    c.MM_PER_PIXEL,
)  # fmt: skip

LONGEST_SHOWN = 200
"""Letters of a path that a message shows."""


def image_rows(
    table: pd.DataFrame, config: ImagesConfig, folder: Path, *, masks_needed: bool, where: str | None = None
) -> tuple[pd.DataFrame, list[Finding]]:
    """Take the columns of the images table and check that every file exists.

    Parameters
    ----------
    table
        As from `read_table`.
    config
        Where each column is.
    folder
        The study's data folder, to which paths are relative.
    masks_needed
        Whether the study takes its regions from masks.
    where
        Name of the table for messages; the file's unless told.

    Returns
    -------
    One row per table row with the columns of `Cohort.images`, index as `table`; `image` is None and `masks` is empty
    where a row names none. And errors: unknown columns, rows without a patient, files that do not exist, pixel sizes
    and frame numbers that cannot be.
    """
    where, findings = where or config.table.name, list[Finding]()
    sources: dict[str, ColumnSource | None] = {name: getattr(config, name) for name in COLUMNS if name != c.MASKS}
    rows = pd.DataFrame({name: _texts(table, source, where, findings) for name, source in sources.items()})
    rows[c.MASKS] = _masks(table, config, where, findings)
    if masks_needed and config.mask is None:
        what = "the study has images and no masks, and regions are taken from masks"
        findings.append(Finding("error", what, "images.mask", "Name the column of the masks"))
    rows[c.MM_PER_PIXEL] = _mm_per_pixel(rows[c.MM_PER_PIXEL], config, where, findings)
    rows[c.FRAME] = _frames(rows[c.FRAME], where, findings)
    without = rows.index[rows[c.PATIENT_ID].isna()]
    if len(without) and not findings:
        findings.append(Finding("error", "a row without a patient", place(where, without), "Fill in the patient"))
    rows = _absolute(rows, config, folder, where, findings)
    return rows[list(COLUMNS)], [*findings, *_shared_files(rows, where)]


def _texts(table: pd.DataFrame, source: ColumnSource | None, where: str, findings: list[Finding]) -> pd.Series:
    if source is not None:
        with collected(findings):
            return resolve(table, source, where)
    return pd.Series([None] * len(table), index=table.index, dtype=object)


def _masks(table: pd.DataFrame, config: ImagesConfig, where: str, findings: list[Finding]) -> pd.Series:
    sources = config.mask if isinstance(config.mask, list) else [config.mask]
    parts = [_texts(table, source, where, findings) for source in sources]
    return pd.Series([_listed(cells) for cells in zip(*parts, strict=True)], index=table.index, dtype=object)


def _listed(cells: tuple[str | None, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for cell in cells if cell for name in cell.split(";") if name.strip())


def _mm_per_pixel(texts: pd.Series, config: ImagesConfig, where: str, findings: list[Finding]) -> pd.Series:
    # the spacing is positive and has a decimal part: "0,078" is no thousand
    values = texts.map(read_number, na_action="ignore").astype(float) * config.mm_per_pixel_scale
    wrong = (values.isna() & texts.notna()) | (values < FINEST_MM) | (values > COARSEST_SMALL_MM)
    if wrong.any():
        what = f"not a size of a pixel in mm ({FINEST_MM:g} to {COARSEST_SMALL_MM:g})"
        fix = "Mend the value, or set `mm_per_pixel_scale` (10 when the column is in cm)"
        findings.append(Finding("error", what, place(where, rows=values.index[wrong], name=c.MM_PER_PIXEL), fix))
    return values.astype(np.float64)


def _frames(texts: pd.Series, where: str, findings: list[Finding]) -> pd.Series:
    values = texts.map(read_number, na_action="ignore").astype(float)
    wrong = (values.isna() & texts.notna()) | (values < 1) | (values % 1 > 0)
    if wrong.any():
        rows = place(where, rows=values.index[wrong], name=c.FRAME)
        findings.append(Finding("error", "not the number of a frame", rows, "Count frames from 1, as DICOM does"))
    return values.astype(np.float64)


def _absolute(
    rows: pd.DataFrame, config: ImagesConfig, folder: Path, where: str, findings: list[Finding]
) -> pd.DataFrame:
    """Make paths absolute; a file that does not exist is an error."""
    rows = rows.copy()
    place_of = partial(_place, folder)
    for name in (c.IMAGE, c.SECOND_MASK):
        rows[name] = rows[name].map(place_of, na_action="ignore")
    rows[c.MASKS] = rows[c.MASKS].map(lambda names: tuple(place_of(name) for name in names))
    for name, paths in (("image", rows[c.IMAGE]), ("mask", rows[c.MASKS].explode()), ("mask", rows[c.SECOND_MASK])):
        given = paths.dropna()
        gone = given[[bool(path_fault(path)) or not Path(path).is_file() for path in given]]
        if len(gone):
            first = gone.iloc[0]
            first = first if len(first) <= LONGEST_SHOWN else f"{first[:LONGEST_SHOWN]}..."
            what = f"{len(gone)} {name} files do not exist or cannot be opened, the first of them {first}"
            fix = "Mend the table, the template or `data` in the study file"
            findings.append(Finding("error", what, place(where, gone.index, _column_name(config, name)), fix))
    texts = [c.IMAGE, c.SECOND_MASK, c.LESION_ID, c.VIEW, c.SITE, c.SCANNER, c.DATE]
    return rows.assign(**{name: none_if_missing(rows[name]) for name in texts})


def _place(folder: Path, name: str) -> str:
    """Absolute path of a file that a table names; as written where no file can be called so."""
    if path_fault(name):
        return absolute_path(folder, name)
    path = on_disk(folder / name)
    if "\\" in name and not path.exists():
        # a table that was made on Windows, read elsewhere
        path = on_disk(folder / name.replace("\\", "/"))
    return absolute_path(folder, str(path))


def _column_name(config: ImagesConfig, name: str) -> str:
    source = getattr(config, name)
    return source if isinstance(source, str) and "{" not in source else ""


def _shared_files(rows: pd.DataFrame, where: str) -> list[Finding]:
    """Find image and mask files that are given to two patients; a mask of the whole picture may be meant so."""
    masks = rows[[c.PATIENT_ID, c.MASKS]].explode(c.MASKS)
    kinds: tuple[tuple[pd.DataFrame, str, str, Severity], ...] = (
        (rows, c.IMAGE, "image", "error"),
        (masks, c.MASKS, "mask", "warning"),
    )
    findings = []
    for files, name, kind, severity in kinds:
        owners = files.dropna(subset=[name, c.PATIENT_ID]).groupby(name)[c.PATIENT_ID].unique()
        shared = owners[owners.map(len) > 1]
        if len(shared):
            what = f"{len(shared)} {kind} files belong to two patients ({', '.join(shared.iloc[0][:2])})"
            findings.append(Finding(severity, what, where, f"Give each {kind} to one patient"))
    return findings
