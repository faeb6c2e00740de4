"""Which values of a column a page may show, and how they are counted."""

from __future__ import annotations

import pandas as pd
import pytest

from sonoher2.server.studies.drafts.columns import LONGEST, MOST_DISTINCT, counts, shows_values


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        ("echo", ["low", "high", None], True),
        ("echo", [], True),
        # names of columns tell enough
        ("姓名", ["a", "b"], False),
        ("Patient ID", ["1", "2"], False),
        ("住院号", ["1", "2"], False),
        ("who", ["1", "2"], False),
        # dates, long numbers, addresses of mail, names of images
        ("seen", ["2020-01-02", "2020-03-04", "x"], False),
        ("seen", ["2020-01-02", "x"], True),
        ("note", ["12345", "54321", "x"], False),
        ("note", ["1234", "4321", "x"], True),
        ("note", ["AB12345", "AB54321"], False),
        ("note", ["110105194912310021", "11010519491231002X", "1"], False),
        ("note", ["11010519491231002X", "11010519491231002x"], False),
        ("note", ["a@b.org", "c@d.org"], False),
        ("note", ["a.png", "b.dcm"], False),
    ],
)
def test_values_that_may_tell_who_a_patient_is_are_not_shown(
    name: str, values: list[str | None], *, shown: bool
) -> None:
    assert shows_values(name, pd.Series(values, dtype=object), ["who"]) is shown


def test_many_values_are_shown_of_a_number_alone() -> None:
    words = [f"w{'x' * i}" for i in range(MOST_DISTINCT + 1)]
    assert shows_values("note", pd.Series(words[:-1]), [])
    assert not shows_values("note", pd.Series(words), [])
    numbers = [str(40 + i / 10) for i in range(50)]
    assert shows_values("note", pd.Series([*numbers, *words]), [])
    # as many words as numbers: it is no column of numbers
    assert not shows_values("note", pd.Series([*numbers[:31], *words]), [])


def test_the_commonest_come_first_and_long_ones_are_cut() -> None:
    long = "y" * (LONGEST + 1)
    found = counts(pd.Series({"b": 2, "a": 2, "c": 5, long: 1, "z": 1}), 4)
    assert [(one.value, one.count) for one in found] == [("c", 5), ("a", 2), ("b", 2), ("y" * LONGEST + "…", 1)]
    assert counts(pd.Series({"y" * LONGEST: 1}), 4)[0].value == "y" * LONGEST
