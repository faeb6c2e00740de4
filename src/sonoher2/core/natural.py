"""The order in which a person sorts names: 1, 2, 10 and not 1, 10, 2."""

from __future__ import annotations

import re
from collections.abc import Iterable


def natural_key(text: object) -> tuple[list[tuple[bool, int, str]], str]:
    """Key for `sorted`: runs of digits compare as numbers and come before other text, letters without case.

    Parameters
    ----------
    text
        Any value; its text is what counts.
    """
    parts = [part for part in re.split(r"([0-9]+)", str(text)) if part]
    digits = [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part.casefold()) for part in parts]
    return digits, str(text)


def natural_keys(texts: Iterable[object]) -> tuple[object, ...]:
    """Key for `sorted` of rows that are compared value by value."""
    return tuple(natural_key(text) for text in texts)
