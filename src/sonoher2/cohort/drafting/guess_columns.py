"""Guessing from names and values what the columns of a table are; every guess is for the user to confirm."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sonoher2.cohort.images.find import has_image_name
from sonoher2.cohort.patients.clinical import NO, YES, read_number
from sonoher2.cohort.reading.text import is_date
from sonoher2.cohort.tables.table import plain
from sonoher2.config.base import Kind, Timing

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
    ready
        Whether it may stand in the study file as it is; else it waits as a comment.
    """

    key: str
    column: str
    kind: Kind
    timing: Timing
    unit: str = ""
    levels: tuple[str, ...] = ()
    doubt: str = ""
    ready: bool = True


@dataclass(frozen=True)
class _Known:
    """A variable of breast cancer studies: words of its name, when it is known and how it is measured."""

    key: str
    words: str
    timing: Timing
    unit: str = ""
    doubt: str = ""


_KNOWN = (
    _Known("age", r"age|age at diagnosis|age years|(患者|就诊|诊断|确诊)?(时)?年龄( 岁)?", "pre-biopsy", "years"),
    _Known("menopause", r".*menopaus.*|.*绝经.*|月经状态", "pre-biopsy"),
    _Known("birads", r"bi ?rads.*|.*bi ?rads( ?分[类级])?", "pre-biopsy",
           doubt="a reader's verdict: does the study mean to use it?"),
    _Known("family_history", r"family history.*|.*家族史.*", "pre-biopsy"),
    _Known("palpable", r"palpa.*|.*触及.*", "pre-biopsy"),
    _Known("size_mm", r"(tumou?r |lesion )?(size|diameter)( mm)?|max(imum)? diameter( mm)?|"
           r"(肿瘤|肿块|病灶|结节)?(最?大小|最?大?直?径|长径)( mm)?", "post-op", "mm",
           "measured on ultrasound (then pre-biopsy) or on the specimen? in mm?"),
    _Known("nodes", r".*(lymph|nodes?\b|nodal|axilla|淋巴结|腋窝).*", "post-op",
           doubt="by imaging (then pre-biopsy) or pathology?"),
    _Known("grade", r"(histolog\w* )?grade|.*histologic grade|(组织学|病理|肿瘤)?分级", "biopsy"),
    _Known("er", r"er|er status.*|o?estrogen receptor.*|(er )?雌激素受体.*|er[ 状态结果免疫组化]+", "biopsy"),
    _Known("pr", r"pr|pgr|pr status.*|progesterone receptor.*|(pr )?孕激素受体.*|pr[ 状态结果免疫组化]+", "biopsy"),
    _Known("ki67", r"ki ?67.*", "biopsy", "%"),
)  # fmt: skip
PATIENT_NAMES = (
    r"(patient|study|case|subject)( ?id| no| number| code)?|受试者(编号|号)?|(患者|病人|病例)(编号|号|id|代码|序号)?|"
    r"研究编号|入组编号",
    r"pid|mrn|(hospital|record|admission|registration) ?(id|no|number)|病历号|病案号|住院号|门诊号|登记号|就诊号|卡号",
    r"id|id号|编号|.*patient id",
)
"""Names of a column of patients, the surest first."""
_PERSON = re.compile(
    r"(patient |first |last |full |family |given |sur)?names?|surname|patients? name.*|.*姓名.*|名字|姓|名|"
    r"phone.*|tel|telephone.*|mobile.*|.*电话.*|"
    r".*手机.*|.*身份证.*|identity card.*|id card.*|passport.*|.*address.*|"
    r".*住址.*|.*地址.*|.*联系方式.*|联系人|e ?mail"
)
_DATE_VALUE = re.compile(
    r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|(19|20)\d{6}"
)
_PERSON_VALUE = re.compile(r"[^\d]+|\d{17}[\dXx]")
"""Ids hold a digit; what holds none, and the number of a Chinese identity card, names a person."""
LEAST_READABLE = 0.5
"""A column is what most of its cells say; the others are told of and do not make it disappear."""


def words(name: str) -> str:
    """Lower-case words of a column's name: ``HER2_IHC-Score`` is ``her2 ihc score``."""
    spaced = re.sub(r"([a-z])([A-Z][a-z])", r"\1 \2", name)
    return " ".join(re.findall(r"[^\W_]+", spaced.casefold()))


