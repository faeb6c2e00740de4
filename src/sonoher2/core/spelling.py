"""When two texts of a table or a study file count as the same, and how a count is written."""

from __future__ import annotations

import re


def folded(text: str) -> str:
    """Text without regard to case and spacing."""
    return " ".join(text.split()).casefold()


def plain(text: str) -> str:
    """Fold a value into the form that is compared: case and spacing do not count, and 3.0 is 3."""
    return re.sub(r"^(-?\d+)\.0+$", r"\1", folded(text))


def plural(count: int, noun: str) -> str:
    """``1 patient``, ``2 patients``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
