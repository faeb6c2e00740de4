"""Text of a cell: what is invisible goes, numbers and dates are written as a user sees them, some texts are missing."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pandas as pd

from sonoher2.core.spelling import folded

MISSING = frozenset(
    {
        "", "-", "--", ".", "?", "na", "n/a", "#n/a", "nan", "nc", "nd", "n.d.", "null", "none",
        "unknown", "missing", "unk", "n.a.", "not reported", "not recorded", "no data", "not available",
        "not applicable", "not evaluated", "not known", "not done",
        "[not available]", "[not applicable]", "[not evaluated]", "[unknown]", "[discrepancy]", "[completed]",
        "−", "–", "—", "－", "——", "／", "/", "未知", "不详", "缺失", "不明", "不清楚",
        "未记录", "未填写", "未提供", "无数据", "未查", "未测", "未检测", "未检查", "未评估",
    }
)  # fmt: skip
"""Spellings of a missing value, compared without regard to case."""

_NOTHING_KNOWN = re.compile(
    r"not (?:yet )?(?:performed|done|tested|assessed|examined|evaluated|evaluable|known|reported|available|applicable"
    r"|determined|recorded|stated|given|provided|sure)|untested|unavailable|pending|awaited|to follow|unkn?|n/?k|n\.k"
    r"|refused|declined|no (?:result|data|information)|missing|tb[acd]|xx+|\?+"
    r"|未做|未行|未测定|未评价|未送检?|未知|不知道?|不清|不适用|不确定|无法(?:判断|评估|确定)|拒绝|拒查|待查|待定|待测|待检|没做|暂无|缺"
)
"""Further words for no value, in whole cells; a category may be called so on purpose, so that they are only told."""

OPEN = ("none", "-", "−", "–", "—", "－")
"""Of these, spellings that may also be a value: "none" that there is none of it, a dash a negative result."""

EXACT_DIGITS = 15
"""Decimal digits that a spreadsheet keeps of a number; an identifier that is longer loses its end."""

# zero-width and direction marks, soft hyphen, byte-order mark: they come with copied text and nobody sees them
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""Characters that no text of a table holds; they tell of a damaged file."""
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?\s*%?", re.IGNORECASE)
DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T]\d{1,2}:\d{2}.*)?|\d{1,2}[-/]\d{1,2}[-/]\d{4}"
    r"|\d{1,2}/\d{1,2}/\d{2}|\d{1,2}-\d{1,2}月|\d{1,2}-[A-Z][a-z]{2}(-\d{2,4})?|[A-Z][a-z]{2}-\d{2}|(\d{4}年)?\d{1,2}月\d{1,2}日|\d{4}年\d{1,2}月"
)
"""A date as Excel shows it, in English or Chinese."""


def clean(text: str) -> str:
    """Text without invisible characters and outer spaces, in composed form (NFC)."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    return text.strip()


def as_text(value: Any) -> str:
    """Text of a cell as a user would type it: 5.0 is "5", a date is ISO, nothing is ""."""
    if isinstance(value, str):
        return clean(value)
    if value is None or pd.isna(value):
        return ""
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return (value.date() if midnight else value).isoformat()
    if isinstance(value, float) and value.is_integer():
        # of a longer one the last digits are made up: write it so that nobody takes it for an identifier
        return str(int(value)) if abs(value) < 10**EXACT_DIGITS else f"{value:.{EXACT_DIGITS - 1}E}"
    return str(value)


def percent_text(value: float) -> str:
    """Text of a number that a spreadsheet shows as a percentage: 0.3 is "30%"."""
    # a float has some 15 digits: round what multiplying made visible
    shown = f"{Decimal(repr(value)) * 100:.12f}".rstrip("0").rstrip(".")
    return f"{shown}%"


def is_missing(text: str, keep: Iterable[str] = ()) -> bool:
    """Whether a text is a spelling of a missing value and none of those in `keep`."""
    return folded(text) in MISSING - {folded(value) for value in keep}


def says_nothing(text: str) -> bool:
    """Whether a text, in any width, is rather a word for no value than a value, though `MISSING` does not list it."""
    key = folded(unicodedata.normalize("NFKC", text))
    if folded(text) in MISSING:
        return False
    return key in MISSING - set(OPEN) or _NOTHING_KNOWN.fullmatch(key.strip(" .()[]")) is not None


def is_number(text: str) -> bool:
    """Whether a text is one number, possibly with a per cent sign."""
    return NUMBER.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """Whether a text is a date as a spreadsheet writes it."""
    return DATE.fullmatch(text) is not None
