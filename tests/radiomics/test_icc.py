"""ICC against published values."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.radiomics.icc import icc_2_1

# Shrout and Fleiss 1979, table 2: six subjects, four judges; table 4: ICC(2,1) = 0.29
RATINGS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)


def test_published_example() -> None:
    assert icc_2_1(RATINGS[:, :, None])[0] == pytest.approx(0.2898, abs=5e-5)


def test_features_are_independent_and_missing_subjects_are_left_out() -> None:
    with_gap = np.vstack([RATINGS, [5, np.nan, 5, 5]])
    perfect = np.repeat(np.arange(7.0)[:, None], 4, axis=1)
    icc = icc_2_1(np.stack([with_gap, perfect, np.ones((7, 4))], axis=2))
    assert icc[:2] == pytest.approx([0.2898, 1.0], abs=5e-5)
    assert np.isnan(icc[2])


def test_a_constant_shift_of_one_reader_lowers_absolute_agreement() -> None:
    first = np.arange(10.0)
    same, shifted = (icc_2_1(np.stack([first, first + shift], axis=1)[:, :, None])[0] for shift in (0.0, 3.0))
    assert same == pytest.approx(1.0)
    assert shifted < 0.8


def test_wrong_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="2 or more raters"):
        icc_2_1(RATINGS[:, :1, None])
