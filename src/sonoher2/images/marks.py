"""Marks that a scanner or a person drew on an image: colours, callipers and text, for the report.

The thresholds were chosen on 40 BUS-BRA images marked by eye and the 256 unmarked BrEaST images (docs/images.md);
they rather miss a mark than see one in tissue.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.images.pixels.image import Box, UltrasoundImage

ARM = 3
"""Length in pixels of each arm of a calliper cross."""
CROSS_CONTRAST = 35.0
"""Grey levels by which each arm of a cross exceeds each of the four corners between the arms."""
STROKE_WIDTH = 7
"""Pixels; strokes of letters are thinner."""
STROKE_CONTRASTS = (50.0, 70.0)
"""Grey levels by which strokes exceed their surroundings: 50 finds grey text, 70 white text on bright tissue."""
STROKE_GREY = 102.0
GLYPH_HEIGHT = (6, 20)
GLYPHS_PER_LINE = 3


@dataclass(frozen=True)
class Marks:
    """What was drawn on an image.

    Attributes
    ----------
    colour_share
        Share of pixels with a colour, 0 to 1.
    callipers
        Row and column of the centre of each ``+``.
    text
        Rows and columns of each line of text.
    """

    colour_share: float
    callipers: list[tuple[int, int]]
    text: list[Box]


def overlay_marks(image: UltrasoundImage) -> Marks:
    """Find colours, calliper crosses and lines of burnt-in text.

    Crosses within a line of text are letters and do not count. Callipers of other shapes, dotted lines and single
    characters are not looked for.
    """
    text = text_lines(image.pixels)
    callipers = [at for at in crosses(image.pixels) if not _in_text(at, text)]
    return Marks(float(image.colour.mean()), callipers, text)


def crosses(grey: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Row and column of the centre of each bright ``+`` in `grey`, (rows, columns) in [0, 255].

    Each of the four arms must be brighter, by `CROSS_CONTRAST`, than each of the four corners between them: a line
    has two such arms and a speckle none.
    """
    half = ARM // 2
    along_row = ndimage.uniform_filter1d(grey, ARM, axis=1, mode="nearest")
    along_column = ndimage.uniform_filter1d(grey, ARM, axis=0, mode="nearest")
    reach, diagonal = half + 1, 2
    arms = [_shifted(along_row, 0, reach), _shifted(along_row, 0, -reach)]
    arms += [_shifted(along_column, reach, 0), _shifted(along_column, -reach, 0)]
    corners = [_shifted(grey, row, column) for row in (diagonal, -diagonal) for column in (diagonal, -diagonal)]
    score = np.minimum.reduce(arms) - np.maximum.reduce(corners)
    peaks = (score > CROSS_CONTRAST) & (score == ndimage.maximum_filter(score, 9))
    return [(int(row), int(column)) for row, column in np.argwhere(peaks)]


def _shifted(values: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Value at an offset from each pixel; pixels beyond the edge repeat it."""
    height, width = values.shape
    row_index = np.clip(np.arange(height) + rows, 0, height - 1)
    column_index = np.clip(np.arange(width) + columns, 0, width - 1)
    return values[np.ix_(row_index, column_index)]


def text_lines(grey: NDArray[np.float64]) -> list[Box]:
    """Rows and columns of each line of at least three bright characters in `grey`, (rows, columns) in [0, 255]."""
    strokes = grey - ndimage.grey_opening(grey, size=(STROKE_WIDTH, STROKE_WIDTH))
    lines: list[Box] = []
    for contrast in STROKE_CONTRASTS:
        for line in _lines(_glyphs((strokes > contrast) & (grey >= STROKE_GREY))):
            if not any(_overlap(line, known) for known in lines):
                lines.append(line)
    return lines


def _glyphs(strokes: NDArray[np.bool_]) -> list[Box]:
    """Find connected strokes of the size and the blackness of a character, from left to right."""
    labels, count = ndimage.label(strokes, np.ones((3, 3)))
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    boxes = zip(ndimage.find_objects(labels), areas, strict=True)
    return sorted((box for box, area in boxes if _is_glyph(box, int(area))), key=lambda box: box[1].start)


def _is_glyph(box: Box, area: int) -> bool:
    height, width = (part.stop - part.start for part in box)
    low, high = GLYPH_HEIGHT
    return bool(low <= height <= high and width <= 1.6 * height and height <= area <= 0.9 * height * width)


def _lines(glyphs: list[Box]) -> Iterable[Box]:
    """Boxes of rows of characters that share their top and bottom and follow each other closely."""
    free = list(glyphs)
    while free:
        line = [free.pop(0)]
        for glyph in list(free):
            if _follows(line[-1], glyph):
                line.append(glyph)
                free.remove(glyph)
        if len(line) >= GLYPHS_PER_LINE:
            yield _hull(line)


def _follows(glyph: Box, other: Box) -> bool:
    height = glyph[0].stop - glyph[0].start
    gap = other[1].start - glyph[1].stop
    level = max(abs(glyph[0].start - other[0].start), abs(glyph[0].stop - other[0].stop))
    return bool(level <= 1 and -1 <= gap <= 1.2 * height)


def _hull(boxes: list[Box]) -> Box:
    rows, columns = zip(*boxes, strict=True)
    return (
        slice(min(part.start for part in rows), max(part.stop for part in rows)),
        slice(min(part.start for part in columns), max(part.stop for part in columns)),
    )


def _overlap(one: Box, other: Box) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True))


def _in_text(at: tuple[int, int], lines: list[Box]) -> bool:
    """Whether a pixel lies in a line of text or at its level, where characters may have been missed."""
    return any(rows.start - 3 <= at[0] < rows.stop + 3 for rows, _ in lines)
