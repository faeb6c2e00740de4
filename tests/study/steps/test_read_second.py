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


@pytest.mark.parametrize(
    ("kind", "own", "trained", "same"),
    [
        ("ordered", ["1", "2", "3"], ["1", "2", "3"], True),
        ("ordered", ["1.0", "2"], ["1", "2", "3"], True),
        ("ordered", ["3", "4A", "5", "6"], ["3", "4a", "5"], True),
        # grades that are counted from 0 would be read as the next lower ones
        ("ordered", ["0", "1", "2"], ["1", "2", "3"], False),
        ("ordered", ["3", "2", "1"], ["1", "2", "3"], False),
        ("yes/no", ["pre", "post"], ["pre", "post"], True),
        ("yes/no", ["post", "pre"], ["pre", "post"], False),
        ("yes/no", ["无", "有"], [], True),
        # 1 for no and 2 for yes: 1 would be read as yes
        ("yes/no", ["1", "2"], [], False),
        ("yes/no", [], ["pre", "post"], True),
        ("category", ["b"], ["a", "b"], True),
    ],
)
def test_scales_on_which_a_word_means_something_else_are_refused(
    kind: str, own: list[str], trained: list[str], same: bool
) -> None:
    given, model = (column(kind=kind, levels=levels) for levels in (own, trained))
    if same:
        assert _as_trained("x", given, model).levels == trained
        return
    with pytest.raises(InputError, match=f"clinical.columns.x: the levels are {', '.join(own)}, the model's"):
        _as_trained("x", given, model)
