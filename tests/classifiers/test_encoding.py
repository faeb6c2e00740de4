"""Clinical columns as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.classifiers.encoding import ClinicalEncoder, CodedEncoder, coded
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
    assert encoder.transform(new.set_axis(["P7"])).index.tolist() == ["P7"]
    assert encoder.transform(patients().iloc[:1]).to_numpy() == pytest.approx(encoder.transform(patients()).iloc[[0]])


def test_nothing_known_is_zero_and_an_absent_column_is_an_error() -> None:
    table = patients().assign(age=np.nan)
    assert (ClinicalEncoder(KINDS).fit_transform(table)["age"] == 0).all()
    with pytest.raises(InputError, match="age"):
        ClinicalEncoder(KINDS).fit(patients().drop(columns="age"))


def test_what_is_learned_of_each_kind() -> None:
    table = pd.DataFrame(
        {
            "age": [40.0, 50, 90, np.nan],
            "birads": [2.0, 2, 2, np.nan],
            "palpable": [1.0, 0, 0, np.nan],
            "histology": pd.Series(["IDC"] * 4, dtype=object),
        }
    )
    encoder = ClinicalEncoder(KINDS).fit(table)
    # the median 50 fills the gap: mean 57.5, variance (17.5² + 7.5² + 32.5² + 7.5²) / 4 = 368.75
    assert (encoder.fill_["age"], encoder.mean_["age"]) == (50, 57.5)
    assert encoder.scale_["age"] == pytest.approx(368.75**0.5)
    assert encoder.range_ == {"age": (40, 90), "birads": (2, 2), "palpable": (0, 1)}
    # a column that does not vary keeps the scale 1
    assert (encoder.fill_["birads"], encoder.mean_["birads"], encoder.scale_["birads"]) == (2, 2, 1)
    # a missing answer is the more frequent one, and 0 and 1 stay as they are
    assert (encoder.fill_["palpable"], encoder.mean_["palpable"], encoder.scale_["palpable"]) == (0, 0, 1)
    unknown = ClinicalEncoder({"age": "number"}).fit(table.assign(age=np.nan))
    assert (unknown.fill_, unknown.range_) == ({"age": 0.0}, {"age": (0.0, 0.0)})


@pytest.mark.parametrize(("count", "known"), [(4, False), (5, True)])
def test_a_level_needs_five_patients(count: int, known: bool) -> None:
    histology = pd.DataFrame({"histology": pd.Series(["IDC"] * 9 + ["ILC"] * count, dtype=object)})
    encoder = ClinicalEncoder({"histology": "category"}).fit(histology)
    assert encoder.levels_ == {"histology": ["IDC", "ILC"] if known else ["IDC"]}
    assert encoder.rare_ == {"histology": not known}


def test_coded_categories_are_encoded_as_the_categories_themselves() -> None:
    names = {"histology": ["IDC", "ILC", "rare"]}
    codes = coded(patients(), names)
    assert codes["histology"].iloc[[0, 9, 14]].tolist() == [0, 1, 2]
    assert np.isnan(codes["histology"].iloc[15])
    assert codes["age"].iloc[0] == 40
    plain, by_code = ClinicalEncoder(KINDS).fit(patients()), CodedEncoder(KINDS, names).fit(codes)
    pd.testing.assert_frame_equal(by_code.transform(codes), plain.transform(patients()))
    new = patients().iloc[:1].assign(histology="never seen")
    assert coded(new, names)["histology"].tolist() == [-1]
    assert by_code.transform(coded(new, names)).iloc[0, 3:].tolist() == [0, 0, 0]