def names_a_person(name: str) -> bool:
    """Whether a column holds names, addresses or numbers of people, which a study has no use for."""
    return bool(_PERSON.fullmatch(words(name)))


def patient_column(table: pd.DataFrame) -> tuple[str, bool] | None:
    """Column of the patients, and whether its name says so; else the first whose values may be ids, or None.

    A column of people's names is never taken, nor one of dates or of measurements.
    """
    names = [str(name) for name in table.columns if not names_a_person(str(name))]
    for pattern in PATIENT_NAMES:
        for name in names:
            if re.fullmatch(pattern, words(name)) and _names_patients(table[name]):
                return name, True
    distinct = [name for name in names if _may_be_ids(table[name])]
    return (distinct[0], False) if distinct else None


def _names_patients(values: pd.Series) -> bool:
    """Whether most cells are filled, and not with the names of people."""
    texts = values.dropna().map(str)
    people = int(texts.map(lambda text: bool(_PERSON_VALUE.fullmatch(text))).sum())
    return len(texts) > LEAST_READABLE * len(values) and people <= LEAST_READABLE * len(texts)


def _may_be_ids(values: pd.Series) -> bool:
    if not len(values) or values.isna().any() or not values.is_unique or not _names_patients(values):
        return False
    header = words(str(values.name))
    if any(re.fullmatch(known.words, header) for known in _KNOWN) or "her2" in header.replace(" ", ""):
        return False
    texts = [str(value) for value in values]
    odd = (_DATE_VALUE.fullmatch, re.compile(r"-?\d+[.,]\d+").fullmatch, lambda text: len(text) > 40)
    return not any(test(text) for text in texts for test in odd) and not any(has_image_name(Path(t)) for t in texts)


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
    # spellings of one level that differ in case are one level
    levels = sorted({plain(text): text for text in sorted(texts.unique(), reverse=True)}.values(), key=_level_order)
    if not levels:
        return None
    written = known.unit and (_written_unit(texts) or known.unit)
    kind, odd = _kind(texts, levels, known, written)
    doubts = [known.doubt] if known.doubt else []
    if odd:
        doubts.append(f"{odd} of {len(texts)} cells are not {_MEANT[kind]}: `sonoher2 check` names their rows")
    elif kind == "ordered":
        doubts.append("lowest level first?")
    unit = written if kind == "number" else ""
    # Excel makes dates of texts such as 4-5: they are no levels, and the check names their rows
    shown = tuple(level for level in levels if not is_date(level)) if kind == "ordered" and not odd else ()
    ready = not odd or kind in ("number", "yes/no")
    key = known.key if unit in {known.unit, ""} else known.key.removesuffix(f"_{known.unit}")
    return GuessedColumn(key, str(values.name), kind, known.timing, unit, shown, "; ".join(doubts), ready)


_MEANT: dict[Kind, str] = {
    "number": "numbers", "yes/no": "yes or no", "category": "one of few values", "ordered": "one of few levels",
}  # fmt: skip


def _written_unit(texts: pd.Series) -> str:
    """Word that most cells write behind their number, such as 岁 of ``45岁``; empty for none."""
    behind = (
        texts.str.normalize("NFKC").str.extract(r"^\s*\d+(?:[.,]\d+)?\s*([^\d\s.,;:/+-]{1,6})\s*$")[0].value_counts()
    )
    return str(behind.index[0]) if len(behind) and 2 * behind.iloc[0] > len(texts) else ""


def _kind(texts: pd.Series, levels: list[str], known: _Known, unit: str) -> tuple[Kind, int]:
    """Kind of a column by most of its cells, and how many cells are not of it."""
    is_scale = known.key in ("birads", "grade", "nodes")
    binary = int(texts.map(lambda text: plain(text) in (*YES, *NO)).sum())
    numeric = int(texts.map(lambda text: read_number(text, unit) is not None).sum())
    if binary == len(texts):
        return "yes/no", 0
    if not is_scale and numeric > LEAST_READABLE * len(texts):
        return "number", len(texts) - numeric
    if len(levels) <= MOST_LEVELS:
        return ("ordered" if is_scale and len(levels) > 1 else "category"), 0
    if binary > LEAST_READABLE * len(texts):
        return "yes/no", len(texts) - binary
    return "ordered" if is_scale else "category", len(texts)


def _level_order(level: str) -> tuple[float, str]:
    number = re.search(r"\d+(\.\d+)?", level)
    return (float(number[0]) if number else float("inf"), level)
