"""How a value becomes the bytes of an entry, and how the bytes become the value again. No pickle."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Value = TypeVar("Value")
Record = TypeVar("Record", bound="DataclassInstance")


@dataclass(frozen=True)
class Codec(Generic[Value]):
    """A format of entries.

    Attributes
    ----------
    suffix
        Of the file's name, such as ``.npy``.
    encode
        Value to bytes; runs in the worker. A function at the top level of a module.
    decode
        Bytes to value; raises whatever it likes when the bytes are broken. Also at the top level of a module.
    """

    suffix: str
    encode: Callable[[Value], bytes]
    decode: Callable[[bytes], Value]


def _same(data: bytes) -> bytes:
    return data


def _array_bytes(value: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=False)
    return buffer.getvalue()


def _array(data: bytes) -> NDArray[Any]:
    return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))


def _frame_bytes(value: pd.DataFrame) -> bytes:
    return value.to_parquet()


def _frame(data: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(data))


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _json(data: bytes) -> Any:
    return json.loads(data)


def _record_bytes(value: DataclassInstance) -> bytes:
    return _json_bytes(asdict(value))


def _record(kind: type[Record], data: bytes) -> Record:
    return kind(**json.loads(data))


BYTES: Codec[bytes] = Codec(".bin", _same, _same)
"""Bytes as they are; nothing tells a broken entry."""
ARRAY: Codec[NDArray[Any]] = Codec(".npy", _array_bytes, _array)
"""An array without objects."""
FRAME: Codec[pd.DataFrame] = Codec(".parquet", _frame_bytes, _frame)
"""A table; columns may have two levels."""
JSON: Codec[Any] = Codec(".json", _json_bytes, _json)
"""Numbers, text, lists and maps with text keys; NaN stays NaN."""


def record_codec(kind: type[Record]) -> Codec[Record]:
    """Keep the records of a flat dataclass, whose fields JSON knows, as JSON."""
    return Codec(".json", _record_bytes, partial(_record, kind))
