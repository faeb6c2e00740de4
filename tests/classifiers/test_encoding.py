"""Clinical columns as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.classifiers.encoding import ClinicalEncoder
from sonoher2.core.errors import InputError

KINDS = {"age": "number", "birads": "ordered", "palpable": "yes/no", "histology": "category"}


def patients() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": [40.0, 50, 60, np.nan] * 5,
            "birads": [0.0, 1, 2, 3] * 5,
            "palpable": [1.0, 1, np.nan, 0] * 5,
            "histology": pd.Series((["IDC"] * 9 + ["ILC"] * 5 + ["rare"] + [None] * 5), dtype=object),
        }
    )


def test_columns() -> None:
    encoder = ClinicalEncoder(KINDS).fit(patients())
    Z = encoder.transform(patients())
    assert Z.columns.tolist() == [
        "age", "birads", "palpable", "histology=IDC", "histology=ILC", "histology=missing",
    ]  # fmt: skip
    assert Z[["age", "birads"]].mean().to_numpy() == pytest.approx(0)
    assert Z[["age", "birads"]].std(ddof=0).to_numpy() == pytest.approx(1)
    assert Z["age"].iloc[3] == pytest.approx(Z["age"].iloc[1])
    assert Z["palpable"].iloc[2] == 1
    assert Z.iloc[14, 3:].tolist() == [0, 0, 0]
    assert Z.iloc[15, 3:].tolist() == [0, 0, 1]


def test_new_patients_use_what_was_learned() -> None:
    encoder = ClinicalEncoder(KINDS).fit(patients())
    new = pd.DataFrame({"age": [np.nan], "birads": [np.nan], "palpable": [np.nan], "histology": ["never seen"]})
    Z = encoder.transform(new)
    assert np.isfinite(Z.to_numpy()).all()
    assert Z.iloc[0, 3:].tolist() == [0, 0, 0]
    assert encoder.transform(patients().iloc[:1]).to_numpy() == pytest.approx(encoder.transform(patients()).iloc[[0]])


def test_nothing_known_is_zero_and_an_absent_column_is_an_error() -> None:
    table = patients().assign(age=np.nan)
    assert (ClinicalEncoder(KINDS).fit_transform(table)["age"] == 0).all()
    with pytest.raises(InputError, match="age"):
        ClinicalEncoder(KINDS).fit(patients().drop(columns="age"))
