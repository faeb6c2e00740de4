"""Orders that are the same, turned round, or none."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.evaluation.compare.rank_correlation import rank_correlation


def test_a_flat_map_has_no_correlation() -> None:
    rising, flat = np.arange(4.0).reshape(2, 2), np.ones((2, 2))
    assert rank_correlation(rising, rising**2) == 1
    assert rank_correlation(rising, -rising) == -1
    assert np.isnan(rank_correlation(flat, rising))
    assert np.isnan(rank_correlation(rising, flat))


def test_by_hand() -> None:
    # ranks 1 2 3 4 and 4 1 2 3: differences of -3, 1, 1 and 1, and 1 - 6 * 12 / (4 * 15)
    assert rank_correlation([1, 2, 3, 4], [4.5, 2, 3, 4]) == pytest.approx(-0.2)
