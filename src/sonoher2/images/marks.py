"""Marks that a scanner or a person drew on an image: colours, callipers and text, for the report.

The thresholds were chosen on 40 BUS-BRA images marked by eye and the 256 unmarked BrEaST images (docs/images.md);
they rather miss a mark than see one in tissue.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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
PEAK = 4
"""Pixels around the centre of a cross where no other place may look more like one."""


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
    reach, diagonal = ARM // 2 + 1, 2
    along_row = _with_edge(ndimage.uniform_filter1d(grey, ARM, axis=1, mode="nearest"), reach)
    along_column = _with_edge(ndimage.uniform_filter1d(grey, ARM, axis=0, mode="nearest"), reach)
    around = _with_edge(grey, reach)
    arms = [_shifted(along_row, 0, reach), _shifted(along_row, 0, -reach)]
    arms += [_shifted(along_column, reach, 0), _shifted(along_column, -reach, 0)]
    corners = [_shifted(around, row, column) for row in (diagonal, -diagonal) for column in (diagonal, -diagonal)]
    score = _extreme(np.minimum, arms) - _extreme(np.maximum, corners)
    # few places pass, so that only they are compared with their surroundings
    return [(int(row), int(column)) for row, column in np.argwhere(score > CROSS_CONTRAST) if _peak(score, row, column)]


def _with_edge(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    return np.pad(values, width, mode="edge")


def _shifted(framed: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Value at an offset from each pixel, of values that `_with_edge` has framed by ``ARM // 2 + 1``."""
    frame = ARM // 2 + 1
    height, width = (length - 2 * frame for length in framed.shape)
    return framed[frame + rows : frame + rows + height, frame + columns : frame + columns + width]


def _extreme(of: np.ufunc, parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Smallest or largest value at each pixel (`np.minimum`, `np.maximum`)."""
    out = of(parts[0], parts[1])
    for part in parts[2:]:
        of(out, part, out=out)
    return np.asarray(out)


def _peak(score: NDArray[np.float64], row: int, column: int) -> bool:
    window = score[max(row - PEAK, 0) : row + PEAK + 1, max(column - PEAK, 0) : column + PEAK + 1]
    return bool(score[row, column] == window.max())


def text_lines(grey: NDArray[np.float64]) -> list[Box]:
    """Rows and columns of each line of at least three bright characters in `grey`, (rows, columns) in [0, 255]."""
    strokes = grey - _opened(grey)
    lines: list[Box] = []
    for contrast in STROKE_CONTRASTS:
        for line in _lines(_glyphs((strokes > contrast) & (grey >= STROKE_GREY))):
            if not any(_overlap(line, known) for known in lines):
                lines.append(line)
    return lines


def _opened(grey: NDArray[np.float64]) -> NDArray[Any]:
    """Take away what is bright and narrower than `STROKE_WIDTH`: the opening by a square, at the edge by what is there.

    A square's smallest value is that of its rows and then of its columns, and that of a row of seven is found from two,
    four and seven neighbours (after van Herk, Pattern Recognit Lett 1992, 13:517-521): exact, and faster than SciPy's.
    """
    whole = grey.astype(np.uint8)
    # whole grey values fit into bytes, of which eight times as many are compared at once
    out: NDArray[Any] = whole if np.array_equal(whole, grey) else grey
    for of, beyond in ((np.minimum, 255), (np.maximum, 0)):
        for axis in (0, 1):
            out = _along(of, out, beyond, axis)
    return out


def _along(of: np.ufunc, values: NDArray[Any], beyond: int, axis: int) -> NDArray[Any]:
    """Smallest or largest of the `STROKE_WIDTH` values around each one along an axis; `beyond` stands past the edge."""
    half, length = STROKE_WIDTH // 2, values.shape[axis]
    widths = [(half, half) if own == axis else (0, 0) for own in range(2)]
    run, width = np.pad(values, widths, constant_values=beyond), 1
    while width < STROKE_WIDTH:
        step = min(width, STROKE_WIDTH - width)
        run = of(_part(run, axis, 0, run.shape[axis] - step), _part(run, axis, step, run.shape[axis]))
        width += step
    return np.asarray(_part(run, axis, 0, length))


def _part(values: NDArray[Any], axis: int, start: int, stop: int) -> NDArray[Any]:
    return values[start:stop] if axis == 0 else values[:, start:stop]


def _glyphs(strokes: NDArray[np.bool_]) -> list[Box]:
    """Find connected strokes of the size and the blackness of a character, from left to right."""
    labels, count = ndimage.label(strokes, np.ones((3, 3)))
    areas = np.bincount(labels[strokes], minlength=count + 1)[1:]
    boxes = ndimage.find_objects(labels)
    # most strokes are specks, which have too few pixels to be that high
    large = np.flatnonzero(areas >= GLYPH_HEIGHT[0])
    glyphs = [boxes[number] for number in large if _is_glyph(boxes[number], int(areas[number]))]
    return sorted(glyphs, key=lambda box: box[1].start)


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
