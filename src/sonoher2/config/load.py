"""Reading a study file: all that is wrong with it is named at once."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sonoher2.config.base import Strict
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import Finding, FindingsError
from sonoher2.core.yaml_file import read_yaml

Settings = TypeVar("Settings", bound=Strict)


def load_study(path: str | Path, data: str | Path | None = None) -> StudyConfig:
    """Read a study file.

    Parameters
    ----------
    path
        The YAML file.
    data
        Folder that replaces the file's own `data`.

    Returns
    -------
    The study, its `data` folder absolute.

    Raises
    ------
    InputError, FindingsError
        The file cannot be read as YAML, or keys or values in it are wrong; all wrong ones are named at once.

    Examples
    --------
    >>> import sonoher2
    >>> study = sonoher2.load_study("study.yaml")
    >>> study.target.rule, study.split.test_share
    ('ASCO/CAP 2018', 0.3)
    """
    path = Path(path)
    study = settings_from(StudyConfig, read_yaml(path), str(path))
    folder = Path(data) if data is not None else path.parent / study.data
    return study.model_copy(update={"data": folder.resolve()})


def settings_from(model: type[Settings], values: Any, source: str = "") -> Settings:
    """Make settings from values as a study file has them.

    Parameters
    ----------
    model
        Which settings.
    values
        Normally a mapping.
    source
        Where they come from, for messages.

    Raises
    ------
    FindingsError
        Keys or values are wrong; all are named.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise FindingsError(_finding(model, source, values, problem) for problem in error.errors()) from None


def checked_again(study: StudyConfig) -> StudyConfig:
    """Check a study that was changed in Python: `model_copy(update=...)` takes whatever it is given.

    Raises
    ------
    FindingsError
        Keys or values are wrong; all are named.
    """
    data = study.data if isinstance(study.data, Path) else Path(str(study.data))
    return settings_from(StudyConfig, _as_written(study)).model_copy(update={"data": data})


def _as_written(value: Any) -> Any:
    """Turn settings back into what a study file says; what nobody has set stays unsaid."""
    if isinstance(value, BaseModel):
        own = vars(value)
        return {key: _as_written(one) for key, one in own.items() if key in value.model_fields_set or key == "kind"}
    if isinstance(value, dict):
        return {key: _as_written(one) for key, one in value.items()}
    return [_as_written(one) for one in value] if isinstance(value, list | tuple) else value


LONGEST_SHOWN = 80
"""Characters of a wrong value that are shown."""


def _finding(model: type[BaseModel], source: str, values: Any, problem: Any) -> Finding:
    """One pydantic problem in a user's words."""
    keys = _keys_of(values, problem)
    where = ", ".join(part for part in (source, ".".join(keys)) if part)
    if problem["type"] == "extra_forbidden":
        known, elsewhere = _all_keys(model), "See docs/study-file.md for the keys"
        if keys[-1] in known:
            return Finding("error", f"the key '{keys[-1]}' does not belong here", where, elsewhere)
        near = difflib.get_close_matches(keys[-1], known, n=1)
        fix = f"Did you mean '{near[0]}'?" if near else elsewhere
        return Finding("error", f"unknown key '{keys[-1]}'", where, fix)
    if problem["type"] == "missing":
        return Finding("error", f"the key '{keys[-1]}' is missing", where, "See docs/study-file.md")
    if problem["type"].startswith("union_tag"):
        expected = problem["ctx"].get("expected_tags", "'random', 'date', 'site', 'given'")
        return Finding("error", f"`kind` must be one of {expected}", where)
    message = problem["msg"].removeprefix("Value error, ")
    got = problem.get("input")
    shown = f" (got {_short(repr(got))})" if isinstance(got, str | int | float | bool) else ""
    return Finding("error", f"{message[0].lower()}{message[1:]}{shown}", where)


def _keys_of(values: Any, problem: Any) -> list[str]:
    """Name the place of a problem by a user's own keys: pydantic puts the forms of a value among them."""
    keys, here, path = [], values, problem["loc"]
    about_key = problem["type"] in ("missing", "extra_forbidden")
    for level, part in enumerate(path, start=1):
        last = level == len(path)
        if isinstance(here, dict) and part in here:
            inside = here[part]
            # a form may have the name of a key beside it, such as `column`: then what follows is not within that key
            form = not last and not isinstance(inside, dict | list) and (about_key or path[level] in here)
            if not form:
                here = inside
                keys.append(str(part))
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
            keys.append(str(part + 1))
        elif about_key and last:
            keys.append(str(part))
    return keys


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


@cache
def _all_keys(model: type[BaseModel]) -> list[str]:
    """Keys of settings and of all parts of them."""
    schema = model.model_json_schema()
    parts = (schema, *schema.get("$defs", {}).values())
    return sorted({key for part in parts for key in part.get("properties", {})})
