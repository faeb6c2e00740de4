"""Looking at a workbook's parts before anything builds objects from them: a small file may hide gigabytes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from sonoher2.cohort.reading.sheet import MOST_BYTES, too_large

MOST_TAGS = 120_000_000
"""Tags of all sheets and texts together; a cell has some four."""
MOST_TAGS_AT_ONCE = 1_000_000
"""Tags that are held at once: of one row of a sheet, of one text, of all formats."""
_CHUNK = 1 << 20
_UNREAD = ("pivot", "drawings/", "charts/", "media/", "comments", "embeddings/", "externallinks/", "customxml/")
"""Parts that are not opened."""
_ENDS = (b"row>", b"si>")
"""Ends of a sheet's row and of a shared text: what stood before them is let go."""


def check_parts(path: Path) -> None:
    """Refuse a workbook whose parts are larger than a table can be.

    Parameters
    ----------
    path
        The workbook, a ZIP archive.

    Raises
    ------
    InputError
        A part is too large, decompressed, or holds too many tags.
    """
    with zipfile.ZipFile(path) as archive:
        parts = [part for part in archive.infolist() if not any(word in part.filename.lower() for word in _UNREAD)]
        # a part never gives more bytes than it declares
        if sum(part.file_size for part in parts) > MOST_BYTES:
            raise too_large(path.name)
        total = 0
        for part in parts:
            with archive.open(part) as stream:
                for tags, held in _counted(stream):
                    if total + tags > MOST_TAGS or held > MOST_TAGS_AT_ONCE:
                        raise too_large(path.name)
            total += tags


def _counted(stream: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Count tags so far, and those since the last row or text ended, chunk by chunk."""
    total = held = 0
    yield 0, 0
    while chunk := stream.read(_CHUNK):
        end = max(chunk.rfind(mark) for mark in _ENDS)
        total += chunk.count(b"<")
        held = chunk.count(b"<", end) if end >= 0 else held + chunk.count(b"<")
        yield total, held
