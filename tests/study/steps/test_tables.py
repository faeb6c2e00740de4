"""Every table of a result is compared with its declaration, and found at whatever depth it lies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pandas as pd
import pytest

from sonoher2.study.results.parts import StudyResult
from sonoher2.study.results.schema import SchemaError
from sonoher2.study.steps.analyses import ANALYSES
from sonoher2.study.steps.tables import TABLES, check_tables, declared, tables_of
from study_facts import result


@dataclass(frozen=True)
class Inner:
    table: pd.DataFrame


@dataclass(frozen=True)
class Outer:
    first: Inner
    named: dict[str, pd.DataFrame] = field(default_factory=dict)
    other: int = 3


def test_tables_are_named_by_their_place() -> None:
    one, two = pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [2]})
    found = dict(tables_of(Outer(Inner(one), {"own": two})))
    assert list(found) == ["first.table", "named.own"]
    assert found["first.table"] is one
    assert found["named.own"] is two


def test_every_analysis_is_declared_where_its_table_stands() -> None:
    known = declared()
    for analysis in ANALYSES:
        assert known[f"{analysis.part}.{analysis.name}"] is analysis.schema


def known() -> StudyResult:
    found = result(n=60)
    cohort = found.cohort.patients[~found.cohort.patients.index.duplicated()].assign(images=1)
    return replace(found, cohort=replace(found.cohort, patients=cohort))


def test_a_table_that_lacks_a_column_is_named() -> None:
    check_tables(known())
    spoiled = known()
    predictions = spoiled.performance.predictions.drop(columns="score")
    spoiled = replace(spoiled, performance=replace(spoiled.performance, predictions=predictions))
    with pytest.raises(SchemaError, match=r"performance\.predictions lacks score"):
        check_tables(spoiled)


def test_updates_have_intervals_where_they_are_estimated() -> None:
    names = declared()["external.updated.figures"].names
    for name in ("auc", "slope", "intercept"):
        place = names.index(name)
        assert names[place : place + 3] == (name, f"{name}_low", f"{name}_high")
    assert "brier_low" not in names


def test_a_shift_shows_training_before_the_new_cohort() -> None:
    names = declared()["external.shift"].names
    assert [name for name in names if "training" in name or "new" in name] == [
        "training", "new", "missing_training", "missing_new",
    ]  # fmt: skip


def test_columns_stand_in_the_order_in_which_they_are_read() -> None:
    names = {name: " ".join(schema.names) for name, schema in TABLES.items()}
    assert names["cohort.segmented"] == "patient_id image frame mask found confidence dice problem network"
    assert names["external.updated.figures"] == (
        "signature outcome update a b n events expected auc auc_low auc_high slope slope_low slope_high"
        " intercept intercept_low intercept_high brier"
    )
    assert names["checks.shortcuts"] == "shortcut outcome n events auc auc_low auc_high p p_holm"
    assert names["explanations.heat.shares"] == "patient_id label called lesion ring elsewhere lesion_area ring_area"


def test_only_some_tables_have_columns_of_the_study_and_only_some_columns_may_be_absent() -> None:
    assert {name for name, schema in TABLES.items() if schema.further} == {"cohort.patients", "model.heatmap"}
    assert {name for name, schema in TABLES.items() if schema.index} == {"cohort.patients", "model.heatmap"}
    assert {name: set(schema.optional) for name, schema in TABLES.items() if schema.optional} == {
        "cohort.segmented": {"network"}, "model.selection": {"fallback"},
    }  # fmt: skip
