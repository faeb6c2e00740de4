"""Changes to a study file, by the models of its settings: what they refuse is not written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import yaml

from sonoher2.config.load import settings_from
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import UsageError
from sonoher2.server.studies.drafts.schemas import ColumnChange, DraftChange

Values = dict[str, object]
HER2_ROLES = ("ihc", "ish", "ratio", "copies", "status")
RULE, TASK = "ASCO/CAP 2023", "positive-vs-negative"


def changed(values: Mapping[str, object], change: DraftChange) -> Values:
    """Give the values of a study file after a change.

    Parameters
    ----------
    values
        As in the file.
    change
        Its `yaml` is not looked at.

    Raises
    ------
    FindingsError
        The changed file would be none; all that is wrong with it is named.
    UsageError
        A change needs another one first.
    """
    new = _copy(values)
    for key, value in (("title", change.title), ("timing", change.timing), ("regions", change.regions)):
        if value is not None:
            new[key] = value
    if change.split is not None:
        new["split"] = dict(change.split)
    for name, column in change.columns.items():
        _column(new, name, column)
    _images(new, change.images)
    _target(new, change)
    settings_from(StudyConfig, new)
    return new


def as_yaml(values: Mapping[str, object]) -> str:
    """Write values as a study file: keys in their order, small parts in one line."""
    return str(yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True, width=110, default_flow_style=None))


def _copy(value: Mapping[str, object]) -> Values:
    return {key: _copy(one) if isinstance(one, Mapping) else one for key, one in value.items()}


def _part(values: Values, key: str) -> Values:
    """Part of a study file, made where it is not there."""
    part = values.get(key)
    if not isinstance(part, dict):
        part = values[key] = dict[str, object]()
    return cast("Values", part)


def _column(new: Values, name: str, change: ColumnChange) -> None:
    """Say what one column of the clinical table is."""
    clinical = _part(new, "clinical")
    columns = _part(clinical, "columns")
    key = next((key for key, one in columns.items() if _header(key, one) == name), None)
    role = change.read_as or ("clinical" if key is not None else None)
    if role is None:
        raise UsageError(f"'{name}' is not used by the study; say first what it is read as")
    _require_free(new, name, role)
    if role != "clinical":
        if key is not None:
            del columns[key]
        _role(new, name, role)
        return
    _role(new, name, "unused")
    declared = {**(cast("Values", columns[key]) if key is not None else {}), "column": name}
    for field in ("kind", "timing", "unit", "levels", "missing"):
        value = getattr(change, field)
        if value is not None:
            declared[field] = value
    if change.kind is not None and change.kind not in ("ordered", "category", "yes/no"):
        declared.pop("levels", None)
    new_key = change.key or key or name
    clinical["columns"] = _with(columns, key, new_key, {k: v for k, v in declared.items() if v not in ("", [])})


def _require_free(new: Values, name: str, role: str) -> None:
    """Refuse to take a column away without which there is no study."""
    if role != "patient" and _part(new, "clinical").get("patient_id") == name:
        raise UsageError(f"'{name}' names the patients; say first which other column does")
    if role != "outcome" and role not in HER2_ROLES and _part(new, "target").get("column") == name:
        raise UsageError(f"'{name}' is what is predicted; say first which other column is")


def _with(columns: Values, key: str | None, new_key: str, declared: Values) -> Values:
    """Put a column in its place, or at the end."""
    if key is None:
        return {**columns, new_key: declared}
    return {(new_key if one == key else one): (declared if one == key else value) for one, value in columns.items()}


def _header(key: str, declared: object) -> str:
    named = declared.get("column") if isinstance(declared, dict) else None
    return str(named or key)


def _role(new: Values, name: str, role: str) -> None:
    """Make a column the patients, a part of the target, or nothing of these."""
    target = _part(new, "target")
    for old in HER2_ROLES:
        if target.get(old) == name and old != role:
            del target[old]
    _not_recounted(target, name)
    if role == "patient":
        _part(new, "clinical")["patient_id"] = name
    elif role in HER2_ROLES:
        if "column" in target:
            new["target"] = target = {}
        target[role] = name
        target.setdefault("rule", RULE)
        target.setdefault("task", TASK)
    elif role == "outcome":
        kept = target if target.get("column") == name else {}
        new["target"] = {"column": name, **{key: one for key, one in kept.items() if key != "column"}}


def _not_recounted(target: Values, name: str) -> None:
    """Take a column out of the second count, with the one that says nothing without it."""
    recount = target.get("recount")
    if not isinstance(recount, Mapping) or name not in recount.values():
        return
    left = {key: column for key, column in recount.items() if column != name}
    if not {"ratio", "copies"} <= left.keys():
        left = {key: column for key, column in left.items() if key not in ("ratio", "copies")}
    if {"ratio", "result"} & left.keys():
        target["recount"] = left
    else:
        del target["recount"]


def _images(new: Values, change: Mapping[str, str | None]) -> None:
    if not change:
        return
    images = _part(new, "images")
    for key, column in change.items():
        if column is None:
            images.pop(key, None)
        else:
            images[key] = column


def _target(new: Values, change: DraftChange) -> None:
    target = _part(new, "target")
    if change.rule is not None:
        target["rule"] = change.rule
    if change.task is not None:
        target["task"] = change.task
    for side, values in (("positive", change.positive), ("negative", change.negative)):
        if values is not None:
            target[side] = values
    for role, spellings in change.values.items():
        _spellings(target, role, spellings)


def _spellings(target: Values, role: str, spellings: Mapping[str, str]) -> None:
    """Say what spellings mean; one without a meaning is forgotten, and so is a map that holds nothing more."""
    held = _part(target, "values")
    if role:
        held[role] = _told(_part(held, role), spellings)
        if not held[role]:
            del held[role]
    else:
        held = target["values"] = _told(held, spellings)
    if not held:
        del target["values"]


def _told(before: Values, spellings: Mapping[str, str]) -> Values:
    return {spelling: meaning for spelling, meaning in {**before, **spellings}.items() if meaning}
