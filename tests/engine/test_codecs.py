"""Values as bytes and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from sonoher2.engine.codecs import ARRAY, BYTES, FRAME, JSON, record_codec


@dataclass(frozen=True)
class Record:
    """A flat one."""

    name: str
    size: float | None = None


def test_each_format_has_its_suffix() -> None:
    assert [one.suffix for one in (BYTES, ARRAY, FRAME, JSON, record_codec(Record))] == [
        ".bin", ".npy", ".parquet", ".json", ".json",
    ]  # fmt: skip


def test_values_come_back_as_they_were() -> None:
    assert BYTES.decode(BYTES.encode(b"\0a")) == b"\0a"
    array = np.array([[1.5, np.nan]], np.float32)
    back = ARRAY.decode(ARRAY.encode(array))
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, array)
    table = pd.DataFrame({("a", "x"): [1, 2], ("b", "y"): ["u", None]}, index=["P1", "P2"])
    pd.testing.assert_frame_equal(FRAME.decode(FRAME.encode(table)), table)
    value = {"乳": [1, 2.5, None], "nan": math.nan}
    read = JSON.decode(JSON.encode(value))
    assert read["乳"] == [1, 2.5, None]
    assert math.isnan(read["nan"])
    assert "乳".encode() in JSON.encode(value)
    codec = record_codec(Record)
    assert codec.decode(codec.encode(Record("a", 0.5))) == Record("a", 0.5)
    assert codec.decode(codec.encode(Record("b"))) == Record("b", None)


def test_objects_are_never_pickled() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        ARRAY.encode(np.array([object()]))
