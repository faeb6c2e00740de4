"""What the selection steps share, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.selection.base import class_numbers, class_share, f_statistic, unit_columns

# classes 0 0 1 1 1; values with means 2 and 7 around 5; a constant; values perfectly apart
X = np.array([[1.0, 5, 0], [3, 5, 0], [6, 5, 1], [7, 5, 1], [8, 5, 1]])
Y = np.array([0, 0, 1, 1, 1])


def test_classes_are_numbered_in_their_order() -> None:
    assert class_numbers(["pos", "neg", "pos"]).tolist() == [1, 0, 1]
    assert class_numbers([7, 3, 5]).tolist() == [2, 0, 1]
    with pytest.raises(ValueError, match="y holds only one class, 'pos'; at least two are needed"):
        class_numbers(np.array(["pos", "pos"], dtype=object))


def test_share_of_the_variance_between_the_classes() -> None:
    # between: 2 * 3² + 3 * 2² = 30; within: 2 * 1 + 2 * 1 = 4
    np.testing.assert_allclose(class_share(X, Y), [30 / 34, 0, 1])


def test_f_of_classes_that_are_perfectly_apart_is_finite() -> None:
    # 30 / 1 over 4 / 3; none; the share stops at 1 - 1e-12
    np.testing.assert_allclose(f_statistic(X, Y)[:2], [22.5, 0])
    assert f_statistic(X, Y)[2] == pytest.approx(3e12, rel=1e-3)
    # as many classes as patients leave no degree of freedom: one is taken
    assert f_statistic(np.array([[1.0], [2]]), np.array([0, 1]))[0] == pytest.approx(1e12, rel=1e-3)


def test_unit_columns_have_no_mean_and_length_one() -> None:
    np.testing.assert_allclose(unit_columns(np.array([[3.0, 4], [-3, 4], [0, 4]]))[:, 0], [0.5**0.5, -(0.5**0.5), 0])
    assert not unit_columns(X)[:, 1].any()
