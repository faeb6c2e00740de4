"""Guessing from names and values where a table says the HER2 status, or another outcome."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from sonoher2.cohort.drafting.guess_columns import LEAST_READABLE, words
from sonoher2.cohort.her2.cell import read_ihc
from sonoher2.cohort.her2.columns import asks_whether_done, looks_like
from sonoher2.cohort.tables.table import plain

MOST_CLASSES = 12
_HER2 = re.compile(r"her2|erbb2|人?表皮生长因子受体2")
_IHC = re.compile(r"ihc|免疫组化|免疫组织化学|immunohisto")
_ISH = re.compile(r"\b(fish|ish|sish|cish|dish)\b|fish|原位杂交|amplif|扩增")
_RATIO = re.compile(r"\bratios?\b|比值|比率")
_CEP17 = re.compile(r"(cep|cen|chr|chromosome) ?17|17 ?号?染色体")
_COPIES = re.compile(r"cop(y|ies)|拷贝|\bsignals?\b|信号|\bcounts?\b|计数|\bper (cell|nucleus)\b")
_OUTCOME = re.compile(
    r"her2|erbb2|patholog|classification|malignan|diagnos|label|class|outcome|良恶性|性质|病理|诊断|分类|结局"
)
_POSITIVE = re.compile(
    r"(her ?-?2[ _:/\-]*)?(positive|pos|malign\w*|amplified|cancer|carcinoma|阳性|恶性|扩增|癌|乳腺癌)([^a-z].*)?|"
    r"her ?-?2 ?\+|yes|1|\+|恶|是"
)
_NEGATIVE = re.compile(
    r"(her ?-?2[ _:/\-]*)?(negative|neg|benign|(not?|non)[ -]?amplified|no amplification|"
    r"阴性|良性|无扩增|未扩增|不扩增)([^a-z].*)?|"
    r"her ?-?2 ?-|no|0|-|良|否"
)
_BOTH = re.compile(r"pos.*neg|neg.*pos|benign.*malign|malign.*benign|阳.*阴|阴.*阳|良.*恶|恶.*良")
_OPEN = re.compile(r"equivocal|indeterminate|borderline|inconclusive|not |un|可疑|不确定|未")


@dataclass(frozen=True)
class Outcome:
    """A column of an outcome.

    Attributes
    ----------
    column
        Its name.
    positive, negative
        Values that are one or the other; may be empty.
    others
        Values that are neither, or that may be either.
    counts
        Rows by value, the commonest first.
    """

    column: str
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    others: tuple[str, ...]
    counts: dict[str, int]


def her2_columns(table: pd.DataFrame) -> dict[str, str]:
    """Columns of raw HER2 results by their key in the study file: `ihc`, `ish`, `ratio`, `copies`, `status`.

    A column is what most of its cells are; one cell that cannot be read takes no column away.
    """
    found: dict[str, str] = {}
    for role, is_one in _ROLES:
        for name in map(str, table.columns):
            texts = table[name].dropna()
            free = role not in found and name not in found.values()
            if free and (is_one(words(name), texts) if len(texts) else role == "ish" and _is_empty_ish(words(name))):
                found[role] = name
    return {role: found[role] for role in ("ihc", "ish", "ratio", "copies", "status") if role in found}


def her2_rivals(table: pd.DataFrame) -> dict[str, list[str]]:
    """Columns that could be those of `her2_columns` as well: the biopsy's score beside that of the specimen."""
    found = her2_columns(table)
    rivals: dict[str, list[str]] = {}
    for role, is_one in _ROLES:
        if role in found and role != "status":
            for name in map(str, table.columns):
                texts = table[name].dropna()
                new = name not in found.values() and name not in rivals.get(role, ())
                if new and len(texts) and is_one(words(name), texts):
                    rivals.setdefault(role, []).append(name)
    return rivals


def says_her2(name: str) -> bool:
    """Whether the words of a column's name speak of HER2 or of its in-situ hybridisation."""
    return bool(_HER2.search(name.replace(" ", "")))


def _is_named_ihc(name: str, texts: pd.Series) -> bool:
    other = re.search(r"\b(er|pr|ki ?67|p53|ck\d?)\b", name)
    about_her2 = says_her2(name) or (name in ("ihc", "ihc score", "免疫组化") and other is None)
    if not about_her2 or not _IHC.search(name) or _ISH.search(name):
        return False
    # a column of positive and negative is a status, whatever its name says
    scores = [text for text in texts if re.search(r"\d|\+", text) and read_ihc(text) is not None]
    status = [text for text in texts if value_side(text) is not None and text not in scores]
    return bool(scores) and len(status) <= LEAST_READABLE * len(texts)


