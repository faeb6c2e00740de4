"""A second cohort is read as the model reads: its kinds and levels, the cohort's own columns and spellings."""

from __future__ import annotations

import pytest

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core.errors import InputError
from sonoher2.study.steps.read_second import _as_trained


def column(**declared: object) -> ClinicalColumn:
    return ClinicalColumn.model_validate({"kind": "number", "timing": "pre-biopsy", **declared})


def test_the_cohort_says_where_a_value_stands_and_the_model_what_it_means() -> None:
    own = column(column="Alter", missing=["?"], timing="biopsy", unit="years")
    found = _as_trained("age", own, column(column="Age", missing=["-"], unit="years"))
    assert (found.column, found.missing) == ("Alter", ["?"])
    assert (found.timing, found.unit, found.kind) == ("pre-biopsy", "years", "number")
    assert _as_trained("age", column(), column(column="Age")).column == "age"


@pytest.mark.parametrize(
    ("own", "what"),
    [
        (column(kind="category"), "the column is of kind category, the model's of kind number"),
        (column(unit="months"), "the column is in months, the model's in years"),
    ],
)
def test_another_kind_or_unit_is_refused(own: ClinicalColumn, what: str) -> None:
    with pytest.raises(InputError, match=what):
        _as_trained("age", own, column(unit="years"))
