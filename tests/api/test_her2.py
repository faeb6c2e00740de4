from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sonoher2


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"ihc": "3+"}, "positive"),
        ({"ihc": 1}, "low"),
        ({"ihc": 0.0}, "zero"),
        ({"ihc": "0 (ultralow)"}, "ultralow"),
        ({"ihc": "2+", "ish": "amplified"}, "positive"),
        # group 2: a ratio of 2.0 or more with fewer than 4.0 copies
        ({"ihc": "2+", "ratio": 2.1, "copies": 3.5}, "low"),
        # group 3: 6.0 copies or more with a lower ratio
        ({"ihc": "2+", "ratio": 1.8, "copies": 6.0}, "positive"),
        # not the other way round
        ({"ihc": "2+", "ratio": 6.0, "copies": 1.8}, "low"),
        ({"ish": "negative"}, "negative"),
        ({"ihc": float("nan"), "ish": None}, "indeterminate"),
    ],
)
def test_status_of_one_patient(given: dict[str, object], status: str) -> None:
    assert sonoher2.her2_status(**given).status == status


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(sonoher2.InputError, match="'many'"):
        sonoher2.her2_status("many")
    with pytest.raises(sonoher2.InputError, match="rule"):
        sonoher2.her2_status("2+", rule="ASCO/CAP 1999")


def test_a_table_keeps_its_order_and_index() -> None:
    table = pd.DataFrame({"IHC": [2.0, np.nan, 0.0], "FISH": ["扩增", "negative", None]}, index=[7, 3, 5])
    found = sonoher2.her2_statuses(table, ihc="IHC", ish="FISH")
    assert found.index.tolist() == [7, 3, 5]
    assert found["status"].tolist() == ["positive", "negative", "zero"]
    assert found["branch"].tolist() == ["IHC 2+, ISH positive", "IHC missing, ISH negative", "IHC 0, no ISH"]


def test_rows_of_one_patient_are_one() -> None:
    table = pd.DataFrame({"id": ["b", "a", "b"], "IHC": ["3+", "1+", "3+"]})
    assert sonoher2.her2_statuses(table, ihc="IHC", patient_id="id")["status"].to_dict() == {
        "a": "low", "b": "positive"
    }  # fmt: skip
    with pytest.raises(sonoher2.InputError, match="differ"):
        sonoher2.her2_statuses(table.assign(IHC=["3+", "1+", "0"]), ihc="IHC", patient_id="id")


def test_spellings_can_be_explained() -> None:
    table = pd.DataFrame({"IHC": ["HER2+", "1+"]})
    with pytest.raises(sonoher2.InputError):
        sonoher2.her2_statuses(table, ihc="IHC")
    found = sonoher2.her2_statuses(table, ihc="IHC", values={"HER2+": "3+"})
    assert found["status"].tolist() == ["positive", "low"]


def test_a_doubt_is_a_warning() -> None:
    table = pd.DataFrame({"IHC": ["2+"], "FISH": ["positive"], "ratio": [2.4]})
    with pytest.warns(UserWarning, match="guideline of 2013"):
        found = sonoher2.her2_statuses(table, ihc="IHC", ish="FISH", ratio="ratio")
    assert found["status"].tolist() == ["indeterminate"]


def test_only_the_columns_of_her2_are_read_whatever_the_index() -> None:
    table = pd.DataFrame({"IHC": ["0", "many"], "embedding": [[1, 2], [3, 4]]}, index=["first", "second"])
    found = sonoher2.her2_statuses(table, ihc="IHC", values={"many": "3+"})
    assert found["status"].to_dict() == {"first": "zero", "second": "positive"}
    with pytest.raises(sonoher2.InputError, match=r"row 1: .*'many'"):
        sonoher2.her2_statuses(table, ihc="IHC")


def test_patients_of_a_table_are_needed() -> None:
    table = pd.DataFrame({"id": ["a", None], "IHC": ["0", "1+"]})
    with pytest.raises(sonoher2.InputError, match="row 1: a row without a patient"):
        sonoher2.her2_statuses(table, ihc="IHC", patient_id="id")
    with pytest.raises(sonoher2.InputError, match="no column 'patient'"):
        sonoher2.her2_statuses(table, ihc="IHC", patient_id="patient")


def test_a_column_that_is_not_there_is_told_with_those_that_are() -> None:
    table = pd.DataFrame({"IHC": ["0"], "FISH": [None], "notes": [["any", "thing"]]})
    with pytest.raises(sonoher2.InputError, match=r"no column 'fish'\. Did you mean 'FISH'\?") as error:
        sonoher2.her2_statuses(table, ihc="IHC", ish="fish")
    assert "The columns are: IHC, FISH, notes" in str(error.value)


def test_columns_may_have_numbers_for_names() -> None:
    table = pd.DataFrame({0: ["0", "1+", "2+", "3+"], 1: [None, None, "amplified", None]})
    found = sonoher2.her2_statuses(table, ihc=0, ish=1)  # type: ignore[arg-type]
    assert found["status"].tolist() == ["zero", "low", "positive", "positive"]


def test_a_table_that_is_none_or_names_a_column_twice_is_refused() -> None:
    with pytest.raises(sonoher2.InputError, match="not of type Series"):
        sonoher2.her2_statuses(pd.Series(["0"], name="IHC"), ihc="IHC")  # type: ignore[arg-type]
    twice = pd.DataFrame([["0", "3+"]], columns=["IHC", "IHC"])
    with pytest.raises(sonoher2.InputError, match="several columns 'IHC'"):
        sonoher2.her2_statuses(twice, ihc="IHC")


def test_blanks_around_a_patient_are_none_of_the_name() -> None:
    table = pd.DataFrame({"who": ["P1", "P1 ", "P2"], "IHC": ["3+", "3+", "0"]})
    found = sonoher2.her2_statuses(table, ihc="IHC", patient_id="who")
    assert found["status"].to_dict() == {"P1": "positive", "P2": "zero"}
    with pytest.raises(sonoher2.InputError, match="a row without a patient"):
        sonoher2.her2_statuses(table.assign(who=["P1", "  ", "P2"]), ihc="IHC", patient_id="who")
