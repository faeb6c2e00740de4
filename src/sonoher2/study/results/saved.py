"""Results kept with their run: every part under ``RUN/results``, and a run opened again without computing anything.

``results.json`` holds what is small; tables lie beside it as Parquet, pictures and other arrays in one NumPy file.
How a value is written follows from its type, so that a new field of a part is kept without a line here.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel

from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError
from sonoher2.core.files import atomic_folder
from sonoher2.study.results.audits import FOLDER as AUDITS
from sonoher2.study.results.audits import load_audits
from sonoher2.study.results.manifest import settings
from sonoher2.study.results.parts import StudyResult

FOLDER, INDEX, ARRAYS = "results", "results.json", "arrays.npz"
FORMAT = 1
_BEGUN = ("cache", "split.json", "ledger.json")
"""What lies in the folder of a run that did not come to its end."""
_PLAIN = re.compile(r"[\w.]+", re.ASCII)


def save_result(result: StudyResult, out: Path) -> None:
    """Keep everything that a study or a validation found, whole or not at all.

    Parameters
    ----------
    result
        What was found. Its audits lie in the run's folder already.
    out
        Folder of the run.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    writer = _Writer()
    parts = {part.name: writer.plain(getattr(result, part.name), part.name) for part in _parts()}
    with atomic_folder(out / FOLDER) as folder:
        for name, table in writer.tables.items():
            table.to_parquet(folder / f"{name}.parquet")
        np.savez_compressed(folder / ARRAYS, allow_pickle=False, **cast("dict[str, Any]", writer.arrays))
        text = json.dumps({"format": FORMAT, "parts": parts}, indent=1, ensure_ascii=False)
        (folder / INDEX).write_text(text + "\n", encoding="utf-8")


def open_run(folder: str | Path) -> StudyResult:
    """Give the results of a finished run; nothing is computed, and no image or table of the study is needed.

    Parameters
    ----------
    folder
        That `run_study` or `validate_bundle` wrote into.

    Returns
    -------
    As `run_study` or `validate_bundle` gave it, with the audits that were run since. `config.data` is the folder.

    Raises
    ------
    InputError
        There is no run, or it was not finished, or its results are damaged or of a newer version.

    Examples
    --------
    >>> import sonoher2
    >>> sonoher2.open_run("run").performance.thresholds["rule"].unique().tolist()
    ['largest Youden index']
    """
    folder = Path(folder)
    saved = folder / FOLDER
    index = _index(folder)
    try:
        # opened here: NumPy leaves a damaged file open
        with (saved / ARRAYS).open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            reader = _Reader(saved, dict(arrays), folder)
        parts = {part.name: reader.value(part.hint, index["parts"][part.name]) for part in _parts()}
        result = StudyResult(**parts)
    # what NumPy, pandas and zipfile make of damaged bytes: BadZipFile, zlib.error, EOFError, AttributeError, ...
    except Exception as error:
        raise InputError("the results of this run are damaged", where=str(saved), fix="Run the study again") from error
    try:
        return replace(result, audits=load_audits(result.performance.predictions, folder))
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            "the audits of this run are damaged", where=str(folder / AUDITS), fix="Run the audits again"
        ) from error


def _index(folder: Path) -> dict[str, Any]:
    """Content of the index, of a format that this version knows."""
    path = folder / FOLDER / INDEX
    if not path.is_file():
        begun = any((folder / name).exists() for name in _BEGUN)
        what = "this run was not finished" if begun else "this folder holds no run"
        fix = "Run the study again into the same folder; it resumes" if begun else "Give the folder of a finished run"
        raise InputError(what, where=str(folder), fix=fix)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        newer = record["format"] > FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("the results of this run are damaged", where=str(path), fix="Run the study again") from error
    if newer:
        what = f"this run was written by a newer version (format {record['format']}, known are 1 to {FORMAT})"
        raise InputError(what, where=str(folder), fix="Install a newer version of sonoher2")
    return cast("dict[str, Any]", record)


@dataclass(frozen=True)
class _Part:
    name: str
    hint: Any


def _parts() -> list[_Part]:
    """Parts of a result that are kept; audits have files of their own."""
    hints = get_type_hints(StudyResult)
    return [_Part(part.name, hints[part.name]) for part in fields(StudyResult) if part.name != "audits"]


@dataclass
class _Writer:
    """Turns values into plain ones that JSON holds, and collects the tables and arrays among them."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    def plain(self, value: Any, place: str) -> Any:
        """Plain form of a value that stands at a place, such as ``model.lasso``."""
        if isinstance(value, pd.DataFrame):
            # a signature's name may hold what no file's name may
            name = place if _PLAIN.fullmatch(place) else f"table{len(self.tables)}"
            self.tables[name] = value
            return name
        if isinstance(value, np.ndarray):
            name = f"array{len(self.arrays)}"
            self.arrays[name] = value
            return name
        if isinstance(value, StudyConfig):
            return settings(value)
        if isinstance(value, BaseModel):
            return value.model_dump(mode="json")
        if is_dataclass(value):
            return {one.name: self.plain(getattr(value, one.name), f"{place}.{one.name}") for one in fields(value)}
        if isinstance(value, Mapping):
            return {str(key): self.plain(one, f"{place}.{key}") for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(one, f"{place}.{number}") for number, one in enumerate(value)]
        return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True)
class _Reader:
    """Turns plain values back into what their type says."""

    folder: Path
    arrays: Mapping[str, NDArray[Any]]
    data: Path

    def value(self, hint: Any, plain: Any) -> Any:
        """Value of a type from its plain form."""
        # NDArray is a named type from Python 3.12 and NumPy 2.5 on; what it stands for says how to read
        hint = getattr(get_origin(hint) or hint, "__value__", hint)
        origin, given = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return None if plain is None else self.value(next(one for one in given if one is not type(None)), plain)
        if origin is tuple:
            return tuple(self.value(given[0], one) for one in plain)
        if origin in (dict, Mapping):
            return {key: self.value(given[1], one) for key, one in plain.items()}
        if origin is np.ndarray:
            return self.arrays[plain]
        return plain if origin is Literal else self._of_class(hint, plain)

    def _of_class(self, hint: Any, plain: Any) -> Any:
        if hint is pd.DataFrame:
            return pd.read_parquet(self.folder / f"{plain}.parquet")
        if not isinstance(hint, type):
            return plain
        if issubclass(hint, StudyConfig):
            return hint.model_validate({**plain, "data": self.data})
        if issubclass(hint, BaseModel):
            return hint.model_validate(plain)
        if is_dataclass(hint):
            hints = get_type_hints(hint)
            # a field that came later is absent from older runs, and has a default
            known = [one.name for one in fields(hint) if one.name in plain]
            return hint(**{name: self.value(hints[name], plain[name]) for name in known})
        return plain
