"""The same work on many images: one table of what came out, bad files listed, and resuming."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pandas as pd

from sonoher2.core import columns as c
from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key, file_sha256, write_json
from sonoher2.core.progress import track
from sonoher2.core.table_files import read_written, write_table
from sonoher2.core.version import __version__
from sonoher2.engine.executors import local_executor

KEPT_EVERY = 20.0
"""Seconds between two writings of the table; a kill loses at most what came since."""
SHOWN = 5
KEY = "key"
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


def run_batch(
    work: Callable[[BatchImage], Values],
    images: Sequence[BatchImage],
    table: Path,
    *,
    settings: Sequence[Any],
    outputs: Callable[[BatchImage], Mapping[str, str]],
    workers: int | None,
    label: str,
) -> pd.DataFrame:
    """Work on each image and keep one row for it; a second run does only what is missing or has changed.

    Parameters
    ----------
    work
        Gives the row of one image and writes its outputs; sent to other processes. An InputError becomes the row's
        ``problem``, and the other images go on.
    images
        What to work on; an output of an earlier run of the same table is none.
    table
        CSV beside the outputs; its rows are those of `images`, in their order.
    settings
        All that the outputs depend on besides the image's bytes.
    outputs
        Names of the files that `work` writes of an image, relative to the table, by their column; empty for none. A
        row without its files is done again.
    workers
        Processes; as many as there are processors unless told.
    label
        Of the progress bar.

    Returns
    -------
    The table as written: ``image``, ``frame`` (empty for the only one), the columns of `work`, ``problem``,
    ``key``; all text.

    Raises
    ------
    InputError
        A file that no earlier run wrote would be replaced, or nothing is left to work on.
    """
    common = content_key(__version__, list(settings))
    earlier = _earlier(table, list(outputs(images[0])) if images else [])
    images = _claimed(images, table, outputs, earlier)
    rows = _finished(images, table, common, outputs, earlier)
    waiting = [image for image in images if image.place not in rows]
    kept = monotonic()
    try:
        done = local_executor(workers).run(partial(_row, work, common), waiting)
        for i, row in track(done, label, len(waiting)):
            rows[waiting[i].place] = row
            if monotonic() - kept > KEPT_EVERY:
                _write(images, rows, table)
                kept = monotonic()
    finally:
        written = _write(images, rows, table)
    return written


def _claims(table: Path) -> Path:
    """File with the names of all outputs of this and earlier runs.

    The table has only those of the last one: a kill leaves further ones, and so does a run on one image of many.
    """
    return table.with_name(f".{table.stem}-outputs.json")


def _earlier(table: Path, files: Sequence[str]) -> list[Row]:
    """Rows of an earlier run.

    Raises
    ------
    InputError
        There is a file in the place of the table, and it is not one that a run wrote.
    """
    if not table.is_file():
        return []
    earlier = read_written(table)
    if len(earlier.columns) and not {c.IMAGE, c.FRAME, KEY, c.PROBLEM} <= set(earlier.columns):
        raise InputError(
            "this table is not of an earlier run, and would be replaced", where=str(table), fix="Choose another folder"
        )
    if not set(files) <= set(earlier.columns):
        return []
    return [dict(zip(earlier.columns, row, strict=True)) for row in earlier.to_numpy()]


def _claimed(
    images: Sequence[BatchImage],
    table: Path,
    outputs: Callable[[BatchImage], Mapping[str, str]],
    earlier: Sequence[Row],
) -> list[BatchImage]:
    """Leave out images that an earlier run wrote, and note the names of all outputs before one is written."""
    columns = list(outputs(images[0])) if images else []
    own = {row[name] for row in earlier for name in columns} - {""}
    with contextlib.suppress(OSError, ValueError):
        own |= set(map(str, json.loads(_claims(table).read_text(encoding="utf-8"))))
    written = {(table.parent / name).resolve() for name in own}
    left = [image for image in images if image.path.resolve() not in written]
    if images and not left:
        raise InputError("all images are outputs of an earlier run", where=str(table.parent), fix="Give other images")
    names = {name for image in left for name in outputs(image).values() if name}
    strange = sorted(name for name in names - own if (table.parent / name).exists())
    if strange:
        more = f" and {len(strange) - SHOWN} more" if len(strange) > SHOWN else ""
        raise InputError(
            f"files that no earlier run wrote would be replaced: {', '.join(strange[:SHOWN])}{more}",
            where=str(table.parent),
            fix="Choose another folder for the results",
        )
    write_json(_claims(table), sorted(own | names))
    return left


def problems(table: pd.DataFrame) -> list[str]:
    """Lines to show for the images that have no result."""
    return table.loc[table[c.PROBLEM] != "", c.PROBLEM].tolist()


def _row(work: Callable[[BatchImage], Values], common: str, image: BatchImage) -> Row:
    row = dict(zip((c.IMAGE, c.FRAME), image.place, strict=True))
    try:
        key = _key(common, image)
        row |= {name: _text(value) for name, value in work(image).items()} | {c.PROBLEM: "", KEY: key}
    except InputError as error:
        row |= {c.PROBLEM: str(error), KEY: ""}
    except OSError as error:
        row |= {c.PROBLEM: f"{image.path}: {error.strerror or error}.", KEY: ""}
    return row


def _key(common: str, image: BatchImage) -> str:
    return content_key(common, image.name, image.frame, file_sha256(image.path))


def _text(value: str | int | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _finished(
    images: Sequence[BatchImage],
    table: Path,
    common: str,
    outputs: Callable[[BatchImage], Mapping[str, str]],
    earlier: Sequence[Row],
) -> dict[tuple[str, str], Row]:
    """Rows of an earlier run that are still true, by image and frame."""
    by_place = {(row[c.IMAGE], row[c.FRAME]): row for row in earlier}
    rows = {}
    for image in images:
        row = by_place.get(image.place)
        if row is None or not row[KEY] or not image.path.is_file():
            continue
        there = all(not row[name] or (table.parent / row[name]).is_file() for name in outputs(image))
        if there and row[KEY] == _key(common, image):
            rows[image.place] = row
    return rows


def _write(images: Sequence[BatchImage], rows: Mapping[tuple[str, str], Row], table: Path) -> pd.DataFrame:
    done = [rows[image.place] for image in images if image.place in rows]
    frame = pd.DataFrame(done).fillna("")
    if len(frame):
        # rows of bad files have fewer columns: the longest row gives their order
        columns = [name for name in max(done, key=len) if name not in (c.PROBLEM, KEY)]
        frame = frame.reindex(columns=[*columns, c.PROBLEM, KEY], fill_value="")
    write_table(table, frame)
    return frame
