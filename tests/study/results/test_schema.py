"""Declarations of tables: what fits, what does not, and how a cell is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.study.results.schema import DICTIONARY, Column, SchemaError, declare
from sonoher2.study.steps.tables import TABLES, check_tables, declared, tables_of
from study_results import changed

COUNTS = declare(
    "Events",
    "signature",
    Column("sure", "truth", "whether it is sure"),
    "n",
    "auc",
    ends=["auc"],
    optional=["sure"],
)


def table(**columns: object) -> pd.DataFrame:
    values = {"signature": ["a", "b"], "n": [3, 4], "auc": [0.5, np.nan], "auc_low": [0.4, 0.1], "auc_high": [0.6, 0.9]}
    return pd.DataFrame(values | columns)


def test_a_table_that_is_as_declared_passes() -> None:
    assert COUNTS.names == ("signature", "sure", "n", "auc", "auc_low", "auc_high")
    COUNTS.check(table(), "events")
    COUNTS.check(table(sure=[True, False]), "events")
    COUNTS.check(table(n=pd.array([3, None], dtype="Int64")), "events")
    COUNTS.check(pd.DataFrame(), "events")


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"more": [1, 2]}, "has more, which is not declared"),
        ({"n": [0.5, 1]}, "n is no count"),
        ({"n": ["3", "4"]}, "n is no count"),
        ({"auc": ["0.5", "0.6"]}, "auc is no number"),
        ({"auc": [True, False]}, "auc is no number"),
        ({"signature": [1, 2]}, "signature is no text"),
        ({"sure": ["yes", "no"]}, "sure is no truth"),
    ],
)
def test_a_column_that_is_not_as_declared_is_named(columns: dict[str, list[object]], problem: str) -> None:
    with pytest.raises(SchemaError, match=f"the table events {problem}"):
        COUNTS.check(table(**columns), "events")


def test_missing_columns_and_another_index_are_named() -> None:
    with pytest.raises(SchemaError, match="lacks auc_low"):
        COUNTS.check(table().drop(columns="auc_low"), "events")
    patients = TABLES["cohort.patients"]
    frame = pd.DataFrame({"set": ["test"], "label": ["x"], "images": [1], "age": [50.0]})
    with pytest.raises(SchemaError, match="has the index None, not patient_id"):
        patients.check(frame, "patients")
    patients.check(frame.rename_axis("patient_id"), "patients")


def test_cells_are_shown_by_kind() -> None:
    shown = COUNTS.shown(table(n=[1234, 4], sure=[True, False]))
    assert shown.columns.tolist() == ["Signature", "Sure", "n", "AUC", "AUC, lower", "AUC, upper"]
    assert shown.iloc[0].tolist() == ["a", "yes", "1,234", "0.50", "0.40", "0.60"]
    assert shown.iloc[1].tolist() == ["b", "no", "4", "", "0.10", "0.90"]
    assert DICTIONARY["p_holm"].shown(pd.Series([0.01249])) == ["0.012"]


def test_every_table_of_a_study_is_declared(finished) -> None:
    check_tables(finished.result)
    names = {name for name, found in tables_of(finished.result) if found.shape[1]}
    undeclared = {name for name in names if name not in declared()}
    assert all(name.startswith("explanations.attributions.") for name in undeclared)
    assert {"performance.signatures", "uncertainty.zones", "robustness.feature_icc", "checks.table"} <= names


def test_a_result_with_another_table_is_refused(finished) -> None:
    signatures = finished.result.performance.signatures
    with pytest.raises(SchemaError, match=r"the table performance\.signatures lacks brier"):
        check_tables(changed(finished.result, signatures=signatures.drop(columns="brier")))
    with pytest.raises(SchemaError, match=r"performance\.signatures auc is no number"):
        check_tables(changed(finished.result, signatures=signatures.assign(auc="0.5")))


def test_columns_of_one_meaning_are_shown_alike_everywhere() -> None:
    assert {name: column.digits for name, column in DICTIONARY.items() if column.digits != 2} == {
        "p": 3, "p_holm": 3, "p_auc": 3,
    }  # fmt: skip
    assert {name: column.title for name, column in DICTIONARY.items() if column.title} == {
        "auc": "AUC", "n": "n", "p": "p", "p_holm": "p (Holm)", "ppv": "PPV", "npv": "NPV",
    }  # fmt: skip
    kinds = {name: DICTIONARY[name].kind for name in ("signature", "events", "auc", "chosen")}
    assert kinds == {"signature": "text", "events": "count", "auc": "number", "chosen": "truth"}
    assert DICTIONARY["features_in"].heading == "Features in"
    [low] = [column for column in COUNTS.columns if column.name == "auc_low"]
    assert (low.kind, low.meaning, low.digits) == ("number", "lower end of the interval", 2)
