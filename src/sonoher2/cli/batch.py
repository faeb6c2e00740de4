"""Commands over many images: which images, one table of what came out, bad files listed, and resuming."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pandas as pd

from sonoher2 import __version__
from sonoher2.cohort.drafting.find_images import find_images, stem
from sonoher2.cohort.patients.clinical import read_number
from sonoher2.cohort.reading.read import on_disk
from sonoher2.cohort.tables.table import read_table
from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key, file_sha256
from sonoher2.core.table_files import read_written, write_table
from sonoher2.study.compute import run_jobs

KEPT_EVERY = 20.0
"""Seconds between two writings of the table; a kill loses at most what came since."""
KEY, PROBLEM = "key", "problem"
"""Columns: what the row depends on, and why an image has no result (empty: it has one)."""

Row = dict[str, str]
Values = Mapping[str, str | int | float | None]


@dataclass(frozen=True)
class BatchImage:
    """One image of many.

    Attributes
    ----------
    path
        Its file.
    name
        Names its outputs: the file's name without suffix, with its folder where two would be the same.
    frame
        Of the file, counted from 1; None for the only one.
    """

    path: Path
    name: str
    frame: int | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Path and frame as the table shows them."""
        return str(self.path), "" if self.frame is None else str(self.frame)


def batch_images(given: Sequence[Path], frame: int | None = None) -> list[BatchImage]:
    """Find the images that a command was given.

    Parameters
    ----------
    given
        Images; folders, searched with their subfolders (files named as masks are left out); tables (CSV, TSV, Excel,
        Parquet) with a column ``image`` of paths relative to the table, and perhaps a column ``frame``.
    frame
        Of every image whose table names none, counted from 1.

    Raises
    ------
    InputError
        A path does not exist, a table has no such column or holds what is no frame, or there is no image at all.
    """
    pictures = list(dict.fromkeys((path, own or frame) for one in given for path, own in _pictures(one)))
    paths = [path for path, _ in pictures]
    if not paths:
        raise InputError("no image was found", where=", ".join(map(str, given)), fix="Give images or a folder of them")
    return [BatchImage(path, name, own) for (path, own), name in zip(pictures, _names(pictures), strict=True)]


