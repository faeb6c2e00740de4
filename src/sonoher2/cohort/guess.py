"""Guessing from names and values what the columns of a table are; every guess is for the user to confirm."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from sonoher2.cohort.clinical import NO, YES, read_number
from sonoher2.cohort.her2_cell import read_ihc, read_ish
from sonoher2.cohort.table import plain
from sonoher2.config import Kind, Timing

MOST_LEVELS = 8


@dataclass(frozen=True)
class GuessedColumn:
    """A clinical column as it may stand in the study file.

    Attributes
    ----------
    key, column
        Key in the study file and name in the table.
    kind, timing, unit, levels
        As in `ClinicalColumn`.
    doubt
        What the user must confirm.
    """

    key: str
    column: str
    kind: Kind
    timing: Timing
    unit: str = ""
    levels: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True)
class _Known:
    """A variable of breast cancer studies: words of its name, when it is known and how it is measured."""

    key: str
    words: str
    timing: Timing
    unit: str = ""
    doubt: str = ""


_KNOWN = (
    _Known("age", r"age|age at diagnosis|age years", "pre-biopsy", "years"),
    _Known("menopause", r".*menopaus.*", "pre-biopsy"),
    _Known("birads", r"bi ?rads.*", "pre-biopsy", doubt="a reader's verdict: does the study mean to use it?"),
    _Known("family_history", r"family history.*", "pre-biopsy"),
    _Known("palpable", r"palpa.*", "pre-biopsy"),
    _Known("size_mm", r"(tumou?r )?(size|diameter)( mm)?|max(imum)? diameter( mm)?", "post-op", "mm",
           "measured on ultrasound (then pre-biopsy) or on the specimen? in mm?"),
    _Known("nodes", r".*(lymph|nodes?|nodal|axilla).*", "post-op", doubt="by imaging (then pre-biopsy) or pathology?"),
    _Known("grade", r"(histolog\w* )?grade|.*histologic grade", "biopsy"),
    _Known("er", r"er|er status.*|estrogen receptor.*|oestrogen receptor.*", "biopsy"),
    _Known("pr", r"pr|pgr|pr status.*|progesterone receptor.*", "biopsy"),
    _Known("ki67", r"ki ?67.*", "biopsy", "%"),
)  # fmt: skip


def usual_timing(name: str) -> Timing | None:
    """When a variable of this name is known as a rule; None for names that say nothing or leave a doubt."""
    known = next((known for known in _KNOWN if re.fullmatch(known.words, words(name))), None)
    return None if known is None or known.doubt else known.timing


def words(name: str) -> str:
    """Lower-case words of a column's name: ``HER2_IHC-Score`` is ``her2 ihc score``."""
    spaced = re.sub(r"([a-z])([A-Z][a-z])", r"\1 \2", name)
    return " ".join(re.findall(r"[^\W_]+", spaced.casefold()))


def patient_column(table: pd.DataFrame) -> tuple[str, bool] | None:
    """Column that names the patient, and whether its name says so; else the first whose values all differ, or None."""
    patterns = (
        r"patient( ?id| no| number| code)?", r"case( ?id| no| number)?", r"subject( ?id)?|pid|mrn", r"id|.*patient id",
    )  # fmt: skip
    for pattern in patterns:
        for name in table.columns:
            if re.fullmatch(pattern, words(name)) and table[name].notna().all():
                return str(name), True
    distinct = [
        str(name) for name in table.columns if len(table) and table[name].notna().all() and table[name].is_unique
    ]
    return (distinct[0], False) if distinct else None


def clinical_columns(table: pd.DataFrame) -> list[GuessedColumn]:
    """Guess the clinical columns that are well known in breast cancer studies, one for each variable."""
    guesses: list[GuessedColumn] = []
    for known in _KNOWN:
        for name in table.columns:
            guess = _guess(table[name], known) if re.fullmatch(known.words, words(name)) else None
            if guess is not None:
                guesses.append(guess)
                break
    return guesses


def _guess(values: pd.Series, known: _Known) -> GuessedColumn | None:
    texts = values.dropna()
    levels = sorted(texts.unique(), key=_level_order)
    name, kind = str(values.name), _kind(texts, levels, known)
    if kind is None:
        return None
    unit = known.unit if kind == "number" else ""
    doubt = known.doubt or ("lowest level first?" if kind == "ordered" else "")
    shown = tuple(levels) if kind == "ordered" else ()
    return GuessedColumn(known.key, name, kind, known.timing, unit, shown, doubt)


def _kind(texts: pd.Series, levels: list[str], known: _Known) -> Kind | None:
    folded = {plain(level) for level in levels}
    numeric = all(read_number(text, known.unit) is not None for text in texts)
    if not levels:
        return None
    if folded <= {*YES, *NO}:
        return "yes/no"
    if numeric and known.key not in ("birads", "grade", "nodes"):
        return "number"
    if len(levels) > MOST_LEVELS:
        return None
    return "ordered" if known.key in ("birads", "grade", "nodes") and len(levels) > 1 else "category"


def _level_order(level: str) -> tuple[float, str]:
    number = re.search(r"\d+(\.\d+)?", level)
    return (float(number[0]) if number else float("inf"), level)


def her2_columns(table: pd.DataFrame) -> dict[str, str]:
    """Columns of raw HER2 results by their key in the study file: `ihc`, `ish`, `ratio`, `status`."""
    readable: dict[str, tuple[str, Callable[[str], object]]] = {
        "ihc": (r".*ihc.*", read_ihc),
        "ish": (r".*\b(fish|ish|sish|cish|dish)\b.*", read_ish),
        "ratio": (r".*ratio.*", read_number),
        "status": (r".*", lambda text: plain(text) in (*YES, *NO, "equivocal", "indeterminate", "low", "zero") or None),
    }
    found: dict[str, str] = {}
    for key, (pattern, read) in readable.items():
        for name in table.columns:
            is_her2 = "her2" in words(name).replace(" ", "") and name not in found.values()
            texts = table[name].dropna()
            if is_her2 and len(texts) and re.fullmatch(pattern, words(name)) and all(map(read, texts.unique())):
                found[key] = str(name)
                break
    return found


def outcome_column(table: pd.DataFrame) -> tuple[str, str, str | None] | None:
    """Two-class outcome: its column, the positive value and the negative value if there is just one."""
    pattern = r".*(her2|patholog|classification|malignan|diagnosis|label|class|outcome).*"
    for name in sorted(table.columns, key=lambda name: "her2" not in words(name).replace(" ", "")):
        values = [str(value) for value in table[name].dropna().unique()]
        if not re.fullmatch(pattern, words(name).replace(" ", "")) or not 2 <= len(values) <= 4:
            continue
        positive = [value for value in values if plain(value) in ("positive", "malignant", "pos", "yes", "1", "cancer")]
        if positive:
            negative = [v for v in values if plain(v) in ("negative", "benign", "neg", "no", "0")]
            return str(name), positive[0], negative[0] if len(negative) == 1 else None
    return None
