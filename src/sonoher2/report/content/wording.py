"""Numbers as a reader sees them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sonoher2.core.spelling import plural as plural

MINUS, DASH = "−", "–"


def number(value: float, digits: int = 2) -> str:
    """Write fixed decimals with a true minus sign; a dash when there is no value."""
    if not math.isfinite(value):
        return DASH
    text = f"{value:.{digits}f}"
    # -0.00 is 0.00
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", MINUS)


def interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """``0.78 (0.67–0.88)``; with "to" when a bound is negative."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return number(value, digits)
    between = " to " if low < 0 else DASH
    return f"{number(value, digits)} ({number(low, digits)}{between}{number(high, digits)})"


def p_value(value: float) -> str:
    """Three decimals, ``<0.001`` below that."""
    return "<0.001" if value < 0.001 else number(value, 3)


def percent(value: float) -> str:
    """``34%``; a dash when there is no value."""
    return f"{value:.0%}" if math.isfinite(value) else DASH


def share(count: int, total: int) -> str:
    """``12 (34%)``."""
    return f"{count:,} ({count / total:.0%})" if total else f"{count:,}"


def named(noun: str, items: Sequence[str]) -> str:
    """``signature A``, ``signatures A and B``."""
    return f"{noun}{'' if len(items) == 1 else 's'} {listing(items)}"


def listing(items: Sequence[str], last: str = "and") -> str:
    """Join as in ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def duration(seconds: float) -> str:
    """Wall time in the largest fitting unit."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def estimate(row: Mapping[str, float], name: str, digits: int = 2) -> str:
    """Value of a column of one row with its interval, ``<name>_low`` to ``<name>_high``; alone where it has none."""
    return interval(row[name], row.get(f"{name}_low", math.nan), row.get(f"{name}_high", math.nan), digits)


def p_equals(value: float) -> str:
    """``= 0.030``, ``<0.001``: a p value after the letter p."""
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"


def signed(value: float) -> str:
    """Two decimals, with a plus or a true minus sign."""
    return f"{value:+.2f}".replace("-", MINUS)
