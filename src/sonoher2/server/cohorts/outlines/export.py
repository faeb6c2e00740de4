"""A ZIP of outlines with an images table, which a study reads as it stands once it is unpacked in the data folder."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd
import yaml

from sonoher2.cohort.tables import columns as c
from sonoher2.core.table_files import csv_bytes
from sonoher2.core.version import __version__
from sonoher2.core.yaml_file import read_yaml
from sonoher2.server.cohorts.outlines.final import (
    ADJUDICATED,
    GIVEN,
    SECOND_GIVEN,
    SEGMENTER,
    ExportImage,
    ExportOf,
    ReaderRow,
)
from sonoher2.server.cohorts.outlines.models import ListedImage
from sonoher2.server.cohorts.outlines.sources import DESCRIPTIONS, SplitCells, split_cells

READER, STATE, NOTE, CHANGED, AREA_PIXELS = "reader", "state", "note", "changed", "area_pixels"
ORIGIN, HAND, SECOND_ORIGIN = "origin", "drawn_by", "second_reader"
Blob = Callable[[str], bytes]


def export_zip(images: Sequence[ExportImage], export: ExportOf, blob: Blob) -> bytes:
    """Write an export.

    Parameters
    ----------
    images
        All of the cohort, in their order.
    export
        What else is said of them.
    blob
        Gives the PNG of an outline by its sha256.

    Returns
    -------
    A ZIP with one folder: ``images.csv`` for a study, ``masks/`` and ``second/`` that it names, ``readers/`` with each
    reader's own outlines, ``outlines.csv`` with who left what, ``study.yaml`` where the cohort came from a study, and
    ``README.txt``.
    """
    names = [file_name(i, one.image) for i, one in enumerate(images, start=1)]
    folders = reader_folders(images)
    files: dict[str, bytes] = {}
    for name, one in zip(names, images, strict=True):
        files |= _masks(name, one, folders, blob)
    table = images_table(names, images, export.folder)
    files["outlines.csv"] = csv_bytes(_outlines_table(images))
    if export.study is None:
        files["images.csv"] = csv_bytes(_with_values(table, ()))
    else:
        split = split_cells(export.study, [one.image for one in images])
        text, table = _of_study(export, export.study, table, split)
        files |= {"study.yaml": text.encode(), "images.csv": csv_bytes(table)}
    files["README.txt"] = _readme(images, export).encode()
    return _zipped({f"{export.folder}/{name}": data for name, data in files.items()}, export.at)


def file_name(number: int, image: ListedImage) -> str:
    """Name the files of an image: its number in the worklist, its name in safe letters, and its frame."""
    stem = re.sub(r"[^\w.-]+", "_", Path(image.path).stem)[:60].strip("._-")
    return f"{number:04d}_{stem or 'image'}" + ("" if image.frame is None else f"_frame{image.frame}") + ".png"


def _masks(name: str, one: ExportImage, folders: Mapping[str, str], blob: Blob) -> dict[str, bytes]:
    own = {f"readers/{folders[row.reader]}/{name}": row.mask for row in one.rows}
    wanted = {f"masks/{name}": one.final.mask, f"second/{name}": one.final.second, **own}
    return {path: blob(sha256) for path, sha256 in wanted.items() if sha256 is not None}


def reader_folders(images: Sequence[ExportImage]) -> dict[str, str]:
    """Name each reader's folder in safe letters; a number tells readers apart whose names then are alike."""
    folders: dict[str, str] = {}
    taken = Counter[str]()
    for reader in sorted({row.reader for one in images for row in one.rows}):
        safe = re.sub(r"[^\w-]+", "_", reader)
        taken[safe.casefold()] += 1
        number = taken[safe.casefold()]
        folders[reader] = safe if number == 1 else f"{safe}+{number}"
    return folders


def images_table(names: Sequence[str], images: Sequence[ExportImage], folder: str) -> pd.DataFrame:
    """Make an images table with all its columns, paths relative to the data folder in which the ZIP is unpacked.

    Parameters
    ----------
    names
        Of each image's files.
    images
        As in `export_zip`.
    folder
        Of the ZIP.
    """
    rows = [
        {
            c.PATIENT_ID: one.image.patient_id,
            c.IMAGE: one.image.cell,
            c.FRAME: None if one.image.frame is None else str(one.image.frame),
            c.MM_PER_PIXEL: None if one.image.mm_per_pixel is None else repr(one.image.mm_per_pixel),
            c.MASK: f"{folder}/masks/{name}" if one.final.mask else None,
            c.SECOND_MASK: f"{folder}/second/{name}" if one.final.second else None,
            **{key: one.image.descriptions.get(key) for key in DESCRIPTIONS},
        }
        for name, one in zip(names, images, strict=True)
    ]
    return pd.DataFrame(rows, dtype=object)


def _with_values(table: pd.DataFrame, declared: Collection[str]) -> pd.DataFrame:
    """Leave out columns without any value, but not those that a study declares."""
    needed = {c.PATIENT_ID, c.IMAGE, c.MASK, *declared}
    return table[[name for name in table.columns if name in needed or table[name].notna().any()]]


