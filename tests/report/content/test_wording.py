"""Numbers, names and cells as text."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from sonoher2.report.content import cells, wording

NAN = math.nan


def test_numbers() -> None:
    assert wording.number(0.126) == "0.13"
    assert wording.number(0.1264, 3) == "0.126"
    assert wording.number(-0.001) == "0.00"
    assert wording.number(-0.5) == "−0.50"
    assert wording.number(NAN) == wording.number(math.inf) == "–"


def test_intervals_have_the_lower_bound_first() -> None:
    assert wording.interval(0.78, 0.67, 0.88) == "0.78 (0.67–0.88)"
    assert wording.interval(0.1, -0.1, 0.3) == "0.10 (−0.10 to 0.30)"
    assert wording.interval(0.1, NAN, 0.3) == wording.interval(0.1, 0.0, NAN) == "0.10"
    assert wording.interval(0.1234, 0.1, 0.2, 3) == "0.123 (0.100–0.200)"
    row = {"auc": 0.7, "auc_low": 0.6, "auc_high": 0.9}
    assert wording.estimate(row, "auc") == "0.70 (0.60–0.90)"
    assert wording.estimate({"auc": 0.7}, "auc", 3) == "0.700"


def test_p_values() -> None:
    assert wording.p_value(0.0009) == wording.p_equals(0.0009) == "<0.001"
    assert wording.p_value(0.001) == "0.001"
    assert wording.p_equals(0.0311) == "= 0.031"


def test_shares_and_signs() -> None:
    assert wording.percent(0.345) == "34%"
    assert wording.percent(NAN) == "–"
    assert wording.share(1200, 4800) == "1,200 (25%)"
    assert wording.share(0, 0) == "0"
    assert wording.signed(0.5) == "+0.50"
    assert wording.signed(-0.126) == "−0.13"


def test_lists() -> None:
    assert wording.listing([]) == ""
    assert wording.listing(["a"]) == "a"
    assert wording.listing(["a", "b", "c"]) == "a, b and c"
    assert wording.listing(["a", "b"], "or") == "a or b"
    assert wording.named("signature", ["A"]) == "signature A"
    assert wording.named("signature", ["A", "B"]) == "signatures A and B"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(59, "59.0 s"), (60, "1 min"), (59 * 60, "59 min"), (3600, "1 h 00 min"), (7260, "2 h 01 min")],
)
def test_durations(seconds: float, said: str) -> None:
    assert wording.duration(seconds) == said


def test_cells() -> None:
    data = pd.DataFrame(
        {"x": [0.5, NAN], "x_low": [0.4, NAN], "x_high": [0.7, NAN], "low": [0.1, 0.2], "high": [0.9, NAN]}
    )
    assert cells.intervals(data, "x") == ["0.50 (0.40–0.70)", "–"]
    assert cells.intervals(data, "x", "low", "high", 3) == ["0.500 (0.100–0.900)", "–"]
    assert cells.intervals(data, "high") == ["0.90", "–"]
    assert cells.numbers([0.5, NAN], 1) == ["0.5", "–"]
    assert cells.counts([1234.0, pd.NA]) == ["1,234", "–"]
    assert cells.percents([0.5]) == ["50%"]
    assert cells.p_values([0.5]) == ["0.500"]
    assert cells.row_numbers(data.iloc[1:])["low"] == 0.2
    assert math.isnan(cells.row_numbers(data.iloc[1:])["x"])


def test_headings_and_plain_tables() -> None:
    assert cells.title_of("features_in") == "Features in"
    assert cells.title_of("auc") == "AUC"
    data = pd.DataFrame({"n": [1234], "some_name": ["x"], "value": [0.25]})
    shown = cells.plain_table(data)
    assert shown.columns.tolist() == ["n", "Some name", "Value"]
    assert shown.iloc[0].tolist() == ["1,234", "x", "0.25"]
