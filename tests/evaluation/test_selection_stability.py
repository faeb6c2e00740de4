"""Nogueira's index against the authors' published code and values worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.evaluation.selection_stability import nogueira_index

KEPT = [[1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 0, 0], [1, 1, 0, 0, 0, 0], [1, 0, 1, 0, 0, 1]]


def test_value_and_interval_of_the_published_code() -> None:
    # github.com/nogueirs/JMLR2018, python/stability: confidenceIntervals(KEPT)
    found = nogueira_index(KEPT)
    assert found.value == pytest.approx(3 / 11, abs=1e-12)
    assert found.low == pytest.approx(0.008586221179404, abs=1e-12)
    assert found.high == pytest.approx(0.536868324275142, abs=1e-12)
    # a lower level reaches less far: 0.6744898 of 1.9599640
    half = nogueira_index(KEPT, 0.5)
    assert half.high - half.value == pytest.approx((found.high - found.value) * 0.6744897502 / 1.9599639845)


def test_by_hand() -> None:
    # shares kept 1, 0.5, 0.5, 0: mean variance 2 * (0.25 + 0.25) / 4 = 0.25, by chance 0.5 * 0.5
    assert nogueira_index([[1, 1, 0, 0], [1, 0, 1, 0]]).value == pytest.approx(0)
    assert nogueira_index([[1, 1, 0, 0], [0, 0, 1, 1]]).value == pytest.approx(-1)
    same = nogueira_index([[1, 0, 0, 1]] * 5)
    assert (same.value, same.low, same.high) == (pytest.approx(1), pytest.approx(1), pytest.approx(1))


def test_at_random_it_is_about_zero_and_never_above_one() -> None:
    kept = np.random.default_rng(0).random((200, 400)) < 0.1
    found = nogueira_index(kept)
    assert abs(found.value) < 0.005
    assert found.low < 0 < found.high
    nearly = np.zeros((10, 50), dtype=bool)
    nearly[:, :5] = True
    nearly[0, 5] = True
    assert nogueira_index(nearly).high <= 1


@pytest.mark.parametrize("kept", [[[1, 0, 1]], [[0, 0], [0, 0]], [[1, 1], [1, 1]]])
def test_what_is_not_determined(kept: list[list[int]]) -> None:
    assert np.isnan(nogueira_index(kept).value)
