"""Small crops: bright round lesions against dark ones, in speckle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

SIZE = 32


def lesion_crops(n: int, *, bright: bool, seed: int, size: int = SIZE) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    crops = np.empty((n, 2, size, size), np.uint8)
    for number in range(n):
        radius = rng.uniform(0.2, 0.35) * size
        mask = (rows - size / 2) ** 2 + (columns - size / 2) ** 2 < radius**2
        grey = rng.normal(100, 25, mask.shape) + np.where(mask, 50 if bright else -50, 0)
        crops[number] = np.clip(grey, 1, 255), mask * 255
    return crops


@pytest.fixture(scope="session")
def patients() -> Callable[[int, int], tuple[list[NDArray[np.uint8]], NDArray[np.int64]]]:
    """Function (patients, seed) -> one array of one or two crops per patient, and their classes."""

    def make(n: int, seed: int) -> tuple[list[NDArray[np.uint8]], NDArray[np.int64]]:
        y = np.arange(n) % 2
        X = [lesion_crops(1 + i % 3 // 2, bright=bool(y[i]), seed=1000 * seed + i) for i in range(n)]
        return X, y

    return make
