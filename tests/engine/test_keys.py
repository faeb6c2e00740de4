"""What stands for a value in a key: different contents give different keys, equal contents the same."""

from __future__ import annotations

import hashlib
from collections import namedtuple
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from sonoher2.core.files import content_key
from sonoher2.engine import Keyed, NeutralAt, key_of, settings_key, table_key


def hashed(value: object) -> str:
    return content_key(key_of(value))


Way = namedtuple("Way", "change strength")

DIFFERENT = [
    None, True, 1, 1.0, "1", "1.0", 0.0, -0.0, float("nan"), "", [], [1], [[1]], [1, 2], [2, 1], {}, {"a": 1}, {"a": 2},
    {1: "a"}, {"1": "a"}, Way("grow", 0.05), Way("grow", 0.1),
    np.array([1, 2]), np.array([1.0, 2.0]), np.array([[1, 2]]), np.array([2, 1]), np.array([1, 2], np.int32),
    np.array([np.nan]), np.array(["a", None], object), np.array(["a", "None"], object), np.array([], np.int64),
    pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"b": [1, 2]}), pd.DataFrame({"a": [1.0, 2.0]}),
    pd.DataFrame({"a": [1, 2]}, index=["x", "y"]), pd.DataFrame({"a": [1, 2]}, index=["y", "x"]),
    pd.DataFrame({"a": ["1", "2"]}), pd.DataFrame({"a": ["1", None]}), pd.DataFrame({"a": ["1", "None"]}),
    pd.DataFrame({"a": [1, None]}, dtype="Int64"), pd.DataFrame({"a": [1, 0]}, dtype="Int64"),
    pd.DataFrame({("a", "b"): [1, 2]}), pd.DataFrame({("a", "c"): [1, 2]}), pd.DataFrame(),
    pd.DataFrame({"a": [1], "b": [1.0], "c": [2]}), pd.DataFrame({"a": [2], "b": [1.0], "c": [1]}),
    pd.DataFrame({"a": [1], "b": [2.0], "c": [2]}), pd.DataFrame({"a": [1], "b": [2], "c": [2.0]}),
    pd.DataFrame({"a": [True, False]}, dtype=object), pd.DataFrame({"a": [1, 0]}, dtype=object),
]  # fmt: skip


def test_different_values_have_different_keys() -> None:
    keys = [hashed(value) for value in DIFFERENT]
    twins = [(i, j) for i in range(len(keys)) for j in range(i) if keys[i] == keys[j]]
    assert not twins


def test_columns_of_one_kind_are_hashed_as_each_by_itself() -> None:
    mixed = pd.DataFrame({"n": [1, 2], "x": [0.5, np.nan], "m": [3, 4], "t": ["a", None], "y": [1.5, 2.5]})
    digests = [hashlib.sha256(np.array(mixed[name]).tobytes()).hexdigest() for name in ("n", "x", "m", "y")]
    kinds = ("<i8", "<f8", "<i8", "<f8")
    n, x, m, y = ({"array": [kind, 2], "sha256": digest} for kind, digest in zip(kinds, digests, strict=True))
    index = {"array": ["<i8", 2], "sha256": hashlib.sha256(np.array([0, 1]).tobytes()).hexdigest()}
    expected = content_key(
        [["n", "x", "m", "t", "y"]], index, [n, x, m, [str(mixed["t"].dtype), ["a", float("nan")]], y]
    )
    assert table_key(mixed) == {"table": expected}


def test_equal_values_have_the_same_key() -> None:
    assert hashed(np.float64(0.1)) == hashed(0.1)
    assert hashed(np.int64(3)) == hashed(3)
    assert hashed((1, 2)) == hashed([1, 2])
    wide = np.arange(6.0).reshape(2, 3)
    assert hashed(wide) == hashed(np.asfortranarray(wide))
    frame = pd.DataFrame({("a", "b"): [1.0, np.nan], ("a", "c"): ["x", None]})
    assert hashed(frame) == hashed(frame.copy())


@pytest.mark.parametrize("value", [Path("a.png"), object(), {1, 2}, [Path("a")], np.array([Path("a")], object)])
def test_what_cannot_be_seen_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="give it as Keyed"):
        key_of(value)


def test_keyed_values_stand_by_their_key_alone() -> None:
    assert key_of(Keyed(Path("a"), ["sha", 3])) == key_of(Keyed(object(), ["sha", 3])) == ["sha", 3]
    with pytest.raises(TypeError, match="give it as Keyed"):
        key_of(Keyed(1, Path("a")))


class Ring(BaseModel):
    mm: float = 1.0


class Reading(BaseModel):
    crop: bool = False
    label: str | None = None
    rings: list[Ring] = [Ring()]


@pytest.mark.parametrize(
    "changed", [{"crop": True}, {"label": "2"}, {"rings": []}, {"rings": [Ring(mm=2.0)]}, {"rings": [Ring(), Ring()]}]
)
def test_each_setting_counts(changed: dict[str, object]) -> None:
    assert hashed(Reading(**changed)) != hashed(Reading())


def test_some_settings_of_a_model() -> None:
    assert settings_key(Reading(label="2"), "crop") == {"crop": False}
    with pytest.raises(ValueError, match="Reading has no corp"):
        settings_key(Reading(), "corp")


def with_setting(default: object, *, neutral: bool) -> BaseModel:
    """Settings as `Reading` that later got one more."""
    kind = Annotated[int, NeutralAt(1)] if neutral else int
    return type("Reading", (Reading,), {"__annotations__": {"smooth": kind}, "smooth": default})()


def test_a_new_setting_that_changes_nothing_until_it_is_used() -> None:
    assert hashed(with_setting(1, neutral=True)) == hashed(Reading())
    assert hashed(with_setting(1, neutral=False)) != hashed(Reading())


def test_a_changed_default_is_a_changed_value() -> None:
    assert hashed(with_setting(2, neutral=False)) != hashed(with_setting(1, neutral=False))
    # also of a setting that once was neutral: only that very value is
    assert hashed(with_setting(2, neutral=True)) != hashed(Reading())
    assert hashed(type(with_setting(2, neutral=True))(smooth=1)) == hashed(Reading())
