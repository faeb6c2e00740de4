"""When two texts of a table or a study file count as the same, and how a count is written."""

from __future__ import annotations

import re

FILLED = (
    "counted as learned in training (numbers and grades: the median; yes/no: the commoner; a category: missing, or a"
    " rare level where few were missing)"
)
"""How a model reads a value that is not given, by the kind of its column; see `ClinicalEncoder`."""


def folded(text: str) -> str:
    """Text without regard to case and spacing."""
    return " ".join(text.split()).casefold()


def plain(text: str) -> str:
    """Fold a value into the form that is compared: case and spacing do not count, and 3.0 is 3."""
    return re.sub(r"^(-?\d+)\.0+$", r"\1", folded(text))


def level(share: float) -> str:
    """``95%``, ``99.5%``: a level that was asked for, such as that of an interval; rounded to whole percent it lies."""
    return f"{100 * share:.4g}%"


def plural(count: int, noun: str) -> str:
    """``1 patient``, ``2 patients``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
