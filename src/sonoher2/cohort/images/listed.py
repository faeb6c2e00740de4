"""The images that a user names: files, folders of them, or tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sonoher2.cohort.images.find import find_images, stem
from sonoher2.cohort.patients.clinical import read_number
from sonoher2.cohort.reading.read import on_disk
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.table import read_table
from sonoher2.core.errors import InputError
from sonoher2.images.batch import BatchImage


def batch_images(given: Sequence[Path], frame: int | None = None) -> list[BatchImage]:
    """Find the images that a user names.

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
    if c.IMAGE not in table:
        raise InputError("the table has no column `image`", where=str(given), fix="Name the column of paths `image`")
    rows = table[table[c.IMAGE].notna()]
    frames = rows[c.FRAME] if c.FRAME in rows else [None] * len(rows)
    return [
        (on_disk(given.parent / str(path)), frame_number(text, given))
        for path, text in zip(rows[c.IMAGE], frames, strict=True)
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
    names = dict[str, str]()
    for path, short in zip(paths, stems, strict=True):
        name = first = short if several[short.lower()] == 1 else f"{path.parent.name}_{short}"
        number = 1
        # a number may make the very name of another picture
        while name.lower() in names:
            number += 1
            name = f"{first}-{number}"
        names[name.lower()] = name
    return list(names.values())
