"""Texts that count as the same, and counts as they are written."""

from __future__ import annotations

import pytest

from sonoher2.core.spelling import folded, level, plain, plural


@pytest.mark.parametrize(
    ("text", "same"), [("  Stage  II ", "stage ii"), ("3.0", "3"), ("-2.00", "-2"), ("3.05", "3.05")]
)
def test_what_does_not_count(text: str, same: str) -> None:
    assert plain(text) == same


def test_folding_leaves_numbers() -> None:
    assert folded(" A  3.0 ") == "a 3.0"


def test_levels_and_counts() -> None:
    assert [level(share) for share in (0.95, 0.995, 0.9)] == ["95%", "99.5%", "90%"]
    assert [plural(count, "patient") for count in (0, 1, 2, 1200)] == [
        "0 patients", "1 patient", "2 patients", "1,200 patients",
    ]  # fmt: skip
