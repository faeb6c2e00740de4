"""Expected precision against Hanley and McNeil's own table."""

from __future__ import annotations

import pytest

from sonoher2.cohort.power import auc_half_width

Z = 1.959964


# Hanley and McNeil 1982, figure 1 and the worked example: AUC 0.893, 51 abnormal and 58 normal cases, SE 0.032
@pytest.mark.parametrize(("auc", "positives", "negatives", "error"), [(0.893, 51, 58, 0.032)])
def test_standard_error_of_the_published_example(auc: float, positives: int, negatives: int, error: float) -> None:
    assert auc_half_width(auc, positives, negatives) / Z == pytest.approx(error, abs=0.0006)


def test_by_hand() -> None:
    # Q1 = 0.75 / 1.25, Q2 = 1.125 / 1.75; 0.1875 + 2 (0.6 - 0.5625) + 1 (0.642857 - 0.5625), over 6
    assert auc_half_width(0.75, 3, 2) / Z == pytest.approx((0.3428571 / 6) ** 0.5, rel=1e-5)
    # 1.644854 standard errors are 90 %
    assert auc_half_width(0.75, 3, 2, confidence=0.9) == pytest.approx(1.644854 * (0.3428571 / 6) ** 0.5, rel=1e-5)


def test_more_patients_and_less_confidence_are_narrower() -> None:
    assert auc_half_width(0.75, 100, 100) < auc_half_width(0.75, 50, 50)
    assert auc_half_width(0.75, 50, 50, confidence=0.9) < auc_half_width(0.75, 50, 50)
