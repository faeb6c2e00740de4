"""MISS002: codes of missing values, and true values that look like them."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.study.checks.codes import coded_values
from study_facts import facts, with_clinical


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
