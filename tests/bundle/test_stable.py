"""Bytes of skops files: the same for the same model, whenever and wherever in memory it was made."""

from __future__ import annotations

import io
from typing import Any
from zipfile import ZipFile

import numpy as np
import skops.io
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sonoher2.bundle.stable import stable_bytes


def fitted(seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(40, 3)), np.arange(40) % 2
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)


def test_two_fits_on_the_same_data_have_the_same_bytes() -> None:
    first, second = fitted(), fitted()
    as_written = skops.io.dumps(first), skops.io.dumps(second)
    assert as_written[0] != as_written[1]
    assert stable_bytes(as_written[0]) == stable_bytes(as_written[1])
    assert stable_bytes(as_written[0]) != stable_bytes(skops.io.dumps(fitted(seed=1)))


def test_what_is_read_back_is_the_same_object() -> None:
    shared = np.arange(5.0)
    whole = {"a": shared, "b": [shared, csr_matrix(np.eye(3))], "bytes": b"\x00\x01", "file": "note", "model": fitted()}
    back = skops.io.loads(stable_bytes(skops.io.dumps(whole)), trusted=["scipy.sparse._csr.csr_matrix"])
    np.testing.assert_array_equal(back["a"], shared)
    assert back["a"] is back["b"][0]
    np.testing.assert_array_equal(back["b"][1].toarray(), np.eye(3))
    assert back["bytes"] == b"\x00\x01"
    assert back["file"] == "note"
    X = np.random.default_rng(2).normal(size=(7, 3))
    np.testing.assert_array_equal(back["model"].predict_proba(X), whole["model"].predict_proba(X))


def test_neither_time_nor_address_is_kept() -> None:
    data = stable_bytes(skops.io.dumps(fitted()))
    with ZipFile(io.BytesIO(data)) as file:
        assert {member.date_time for member in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(len(name.split(".")[0]) < 4 for name in file.namelist() if name != "schema.json")
