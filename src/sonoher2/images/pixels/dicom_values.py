"""Numbers of a DICOM header, any of which an anonymiser may have blanked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset


def numbers(dataset: Dataset, name: str, count: int) -> list[float] | None:
    """Give the `count` numbers of an element; None where it is missing, blank, not finite or has another count."""
    try:
        value = dataset.get(name)
        values = list(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else [value]
        found = [float(one) for one in values]
    except (TypeError, ValueError):
        return None
    return found if len(found) == count and all(map(math.isfinite, found)) else None


def number(dataset: Dataset, name: str) -> float | None:
    """Give the only number of an element, None as in `numbers`."""
    found = numbers(dataset, name, 1)
    return None if found is None else found[0]


def whole(dataset: Dataset, name: str, otherwise: int = 0) -> int:
    """Give the only number of an element, rounded down; `otherwise` where it is None as in `numbers`."""
    found = number(dataset, name)
    return otherwise if found is None else int(found)
