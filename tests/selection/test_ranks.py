"""Ranks of columns: by hand, and against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from sonoher2.selection.ranks import column_ranks


def test_equal_values_share_their_mean_rank() -> None:
    X = np.array([[3.0, 5.0, -1.0], [1.0, 5.0, 2.0], [3.0, 5.0, 0.0], [9.0, 5.0, -7.0]])
    assert column_ranks(X).tolist() == [[2.5, 2.5, 2.0], [1.0, 2.5, 4.0], [2.5, 2.5, 3.0], [4.0, 2.5, 1.0]]


def test_the_last_value_of_a_column_is_no_tie_of_the_next_column() -> None:
    assert column_ranks(np.array([[1.0, 2.0], [2.0, 3.0]])).tolist() == [[1.0, 1.0], [2.0, 2.0]]


@pytest.mark.parametrize("decimals", [0, 1, 12])
@pytest.mark.parametrize("shape", [(57, 9), (1, 4), (30, 0)])
def test_as_from_scipy(shape: tuple[int, int], decimals: int) -> None:
    X = np.round(np.random.default_rng(decimals).normal(size=shape), decimals)
    assert np.array_equal(column_ranks(X), rankdata(X, axis=0))
    # what follows multiplies matrices, whose last bits depend on the order in memory
    assert column_ranks(X).flags.c_contiguous