def _pictures(given: Path) -> list[tuple[Path, int | None]]:
    """Each image with the frame that a table names for it."""
    if given.is_dir():
        return [(given / found.image, None) for found in find_images(given).images]
    if not given.exists():
        raise InputError("no such file or folder", where=str(given), fix="Check the path")
    if given.suffix.lower() not in (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet"):
        return [(given, None)]
    table = read_table(given)
    if "image" not in table:
        raise InputError("the table has no column `image`", where=str(given), fix="Name the column of paths `image`")
    rows = table[table["image"].notna()]
    frames = rows["frame"] if "frame" in rows else [None] * len(rows)
    return [
        (on_disk(given.parent / str(path)), frame_number(text, given))
        for path, text in zip(rows["image"], frames, strict=True)
    ]


def frame_number(text: str | None, table: Path) -> int | None:
    """Read a cell of the column `frame` of `table`; None where it is empty.

    Raises
    ------
    InputError
        It is not a whole number from 1.
    """
    if text is None or pd.isna(text):
        return None
    number = read_number(str(text))
    if number is None or number < 1 or number % 1:
        raise InputError(
            "a cell of the column `frame` is not the number of a frame", where=str(table), fix="Count frames from 1"
        )
    return int(number)


def _names(pictures: Sequence[tuple[Path, int | None]]) -> list[str]:
    """Name each picture by its file's stem and its frame, where one is named.

    Where two have the same name, the folder is added; what is still the same gets a number.

    Upper and lower case are alike, as on many disks.
    """
    paths = [path for path, _ in pictures]
    ends = ["" if frame is None else f"_frame{frame}" for _, frame in pictures]
    stems = [f"{stem(path)}{end}" for path, end in zip(paths, ends, strict=True)]
    several = Counter(map(str.lower, stems))
    names, seen = [], Counter[str]()
    for path, short in zip(paths, stems, strict=True):
        name = short if several[short.lower()] == 1 else f"{path.parent.name}_{short}"
        seen[name.lower()] += 1
        number = seen[name.lower()]
        names.append(name if number == 1 else f"{name}-{number}")
    return names


def run_batch(
    work: Callable[[BatchImage], Values],
    images: Sequence[BatchImage],
    table: Path,
    *,
    settings: Sequence[Any],
    files: Sequence[str],
    workers: int,
    label: str,
) -> pd.DataFrame:
    """Work on each image and keep one row for it; a second run does only what is missing or has changed.

    Parameters
    ----------
    work
        Gives the row of one image and writes its outputs; sent to other processes. An InputError becomes the row's
        ``problem``, and the other images go on.
    images
        What to work on.
    table
        CSV beside the outputs; its rows are those of `images`, in their order.
    settings
        All that the outputs depend on besides the image's bytes.
    files
        Columns that name outputs, relative to the table; a row without its files is done again.
    workers
        Processes.
    label
        Of the progress bar.

    Returns
    -------
    The table as written: ``image``, ``frame`` (empty for the only one), the columns of `work`, ``problem``,
    ``key``; all text.
    """
    common = content_key(__version__, list(settings))
    rows = _finished(images, table, common, files)
    waiting = [image for image in images if image.place not in rows]
    kept = monotonic()
    try:
        for i, row in run_jobs(partial(_row, work, common), waiting, workers=workers, label=label):
            rows[waiting[i].place] = row
            if monotonic() - kept > KEPT_EVERY:
                _write(images, rows, table)
                kept = monotonic()
    finally:
        written = _write(images, rows, table)
    return written


def problems(table: pd.DataFrame) -> list[str]:
    """Lines to show for the images that have no result."""
    return table.loc[table[PROBLEM] != "", PROBLEM].tolist()


def _row(work: Callable[[BatchImage], Values], common: str, image: BatchImage) -> Row:
    row = dict(zip(("image", "frame"), image.place, strict=True))
    try:
        key = _key(common, image)
        row |= {name: _text(value) for name, value in work(image).items()} | {PROBLEM: "", KEY: key}
    except InputError as error:
        row |= {PROBLEM: str(error), KEY: ""}
    except OSError as error:
        row |= {PROBLEM: f"{image.path}: {error.strerror or error}.", KEY: ""}
    return row


def _key(common: str, image: BatchImage) -> str:
    return content_key(common, image.name, image.frame, file_sha256(image.path))


def _text(value: str | int | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _finished(
    images: Sequence[BatchImage], table: Path, common: str, files: Sequence[str]
) -> dict[tuple[str, str], Row]:
    """Rows of an earlier run that are still true, by image and frame."""
    if not table.is_file():
        return {}
    earlier = read_written(table)
    if not {"image", "frame", KEY, PROBLEM, *files} <= set(earlier.columns):
        return {}
    records: list[Row] = [dict(zip(earlier.columns, row, strict=True)) for row in earlier.to_numpy()]
    by_place = {(row["image"], row["frame"]): row for row in records}
    rows = {}
    for image in images:
        row = by_place.get(image.place)
        if row is None or not row[KEY] or not image.path.is_file():
            continue
        there = all(not row[name] or (table.parent / row[name]).is_file() for name in files)
        if there and row[KEY] == _key(common, image):
            rows[image.place] = row
    return rows


def _write(images: Sequence[BatchImage], rows: Mapping[tuple[str, str], Row], table: Path) -> pd.DataFrame:
    done = [rows[image.place] for image in images if image.place in rows]
    frame = pd.DataFrame(done).fillna("")
    if len(frame):
        # rows of bad files have fewer columns: the longest row gives their order
        columns = [name for name in max(done, key=len) if name not in (PROBLEM, KEY)]
        frame = frame.reindex(columns=[*columns, PROBLEM, KEY], fill_value="")
    write_table(table, frame)
    return frame