def _is_plain_ihc(name: str, texts: pd.Series) -> bool:
    is_named = _IHC.search(name) or not _ISH.search(name)
    if not says_her2(name) or not is_named or not looks_like(texts, "ihc"):
        return False
    scores = {text: score for text in texts if (score := read_ihc(text)) is not None}
    # 0 and 1 alone may be the codes of negative and positive, and words alone the words for them
    written = any(re.search(r"\d|[+＋]", text) and not re.fullmatch(r"[01]", plain(text)) for text in scores)
    return written or len(set(scores.values())) > 2


def _names_ish(name: str) -> bool:
    return bool(_ISH.search(name)) and not asks_whether_done(name)


def _is_ish(name: str, texts: pd.Series) -> bool:
    if not _names_ish(name) or (_IHC.search(name) and looks_like(texts, "ihc")):
        return False
    return looks_like(texts, "ish")


def _is_empty_ish(name: str) -> bool:
    # a column that waits for its results harms no rule and is used once they come
    return _names_ish(name) and not any(one.search(name) for one in (_IHC, _RATIO, _COPIES, _CEP17))


def _is_named_ratio(name: str, texts: pd.Series) -> bool:
    # of HER2 and CEP17 together, where each has copies of its own
    both = says_her2(name) and bool(_CEP17.search(name)) and not _COPIES.search(name)
    about_her2 = says_her2(name) or bool(_ISH.search(name))
    return about_her2 and (bool(_RATIO.search(name)) or both) and looks_like(texts, "ratio")


def says_ratio(name: str) -> bool:
    """Whether the words of a column's name tell its numbers from copies."""
    return bool(_RATIO.search(name) or _CEP17.search(name))


def _is_ratio(name: str, texts: pd.Series) -> bool:
    decimal = any(re.search(r"\d[.,]\d", text) for text in texts)
    other = _COPIES.search(name) or _CEP17.search(name)
    return bool(_ISH.search(name)) and decimal and not other and looks_like(texts, "ratio")


def _is_copies(name: str, texts: pd.Series) -> bool:
    about_her2 = says_her2(name) or bool(_ISH.search(name))
    return about_her2 and bool(_COPIES.search(name)) and not _CEP17.search(name) and looks_like(texts, "copies")


def _is_status(name: str, texts: pd.Series) -> bool:
    words_known = ("low", "zero", "低表达", "零表达")
    known = texts.map(lambda text: plain(text) in words_known or value_side(text) is not None or _is_open(text))
    return says_her2(name) and float(known.mean()) > LEAST_READABLE


def _is_open(text: str) -> bool:
    return bool(_OPEN.search(plain(text)))


_ROLES: tuple[tuple[str, Callable[[str, pd.Series], bool]], ...] = (
    ("ihc", _is_named_ihc), ("ratio", _is_named_ratio), ("copies", _is_copies), ("ratio", _is_ratio), ("ish", _is_ish),
    ("ihc", _is_plain_ihc), ("status", _is_status),
)  # fmt: skip
"""What a column may be, the surest first."""


def value_side(text: str) -> bool | None:
    """Whether a word says positive (True) or negative (False); None when it says neither."""
    folded = plain(text)
    if _BOTH.search(folded):
        return None
    if _NEGATIVE.fullmatch(folded):
        return False
    return True if _POSITIVE.fullmatch(folded) and not _is_open(folded) else None


def outcome_column(table: pd.DataFrame) -> Outcome | None:
    """Find the column of an outcome that has a positive value; one of HER2 goes before others."""
    names = sorted(map(str, table.columns), key=lambda name: not says_her2(words(name)))
    for name in names:
        if not _OUTCOME.search(words(name).replace(" ", "")) and not _ISH.search(words(name)):
            continue
        outcome = column_outcome(table[name])
        if outcome.positive and 2 <= len(outcome.counts) <= MOST_CLASSES:
            return outcome
    return None


def column_outcome(values: pd.Series) -> Outcome:
    """Sort the values of a column into positive, negative and others.

    Parameters
    ----------
    values
        (rows,) of str or None.
    """
    counts = values.dropna().map(str).value_counts()
    ordered = sorted(counts.index, key=lambda value: (-int(counts[value]), str(value)))
    # 1 is a code of positive beside 0 alone; beside 2 or +++ it is a score
    scores = {plain(value) for value in ordered if re.fullmatch(r"[\d.,+-]+", plain(value))}
    is_scale = bool(scores - {"0", "1", "+", "-"})
    sides = {value: None if is_scale and plain(value) in scores else value_side(value) for value in ordered}
    return Outcome(
        str(values.name),
        positive=tuple(value for value, side in sides.items() if side is True),
        negative=tuple(value for value, side in sides.items() if side is False),
        others=tuple(value for value, side in sides.items() if side is None),
        counts={value: int(counts[value]) for value in ordered},
    )
