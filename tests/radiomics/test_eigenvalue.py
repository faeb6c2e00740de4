"""The largest eigenvalue against numpy's full decomposition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from sonoher2.radiomics.eigenvalue import largest_magnitude


def correlation_matrix(size: int, seed: int, width: float) -> np.ndarray:
    """P / sqrt(p_i p_j) less its first eigenvector, of neighbours in a smooth image with few pixels at the extremes."""
    image = gaussian_filter(np.random.default_rng(seed).standard_normal((80, 90)), width)
    levels = np.digitize(image, np.linspace(image.min(), image.max(), size + 1)[1:-1])
    counts = np.zeros((size, size))
    np.add.at(counts, (levels[:, 1:].ravel(), levels[:, :-1].ravel()), 1)
    counts += counts.T
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=1) > 0] / counts.sum()
    root = np.sqrt(counts.sum(axis=1))
    return counts / np.outer(root, root) - np.outer(root, root)


@pytest.mark.parametrize("width", [0.0, 0.8, 2.0, 6.0, 12.0])
@pytest.mark.parametrize("size", [2, 5, 32, 100, 200])
def test_correlation_matrices(size: int, width: float):
    for seed in range(20):
        matrix = correlation_matrix(size, seed, width)
        expected = np.abs(np.linalg.eigvalsh(matrix)).max()
        assert largest_magnitude(matrix) == pytest.approx(expected, abs=1e-10)


def test_negative_eigenvalue_and_zero_matrix():
    assert largest_magnitude(np.diag([0.2, -0.7, 0.5])) == pytest.approx(0.7)
    assert largest_magnitude(np.array([[-0.25]])) == pytest.approx(0.25)
    assert largest_magnitude(np.zeros((4, 4))) == pytest.approx(0, abs=1e-12)
