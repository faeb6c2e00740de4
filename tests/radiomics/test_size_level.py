"""The sum that entropies of counts are made of."""

from __future__ import annotations

import math

import pytest

from sonoher2.radiomics.size_level import x_log2_x


@pytest.mark.parametrize("count", [1, 2, 3, 4095, 4096, 4097, 100_000])
def test_x_log2_x_of_counts_in_the_table_and_beyond(count: int) -> None:
    assert x_log2_x(count) == pytest.approx(count * math.log2(count), rel=1e-15)


def test_nothing_adds_nothing_to_an_entropy() -> None:
    assert x_log2_x(0) == 0
