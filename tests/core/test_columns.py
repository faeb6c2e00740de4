"""Columns of written tables are called what the program calls them."""

from __future__ import annotations

from sonoher2.core import columns


def test_each_name_is_its_own_spelling() -> None:
    names = {name: value for name, value in vars(columns).items() if name.isupper()}
    assert len(names) > 30
    assert {name: value for name, value in names.items() if value != name.lower()} == {}
    assert (columns.low("auc"), columns.high("auc")) == ("auc_low", "auc_high")