def _outlines_table(images: Sequence[ExportImage]) -> pd.DataFrame:
    """One row for each image and reader; an image that nobody opened has one row without a reader."""
    rows = []
    for one in images:
        final = one.final
        of_image = {c.IMAGE: one.image.cell, c.FRAME: one.image.frame, ORIGIN: final.origin, HAND: final.hand}
        of_image[SECOND_ORIGIN] = final.second_origin
        empty = ReaderRow("", "", "", "", None, 0)
        rows += [
            of_image
            | {READER: row.reader, STATE: row.state, AREA_PIXELS: row.area_pixels if row.reader else None}
            | {CHANGED: row.changed, NOTE: row.note}
            for row in one.rows or (empty,)
        ]
    return pd.DataFrame(rows, dtype=object)


def _of_study(export: ExportOf, study: Path, table: pd.DataFrame, split: SplitCells | None) -> tuple[str, pd.DataFrame]:
    """Write the cohort's study file anew, and the images table of the export as it reads it."""
    values = read_yaml(study)
    before = values[c.IMAGES]
    table = _with_values(table, [key for key, source in before.items() if source is not None])
    names = _column_names(table, before, "" if split is None else split.column)
    kept = {key: before[key] for key in ("several_masks", "crop_to_b_mode", "near_duplicates") if key in before}
    columns = {key: name for key, name in names.items() if key not in (c.PATIENT_ID, c.IMAGE) or key != name}
    values |= {"data": "..", "regions": "given", c.IMAGES: {"table": f"{export.folder}/images.csv", **columns, **kept}}
    head = f"# The outlines of {export.at:%Y-%m-%d}. Unpack the folder in the study's data folder.\n"
    named = table.rename(columns=names)
    if split is not None and split.column not in named:
        named[split.column] = split.cells
    return head + yaml.safe_dump(values, allow_unicode=True, sort_keys=False), named


def _column_names(table: pd.DataFrame, before: Mapping[str, object], split: str) -> dict[str, str]:
    """Choose the name of each column: its own of the study's table for what is handed on, else the key.

    The name of the column `split` is free only for a column that holds the same.
    """
    sources = {c.PATIENT_ID: c.PATIENT_ID, **before}
    same = next((key for key in (c.PATIENT_ID, *DESCRIPTIONS) if sources.get(key) == split), "")
    names: dict[str, str] = {}
    for key in map(str, table.columns):
        own = sources.get(key)
        name = own if key in DESCRIPTIONS and isinstance(own, str) and "{" not in own else key
        while name in names.values() or (name == split and key != same):
            name += "_"
        names[key] = name
    return names


def _readme(images: Sequence[ExportImage], export: ExportOf) -> str:
    origins = Counter(one.final.origin for one in images if one.final.mask)
    empty = sum(one.final.mask is None and bool(one.final.origin) for one in images)
    second = sum(one.final.second is not None for one in images)
    lines = [
        f"Outlines of {export.title!r}",
        f"Exported by {export.by} on {export.at:%Y-%m-%d %H:%M} UTC with SonoHER2 {__version__}.",
        "Research software, not for clinical use.",
        "",
        f"{len(images)} images, {sum(origins.values())} with an outline:",
        *(f"  {count:5d}  {_origin_words(origin)}" for origin, count in sorted(origins.items())),
        f"  {empty:5d}  no lesion seen",
        f"  {sum(not one.final.origin for one in images):5d}  nobody has outlined yet",
        f"{second} images have the outline of a second reader.",
        "",
        f"Unpack this folder in the data folder of the study: paths in images.csv begin with {export.folder}/.",
        "images.csv    one row per image: `mask` is the outline that counts, `second_mask` that of another reader,",
        "              as the ICC filter of a study compares them (selection: {icc: 0.75}).",
        "outlines.csv  who left what on each image, and whose outline counts.",
        "readers/      each reader's own outlines.",
    ]
    if export.study is not None:
        lines.append("study.yaml    the study with these outlines; the rest of it is as it was.")
    if any(one.final.origin == ADJUDICATED for one in images):
        lines.append("Where an outline was adjudicated, `second_mask` is of a reader whose outline was not taken.")
    if export.changed:
        names = ", ".join(export.changed)
        lines.append(f"These files were changed after they were outlined, and outlines may not fit them: {names}.")
    return "\n".join([*lines, "", *_reader_lines(images)]) + "\n"


def _origin_words(origin: str) -> str:
    words = {
        ADJUDICATED: "adjudicated",
        SEGMENTER: "by the segmenter, looked at by nobody",
        GIVEN: "as the images table gave them",
        SECOND_GIVEN: "as the images table gave them (second reader)",
    }
    return words.get(origin, f"by {origin}")


def _reader_lines(images: Sequence[ExportImage]) -> list[str]:
    states = Counter((row.reader, row.state) for one in images for row in one.rows)
    return [
        f"{reader}: {states[reader, 'done']} finished, {states[reader, 'skip']} skipped, {states[reader, 'todo']} begun"
        for reader in sorted({reader for reader, _ in states})
    ]


def _zipped(files: Mapping[str, bytes], at: datetime) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            # masks are compressed already
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()
