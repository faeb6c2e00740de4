"""What the report is made of: chapters, their sections and the parts of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sonoher2.report.content.view import View


@dataclass(frozen=True)
class Drawing:
    """A figure and the words below it.

    Attributes
    ----------
    name
        Of its files.
    draw
        Makes the figure: a function of `report.figures` with all that it is given.
    """

    name: str
    title: str
    caption: str
    draw: partial[Figure]
    kind: Literal["drawing"] = "drawing"

    @property
    def figure(self) -> Figure:
        """Make the figure."""
        return self.draw()


@dataclass(frozen=True)
class Table:
    """A table: `data` as it is written to ``tables/<name>.csv``, `shown` as text for the page.

    Attributes
    ----------
    long
        One row per patient or more: it scrolls on screen, can be filtered, and stays out of print.
    """

    name: str
    title: str
    caption: str
    data: pd.DataFrame
    shown: pd.DataFrame
    long: bool = False
    kind: Literal["table"] = "table"


@dataclass(frozen=True)
class Text:
    """Paragraphs."""

    paragraphs: tuple[str, ...]
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Listing:
    """A numbered or bulleted list; each item may have a tone (``warning``, ``note``) and a link."""

    items: tuple[Item, ...]
    numbered: bool = False
    kind: Literal["listing"] = "listing"


@dataclass(frozen=True)
class Item:
    """One entry of a list."""

    text: str
    tone: str = ""
    link: str = ""


@dataclass(frozen=True)
class Facts:
    """Names and their values."""

    title: str
    values: Mapping[str, str]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True)
class CheckedRow:
    """One item of a filled checklist; each link is a text and an anchor of the page, empty for none."""

    number: str
    section: str
    asks: str
    status: str
    words: str
    links: tuple[tuple[str, str], ...]
    note: str


@dataclass(frozen=True)
class Folded:
    """A filled checklist that a reader unfolds; `data` is written to ``checklists/<name>.csv``."""

    name: str
    title: str
    summary: str
    source: str
    doi: str
    rows: tuple[CheckedRow, ...]
    data: pd.DataFrame
    kind: Literal["folded"] = "folded"


Part = Drawing | Table | Text | Listing | Facts | Folded


@dataclass(frozen=True)
class Section:
    """A chapter as it stands in one report."""

    name: str
    title: str
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Chapter:
    """One analysis in the report: its table, its figure and its words.

    Attributes
    ----------
    name, title
        Anchor and heading.
    parts
        From a view of the result; a chapter without parts is absent.
    """

    name: str
    title: str
    parts: Callable[[View], Iterable[Part]]

    def section(self, view: View) -> Section:
        """Fill the chapter from a result."""
        return Section(self.name, self.title, list(self.parts(view)))
