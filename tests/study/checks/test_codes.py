"""MISS002: codes of missing values, and true values that look like them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.study.checks.codes import WORDS, coded_values, is_coded
from study_facts import facts, with_clinical

NUMBER = ClinicalColumn(kind="number", timing="pre-biopsy")


@pytest.mark.parametrize(
    ("code", "count", "state"),
    [
        (-9, 1, "warning"),
        (-99, 5, "warning"),
        (999, 1, "warning"),
        (99, 1, "passed"),
        (99, 5, "warning"),
        (-2, 5, "passed"),
    ],
)
def test_miss002_numbers_that_stand_for_missing_values(code: float, count: int, state: str) -> None:
    """Measured values lie between 30 and 70, with a standard deviation of some 12."""
    values = np.random.default_rng(1).uniform(30, 70, 200)
    values[:count] = code
    outcome = coded_values(with_clinical(facts(), "ca153", list(values)))
    assert outcome.state == state
    if outcome.finding is not None:
        assert f"ca153 ({code} in {count} of 200)" in outcome.finding.what


def test_miss002_lets_true_values_pass() -> None:
    rng = np.random.default_rng(2)
    for values in (rng.normal(0, 9, 200).round(), rng.integers(0, 120, 200), rng.integers(800, 1200, 200)):
        assert coded_values(with_clinical(facts(), "x", list(values.astype(float)))).state == "passed"


def test_miss002_a_code_among_the_levels_of_a_category() -> None:
    levels = ["left", "right", "-9", "9"] * 50
    outcome = coded_values(with_clinical(facts(), "side", levels, kind="category"))
    assert outcome.finding is not None
    assert "side (-9 in 50 of 200)" in outcome.finding.what
    assert coded_values(facts(images=False, clinical={"table": "c.csv"})).state in ("passed", "not checked")


CODES = [-1, -7, -8, -9, -77, -88, -99, -777, -888, -999, -9999, -99999]
CODES += [99, 999, 9999, 99999, 888, 8888, 777, 7777, 99.9, 999.9]


@pytest.mark.parametrize("code", CODES)
def test_miss002_each_code_stands_apart_from_values_near_nought(code: float) -> None:
    values = pd.Series([0.0, 1.0, 2.0, code])
    assert is_coded(values, NUMBER).tolist() == [False, False, False, True]
    near = pd.Series([0.0, 1.0, 2.0, code + 0.5])
    assert not is_coded(near, NUMBER).any()


def test_miss002_levels_of_a_category_that_are_codes() -> None:
    """1, 7 and 8 are levels, whatever their sign."""
    words = [
        "-9",
        "-77",
        "-88",
        "-99",
        "-777",
        "-888",
        "-999",
        "-9999",
        "-99999",
        "99",
        "999",
        "9999",
        "99999",
        "888",
        "8888",
        "777",
        "7777",
        "99.9",
        "999.9",
    ]
    assert words == sorted(WORDS, key=words.index)
    category = ClinicalColumn(kind="category", timing="pre-biopsy")
    assert is_coded(pd.Series(["-1", " 99 ", None, "-9", "9", 99], dtype=object), category).tolist() == [
        False, True, False, True, False, False,
    ]  # fmt: skip
    ordered = ClinicalColumn(kind="ordered", timing="pre-biopsy", levels=["a", "b"])
    assert not is_coded(pd.Series([0.0, 99.0]), ordered).any()


@pytest.mark.parametrize(
    ("others", "code", "count", "coded"),
    [
        # negative where no other is; 0 is not negative
        ([0.0, 50.0], -1, 1, True),
        ([-0.5, 50.0], -1, 1, False),
        # further away than the others are from each other: 59 to 79 is 20, 79 to 99 too
        ([59.0, 79.0], 99, 1, False),
        ([59.5, 79.0], 99, 1, True),
        # a deviation of 14.1 is less than 20, so that three times are enough, and two are not
        ([59.0, 79.0], 99, 3, True),
        ([59.0, 79.0], 99, 2, False),
        # 84 to 99 is 15, and the deviation 15 / sqrt(2) = 10.6; of 50 and 90 it is 28
        ([69.0, 84.0], 99, 3, True),
        ([50.0, 90.0], 99, 3, False),
        # below all others: 0 to -9 is 9
        ([-100.0, -95.0], -9, 1, True),
    ],
)  # fmt: skip
def test_miss002_a_code_must_stand_apart(others: list[float], code: float, count: int, coded: bool) -> None:
    values = pd.Series([*others, *[code] * count])
    assert is_coded(values, NUMBER).sum() == (count if coded else 0)
    assert not is_coded(pd.Series([99.0, 99.0, np.nan]), NUMBER).any()
