"""How every figure looks: sizes of a journal's columns, colours that colour-blind readers tell apart, panels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sonoher2.signatures.registry import REGISTRY

MM = 1 / 25.4
COLUMN, PAGE = 85 * MM, 174 * MM
"""Widths of one and of two journal columns, inches."""

GOOD, EXCELLENT = 0.75, 0.9
"""ICC that is called good and excellent: Koo and Li, J Chiropr Med 2016, 15:155, doi 10.1016/j.jcm.2016.02.012."""

INK, GREY, PALE = "#222222", "#767676", "#d9d9d9"
# Okabe and Ito's palette, doi 10.1038/nmeth.1618; yellow is left out, too light for lines on white
BLUE, VERMILLION, GREEN, PURPLE, SKY, ORANGE = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
_KNOWN = {
    name: (ORANGE, BLUE, VERMILLION)[entry.colour] for name, entry in REGISTRY.items() if entry.colour is not None
}
# of Paul Tol's muted scheme; ink and grey are what references are drawn in
INDIGO, WINE = "#332288", "#882255"
_SPARE = (GREEN, PURPLE, SKY, INDIGO, WINE, BLUE, ORANGE, VERMILLION)

CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "Microsoft YaHei", "SimHei", "PingFang SC", "PingFang HK", "Hiragino Sans GB", "Heiti SC", "STHeiti",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Arial Unicode MS", "Droid Sans Fallback",
)  # fmt: skip
"""Families of Linux, Windows and macOS with Chinese letters."""
CHINESE_FILES = re.compile(
    r"(noto(sans)?.*cjk|notosanssc|sourcehansans|msyh|simhei|wqy|droidsansfallback)", re.IGNORECASE
)

FONT = "DejaVu Sans"
STYLE: dict[Any, object] = {
    "font.family": [FONT],
    "font.size": 7.5,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "text.color": INK,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "hatch.linewidth": 0.5,
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.w_pad": 0.05,
    # names of columns and classes are the user's own: a dollar sign in one is not a formula
    "text.parse_math": False,
    # letters as outlines: the same picture on every machine, whatever fonts it has
    "svg.fonttype": "path",
    "svg.hashsalt": "sonoher2",
    "pdf.fonttype": 42,
}


@cache
def chinese_fonts() -> tuple[str, ...]:
    """Fonts of this machine with Chinese letters, the first of `CHINESE_FONTS` first; none where there is none.

    matplotlib keeps a list of fonts between runs, so that one that was installed since is looked for by its file.
    """
    known = set(font_manager.get_font_names())
    found = tuple(name for name in CHINESE_FONTS if name in known)
    if found:
        return found
    files = [file for file in font_manager.findSystemFonts() if CHINESE_FILES.match(Path(file).name)]
    for file in sorted(files):
        font_manager.fontManager.addfont(file)
    known = set(font_manager.get_font_names())
    return tuple(name for name in CHINESE_FONTS if name in known)


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw and save figures in the report's style."""
    with matplotlib.rc_context({**STYLE, "font.family": [FONT, *chinese_fonts()]}):
        yield


def signature_colours(signatures: Sequence[str]) -> dict[str, str]:
    """Give each signature its colour: the well-known ones always the same, others from what is left."""
    taken = {_KNOWN[name] for name in signatures if name in _KNOWN}
    spare = [colour for colour in _SPARE if colour not in taken]
    others = [name for name in signatures if name not in _KNOWN]
    return {name: _KNOWN.get(name) or spare[others.index(name) % len(spare)] for name in signatures}


def panels(rows: int, columns: int, height: float, width: float | None = None) -> tuple[Figure, list[list[Axes]]]:
    """Make a figure with a grid of axes.

    Parameters
    ----------
    rows, columns
        Number of panels.
    height
        Of one row, inches.
    width
        Of the figure, inches; one journal column for one panel, else two.

    Returns
    -------
    The figure, and its axes by row and column.
    """
    size = width or (COLUMN if columns == 1 else PAGE)
    figure = Figure(figsize=(size, rows * height), layout="constrained")
    return figure, [list(row) for row in figure.subplots(rows, columns, squeeze=False)]


def unit_square(axes: Axes) -> None:
    """Both axes from 0 to 1, as square as the panel allows."""
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xticks=ticks, yticks=ticks, aspect="equal")
