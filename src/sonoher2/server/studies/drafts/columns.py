"""How each column of a study's tables was read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from sonoher2.cohort.drafting.guess_columns import PATIENT_NAMES, GuessedColumn, clinical_columns, names_a_person, words
from sonoher2.cohort.her2.columns import UnreadFinding, read_columns, role_of_columns
from sonoher2.cohort.images.find import has_image_name
from sonoher2.cohort.patients.clinical import read_number, unread_cells
from sonoher2.cohort.reading.text import is_date
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import Her2Target
from sonoher2.core.errors import InputError
from sonoher2.server.studies.drafts.schemas import ColumnView, Count, ReadAs

MOST_EXAMPLES = 8
MOST_UNREAD = 50
MOST_DISTINCT = 30
"""Values from which on a column that is no number may tell who a patient is."""
LONGEST = 60
_ID_LIKE = re.compile(r"[A-Za-z]{0,4}\d{5,}|\d{17}[Xx]|[^@\s]+@[^@\s]+")


def clinical_views(config: StudyConfig, frame: pd.DataFrame) -> list[ColumnView]:
    """Tell how every column of the clinical table was read.

    Parameters
    ----------
    config
        The study.
    frame
        Its clinical table.
    """
    used = {(declared.column or key): (key, declared) for key, declared in config.clinical.columns.items()}
    roles = target_roles(config)
    guesses = {guess.column: guess for guess in clinical_columns(frame)}
    unread = _her2_unread(config, frame)
    spelled = role_of_columns(config.target) if isinstance(config.target, Her2Target) else {}
    views = []
    for name in map(str, frame.columns):
        view = _bare(config.clinical.table.name, frame[name], shown=shows_values(name, frame[name], _patients(config)))
        if name in used:
            view = _clinical(view, frame[name], *used[name])
        elif name in roles:
            told = {"read_as": roles[name], "spelled": spelled.get(name)}
            view = view.model_copy(update={**told, "unread": _hidden(view, unread.get(name, {}))})
        elif name in _patients(config):
            view = view.model_copy(update={"read_as": "patient"})
        elif names_a_person(name):
            view = view.model_copy(update={"read_as": "person"})
        elif name in guesses:
            view = _waiting(view, guesses[name])
        views.append(view)
    return views


def image_views(config: StudyConfig, frame: pd.DataFrame) -> list[ColumnView]:
    """Tell what the columns of the images table are used for."""
    if config.images is None:
        return []
    used: dict[str, ReadAs] = {}
    keys: tuple[ReadAs, ...] = (
        "image", "mask", "second_mask", "lesion_id", "view", "site", "scanner", "date", "frame", "mm_per_pixel",
    )  # fmt: skip
    for key in keys:
        source = getattr(config.images, key)
        if isinstance(source, str):
            used[source] = key
    if isinstance(config.images.patient_id, str):
        used[config.images.patient_id] = "patient"
    open_roles = ("view", "site", "scanner", "mm_per_pixel")
    return [
        _bare(config.images.table.name, frame[name], shown=used.get(name) in open_roles).model_copy(
            update={"read_as": used.get(name, "person" if names_a_person(name) else "unused")}
        )
        for name in map(str, frame.columns)
    ]


def target_roles(config: StudyConfig) -> dict[str, ReadAs]:
    """Columns of the target by name."""
    target = config.target
    if not isinstance(target, Her2Target):
        return {target.column: "outcome"}
    named: dict[ReadAs, str | None] = {
        "ihc": target.ihc, "ish": target.ish, "ratio": target.ratio, "copies": target.copies, "status": target.status,
    }  # fmt: skip
    found: dict[str, ReadAs] = {name: role for role, name in named.items() if name}
    return {**dict.fromkeys(target.columns, "recount"), **found}


def _patients(config: StudyConfig) -> list[str]:
    source = config.clinical.patient_id
    text = source if isinstance(source, str) else source.template
    return re.findall(r"\{([^{}]+)\}", text) or [text]


def shows_values(name: str, texts: pd.Series, patients: Iterable[str]) -> bool:
    """Whether values of a column may be shown: not where they may tell who a patient is.

    Parameters
    ----------
    name
        Of the column.
    texts
        (rows,) of str or None.
    patients
        Columns that name the patients.
    """
    named = any(re.fullmatch(pattern, words(name)) for pattern in PATIENT_NAMES)
    if names_a_person(name) or named or name in patients:
        return False
    known = texts.dropna().map(str)
    telling = known.map(lambda text: is_date(text) or bool(_ID_LIKE.fullmatch(text)) or has_image_name(Path(text)))
    if 2 * int(telling.sum()) > len(known):
        return False
    numbers = known.map(lambda text: read_number(text) is not None).sum()
    return bool(2 * numbers > len(known) or known.nunique() <= MOST_DISTINCT)


def _bare(table: str, texts: pd.Series, *, shown: bool) -> ColumnView:
    known = texts.dropna().map(str)
    view = ColumnView(table=table, name=str(texts.name), read_as="unused", rows=len(texts), filled=len(known))
    return view.model_copy(update={"examples": _whole_counts(known.value_counts(), MOST_EXAMPLES)}) if shown else view


def counts(numbers: pd.Series, most: int) -> list[Count]:
    """Values with their numbers, the commonest first, long ones cut."""
    return [Count(value=_short(one.value), count=one.count) for one in _whole_counts(numbers, most)]


def _whole_counts(numbers: pd.Series, most: int) -> list[Count]:
    ordered = sorted(numbers.items(), key=lambda pair: (-int(pair[1]), str(pair[0])))
    return [Count(value=str(value), count=int(number)) for value, number in ordered[:most]]


def _numbers(texts: pd.Series) -> dict[str, int]:
    """Count the rows of each value."""
    return dict(Counter(map(str, texts.dropna())))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _clinical(view: ColumnView, texts: pd.Series, key: str, declared: ClinicalColumn) -> ColumnView:
    wrong = unread_cells(texts, key, declared)
    changes: dict[str, object] = {
        "read_as": "clinical", "key": key, "kind": declared.kind, "timing": declared.timing, "unit": declared.unit,
        "levels": declared.levels, "missing": declared.missing,
        "unread": _hidden(view, _numbers(texts[wrong.to_numpy(bool)])),
    }  # fmt: skip
    if declared.kind == "number":
        numbers = texts.map(lambda text: read_number(text, declared.unit), na_action="ignore").astype(float).dropna()
        changes["examples"] = []
        if len(numbers) and view.examples:
            changes |= {"low": float(numbers.min()), "high": float(numbers.max())}
    return view.model_copy(update=changes)


def _waiting(view: ColumnView, guess: GuessedColumn) -> ColumnView:
    return view.model_copy(
        update={
            "read_as": "waiting", "key": guess.key, "kind": guess.kind, "timing": guess.timing, "unit": guess.unit,
            "levels": list(guess.levels),
        }
    )  # fmt: skip


def _hidden(view: ColumnView, found: Mapping[str, int]) -> list[Count]:
    """Count unread values, whole, for their meaning is told by them; only their number where values are not shown."""
    if not found:
        return []
    if not view.examples:
        return [Count(value="", count=sum(found.values()))]
    return _whole_counts(pd.Series(found), MOST_UNREAD)


def _her2_unread(config: StudyConfig, frame: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Unread spellings of the target's columns with their numbers of rows."""
    target = config.target
    if not isinstance(target, Her2Target):
        if target.negative is None or target.column not in frame.columns:
            return {}
        named = [
            one
            for given in (target.positive, target.negative)
            for one in ([given] if isinstance(given, str) else given)
        ]
        texts = frame[target.column].dropna()
        return {target.column: _numbers(texts[~texts.isin(named)])}
    found: dict[str, dict[str, int]] = {}
    try:
        findings = read_columns(frame, target, config.clinical.table.name)[1]
    except InputError:
        return {}
    for one in (one for finding in findings if isinstance(finding, UnreadFinding) for one in finding.unread):
        found.setdefault(one.column, {})[one.spelling] = len(one.rows)
    return found
