"""Columns of a cohort's tables are called what the program calls them."""

from __future__ import annotations

from sonoher2.cohort.tables import columns


def test_each_name_is_its_own_spelling() -> None:
    names = {name: value for name, value in vars(columns).items() if name.isupper()}
    assert len(names) > 40
    assert {name: value for name, value in names.items() if value != name.lower()} == {}
