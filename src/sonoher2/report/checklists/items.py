"""The checklists as data: each item in our own words, and what in a run answers it.

The words are short paraphrases; the source says what an item means. `needs` lists, by spaces, what must be there for
the run to answer the item (see `evidence.Evidence`); without it, only a person can answer. `against` lists the codes of
checks: what such a check finds contradicts the item, or with a ``?`` is only to be told beside it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources
from typing import Literal

Extent = Literal["full", "part", ""]


@dataclass(frozen=True)
class CheckItem:
    """One item of a checklist.

    Attributes
    ----------
    number, section, asks
        Number and section in the source, and what is asked, in our words.
    needs
        What must be there for the run to answer it; empty when only a person can.
    extent
        Whether that answers it in ``full`` or in ``part``.
    development, evaluation
        Whether it concerns a study that develops a model, and one that evaluates a frozen one.
    note
        What is left for a person, or how to get what is absent.
    condition
        METRICS: what must be there for the item to count.
    weight
        METRICS: published weight, 0 elsewhere.
    against, beside
        Codes of checks whose findings contradict the item, and of those whose findings a reader of it must know.
    """

    number: str
    section: str
    asks: str
    needs: tuple[str, ...]
    extent: Extent
    development: bool
    evaluation: bool
    note: str
    condition: tuple[str, ...] = ()
    weight: float = 0.0
    against: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checklist:
    """A published checklist.

    Attributes
    ----------
    name
        Name of its files.
    title, citation, doi
        As the field knows it, and its source.
    items
        In the order of the source.
    """

    name: str
    title: str
    citation: str
    doi: str
    items: tuple[CheckItem, ...]


_SOURCES = {
    "clear": ("CLEAR", "Kocak et al. Insights Imaging, 2023;14:75", "10.1186/s13244-023-01415-8"),
    "metrics": ("METRICS", "Kocak et al. Insights Imaging, 2024;15:8", "10.1186/s13244-023-01572-w"),
    "tripod_ai": ("TRIPOD+AI", "Collins et al. BMJ, 2024;385:e078378", "10.1136/bmj-2023-078378"),
    "claim": ("CLAIM, 2024 update", "Tejani et al. Radiol Artif Intell, 2024;6:e240300", "10.1148/ryai.240300"),
    "probast_ai": ("PROBAST+AI, draft", "Moons et al. BMJ, 2025;388:e082505", "10.1136/bmj-2024-082505"),
}


def load_checklists() -> tuple[Checklist, ...]:
    """CLEAR, METRICS, TRIPOD+AI, CLAIM and PROBAST+AI."""
    return tuple(Checklist(name, *source, _items(name)) for name, source in _SOURCES.items())


def _items(name: str) -> tuple[CheckItem, ...]:
    text = (resources.files("sonoher2.report") / "checklists" / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(_item(row) for row in csv.DictReader(text.splitlines()))


def _item(row: dict[str, str]) -> CheckItem:
    codes = row["against"].split()
    extents: dict[str, Extent] = {"full": "full", "part": "part"}
    return CheckItem(
        number=row["item"],
        section=row["section"],
        asks=row["asks"],
        needs=tuple(row["needs"].split()),
        extent=extents.get(row["extent"], ""),
        development="D" in row["applies"],
        evaluation="E" in row["applies"],
        note=row["note"],
        condition=tuple(row.get("condition", "").split()),
        weight=float(row.get("weight", 0)),
        against=tuple(code for code in codes if not code.endswith("?")),
        beside=tuple(code[:-1] for code in codes if code.endswith("?")),
    )
