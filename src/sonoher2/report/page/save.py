"""Saving a figure for the page (SVG) and, where asked, for print (PNG, 300 dpi, and PDF); the same bytes every time."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sonoher2.core.files import write_bytes

PAGE = ("svg",)
PRINT = ("svg", "png", "pdf")
_DPI = {"svg": 200, "png": 300, "pdf": 300}
# matplotlib writes the time into these fields unless told not to
_METADATA: dict[str, dict[str, str | None]] = {"svg": {"Date": None}, "png": {"Software": None},
                                               "pdf": {"CreationDate": None}}  # fmt: skip


@contextmanager
def undrawn_letters() -> Iterator[list[str]]:
    """Collect what matplotlib says of letters that no font has; all its other warnings go on as they are."""
    missing: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield missing
    for warning in caught:
        if "missing from font" in str(warning.message):
            missing.append(str(warning.message))
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def figure_files(folder: Path, name: str, formats: Sequence[str]) -> dict[str, Path]:
    """Give the files of a figure, by format."""
    return {suffix: folder / f"{name}.{suffix}" for suffix in formats}


def save_figure(figure: Figure, folder: Path, name: str, formats: Sequence[str] = PAGE) -> str:
    """Write ``folder/name.svg`` and the figure's files in other formats.

    Where the SVG is already there, to the byte, the others are left as they are: they show the same, and drawing them
    takes most of the time of a report that is written anew.

    Parameters
    ----------
    figure
        What is drawn.
    folder, name
        Where, and the files' name without its ending.
    formats
        `PAGE` or `PRINT`.

    Returns
    -------
    The SVG text.
    """
    FigureCanvasAgg(figure)
    # the layout is found once; drawing then needs no second search in each format
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    svg = _render(figure, "svg")
    paths = figure_files(folder, name, formats)
    if not all(path.is_file() for path in paths.values()) or paths["svg"].read_bytes() != svg:
        for suffix, path in paths.items():
            if suffix != "svg":
                write_bytes(path, _render(figure, suffix))
        # last, so that it stands only beside the others of the same figure
        write_bytes(paths["svg"], svg)
    return svg.decode()


def svg_text(figure: Figure) -> str:
    """SVG of a figure for which no files are wanted."""
    FigureCanvasAgg(figure)
    return _render(figure, "svg").decode()


def _render(figure: Figure, suffix: str) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format=suffix, dpi=_DPI[suffix], metadata=_METADATA[suffix])
    return stream.getvalue()


def inline_svg(svg: str, name: str, alt: str) -> str:
    """Make an SVG file fit to stand in an HTML page beside others.

    Parameters
    ----------
    svg
        Text of the file.
    name
        Put before every id, since ids of all figures of a page share one space.
    alt
        What the figure shows, for readers who hear the page; already escaped.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<!--.*?-->|<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    width = float(re.search(r'<svg[^>]* width="([\d.]+)pt"', body).group(1))  # type: ignore[union-attr]
    body = re.sub(r'(<svg[^>]*?) width="[\d.]+pt"', r"\1", body, count=1)
    body = re.sub(r'(<svg[^>]*?) height="[\d.]+pt"', r"\1", body, count=1)
    body = re.sub(r'id="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    # 1 pt of the figure is 1.8 px of the page at most: letters stay near the size of the text
    return body.replace("<svg", f'<svg role="img" aria-label="{alt}" style="max-width:{width * 1.8:.0f}px"', 1)
