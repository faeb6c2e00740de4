"""Which clinical values a page asks for, and what it offers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from sonoher2.bundle.training import LevelSummary, NumberSummary
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.server.work.fields import _field
from sonoher2.server.work.models import ClinicalField


def field(known: NumberSummary | LevelSummary | None = None, **declared: Any) -> ClinicalField:
    column = ClinicalColumn(timing="pre-biopsy", **declared)
    schema: Any = SimpleNamespace(training=SimpleNamespace(clinical={"k_1": known} if known else {}))
    return _field(schema, "k_1", column)


def number(*quantiles: float) -> NumberSummary:
    return NumberSummary(missing=0, mean=1, sd=1, quantiles=quantiles)


def test_a_number_shows_the_range_of_the_training_patients() -> None:
    shown = field(number(21.5, 40, 80), kind="number", unit="years", column="Age at_visit", low=0, high=120)
    assert shown == ClinicalField(
        "k_1", "Age at visit", "number", "years", 21.5, 80, (), "training patients: 21.5 to 80", "pre-biopsy"
    )
    # where no training patient had a value, the bounds of the study file
    unknown = field(number(), kind="number", low=0, high=120)
    assert (unknown.label, unknown.low, unknown.high, unknown.help) == ("k 1", 0, 120, "")


def test_choices_are_those_of_the_study_file_else_those_that_were_seen() -> None:
    levels = LevelSummary(missing=0, shares={"B": 0.75, "A": 0.25})
    assert field(levels, kind="category").choices == ("B", "A")
    assert field(levels, kind="category", levels=["A", "B", "C"]).choices == ("A", "B", "C")
    ordered = field(number(0, 1), kind="ordered", levels=["low", "high"])
    # codes of levels are no range
    assert (ordered.kind, ordered.choices, ordered.low, ordered.high, ordered.help) == (
        "ordinal", ("low", "high"), None, None, ""
    )  # fmt: skip
    binary = field(number(0, 1), kind="yes/no")
    assert (binary.kind, binary.choices, binary.low) == ("binary", ("no", "yes"), None)
    assert field(kind="category").choices == ()
