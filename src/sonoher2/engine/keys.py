"""What stands for a value in an entry's key.

Whatever a step's function is given is in its key: there is no second list of what the value depends on, so nothing can
be missing from it. That asks for values whose content can be seen: plain values, settings, arrays and tables. All else
is given as `Keyed`, with what stands for it.

Settings stand there with the values that they have, defaults included: a changed default is a changed value. A new
setting in a model that a step is given therefore computes the step anew, unless it is declared with the value under
which everything is as it was before: `Annotated[bool, NeutralAt(False)] = False`. With that value, and with no other,
it is left out of the key, whatever becomes of the default later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel

from sonoher2.core.files import content_key

Value = TypeVar("Value")


@dataclass(frozen=True)
class Keyed(Generic[Value]):
    """A value that is given to a step, and what stands for it in the key.

    Attributes
    ----------
    value
        What the function gets.
    key
        All that the value's content depends on, made of what `key_of` takes; such as the sha256 of files.
    verify
        Called when the function has returned and before anything is kept: raises an InputError if the value is no
        longer what `key` says, such as a file that was changed meanwhile.
    """

    value: Value
    key: object
    verify: Callable[[], None] | None = None


def plain_value(given: object) -> Any:
    """Take a given value out of its `Keyed`, if it is in one."""
    return given.value if isinstance(given, Keyed) else given


@dataclass(frozen=True)
class NeutralAt:
    """Marks a setting that came later: with this value it is no part of a key."""

    value: object


def settings_key(model: BaseModel, *fields: str) -> dict[str, object]:
    """Values of settings, defaults included, without those that are neutral.

    Parameters
    ----------
    model
        The settings.
    fields
        Only these; all of them unless told.
    """
    kept = {}
    for name, about in type(model).model_fields.items():
        value = getattr(model, name)
        neutral = [mark for mark in about.metadata if isinstance(mark, NeutralAt)]
        if (not fields or name in fields) and not any(mark.value == value for mark in neutral):
            kept[name] = key_of(value)
    missing = set(fields) - set(type(model).model_fields)
    if missing:
        raise ValueError(f"{type(model).__name__} has no {', '.join(sorted(missing))}")
    return kept


def key_of(given: object) -> Any:
    """Give what stands for a value in a key, as JSON can write it.

    Raises
    ------
    TypeError
        The content of such a value cannot be seen; a path, for one, says nothing of what the file holds.
    """
    if isinstance(given, Keyed):
        return key_of(given.key)
    if given is None or isinstance(given, str | bool | int | float):
        return given
    if isinstance(given, np.generic):
        return key_of(given.item())
    if isinstance(given, np.ndarray):
        return _array_key(given)
    if isinstance(given, pd.DataFrame | pd.Series):
        return table_key(given)
    if isinstance(given, BaseModel):
        return settings_key(given)
    return _nested_key(given)


def _nested_key(given: object) -> Any:
    if isinstance(given, dict):
        # pairs, because the keys of a map may be other things than text
        return {"map": [[key_of(name), key_of(value)] for name, value in given.items()]}
    if isinstance(given, list | tuple):
        return [key_of(value) for value in given]
    raise TypeError(f"a step cannot tell the content of {type(given).__name__}: give it as Keyed, with what it holds")


def _array_key(array: NDArray[Any]) -> dict[str, object]:
    if array.dtype.hasobject:
        return {"objects": list(array.shape), "values": [key_of(value) for value in array.ravel().tolist()]}
    data = np.ascontiguousarray(array).tobytes()
    return {"array": [array.dtype.str, *array.shape], "sha256": hashlib.sha256(data).hexdigest()}


def table_key(table: pd.DataFrame | pd.Series) -> dict[str, str]:
    """Hash of names, types and values, index included, of a table."""
    frame = table.to_frame() if isinstance(table, pd.Series) else table
    names = [list(map(str, frame.columns.get_level_values(level))) for level in range(frame.columns.nlevels)]
    columns = [_column_key(values) for values in _columns(frame)]
    return {"table": content_key(names, _column_key(frame.index), columns)}


def _columns(frame: pd.DataFrame) -> list[pd.Series | NDArray[Any]]:
    """Columns of a table; those of one kind of numbers, of which there may be thousands, are taken out together."""
    places: dict[Any, list[int]] = {}
    for place, kind in enumerate(frame.dtypes):
        places.setdefault(kind, []).append(place)
    columns: dict[int, pd.Series | NDArray[Any]] = {}
    for kind, own in places.items():
        if isinstance(kind, np.dtype) and not kind.hasobject:
            columns |= zip(own, frame.iloc[:, own].to_numpy().T, strict=True)
        else:
            columns |= {place: frame.iloc[:, place] for place in own}
    return [columns[place] for place in range(frame.shape[1])]


def _column_key(values: pd.Series | pd.Index | NDArray[Any]) -> Any:
    if isinstance(values.dtype, np.dtype) and not values.dtype.hasobject:
        return _array_key(np.asarray(values))
    return [str(values.dtype), [None if value is pd.NA else key_of(value) for value in values.tolist()]]
