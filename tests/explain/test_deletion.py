"""Whether a heat map can be believed: each figure on crops and networks that are made up."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from sonoher2.explain import deletion
from sonoher2.explain.deletion import deletion_curve, heat_shares, noise_map, randomised_similarity
from sonoher2.explain.gradcam import upsampled
from sonoher2.lesions.rings import peritumoural_ring


def test_the_hottest_pixels_are_blurred_first(monkeypatch: pytest.MonkeyPatch) -> None:
    deviations = []

    def blackened(grey: np.ndarray, deviation: float) -> np.ndarray:
        deviations.append(deviation)
        return 0 * grey

    monkeypatch.setattr(deletion, "gaussian_filter", blackened)
    crop = np.stack([np.full((32, 32), 1, np.uint8), np.full((32, 32), 9, np.uint8)])
    crop[0, 0, :2] = (101, 51)
    seen: list[np.ndarray] = []

    def embed(changed: np.ndarray) -> np.ndarray:
        seen.append(changed)
        return np.array([changed[0].sum(dtype=float)])

    explained: Any = SimpleNamespace(embed=embed, score=lambda rows: rows[:, 0])
    # the pixel of 101 is the coldest, that of 51 the hottest; of equal ones the first in the picture goes first
    heat = np.full((32, 32), 0.5)
    heat[0, :2] = (0, 1)
    curve = deletion_curve(explained, crop, heat, steps=4)
    # 1,024 pixels in four parts: the first takes 51 and 255 of 1, the next two 256 of 1, the last 101 and 255 of 1
    assert curve.tolist() == [1174, 868, 612, 356, 0]
    assert deviations == [32 / 16]
    assert all((changed[1] == 9).all() for changed in seen)
    assert seen[1][0, 0, :4].tolist() == [101, 0, 0, 0]
    assert len(deletion_curve(explained, crop, heat)) == 11


def test_a_ring_is_a_fifth_of_the_lesions_diameter_wide() -> None:
    mask = np.hypot(*(np.mgrid[:60, :60] - 30)) < 10
    # as wide as the circle of the same area is across, times 0.2
    ring = peritumoural_ring(mask, 0.2 * 2 * np.sqrt(mask.sum() / np.pi))
    found = heat_shares(ring.astype(float), mask)
    assert (found.lesion, found.ring, found.elsewhere) == (0, 1, 0)
    assert found.ring_area == ring.mean()
    filled = heat_shares(np.ones((9, 9)), np.ones((9, 9), bool))
    assert (filled.lesion, filled.ring, filled.elsewhere, filled.ring_area) == (1, 0, 0, 0)


@dataclass(frozen=True)
class Fake:
    """Three stages, and a score with the gradient 1, 2, 3."""

    network: Any
    gradient: Any

    def embed(self, crop: np.ndarray) -> np.ndarray:
        return crop[0, 0]


class Stages(nn.Module):
    n_stages = 3

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))

    def stage(self, number: int) -> nn.Module:
        return self.parts[number]


def test_weights_are_replaced_from_the_classifier_down(monkeypatch: pytest.MonkeyPatch) -> None:
    network, seen, changed_stages = Stages(), list[Any](), list[int]()
    rising, falling, flat = np.array([[1.0, 2, 3]]), np.array([[9.0, 5, 1]]), np.zeros((1, 3))
    maps = iter([rising, falling, rising, flat, rising * 2])

    def heat_map(explained: Any, crop: np.ndarray) -> np.ndarray:
        seen.append((explained.network, explained.gradient(None), len(changed_stages)))
        return next(maps)

    def randomise(part: nn.Module) -> None:
        [number] = [i for i in range(3) if seen[-1][0].stage(i) is part]
        changed_stages.append(number)

    monkeypatch.setattr(deletion, "heat_map", heat_map)
    monkeypatch.setattr(deletion, "_randomise", randomise)
    fake: Any = Fake(network, lambda _: np.array([1.0, 2, 3]))
    found = randomised_similarity(fake, np.zeros((2, 4, 4)), seed=5)
    np.testing.assert_array_equal(found, [-1, 1, np.nan, 1])
    assert changed_stages == [2, 1, 0]
    # the map of the fitted model first; then noise like its gradient, of mean 2 and deviation sqrt(2 / 3)
    assert seen[0][0] is network
    assert seen[0][1].tolist() == [1, 2, 3]
    noise = np.random.default_rng(5).normal(2, np.sqrt(2 / 3), 3)
    for (kind, gradient, stages), before in zip(seen[1:], range(4), strict=True):
        assert kind is not network
        assert stages == before
        np.testing.assert_allclose(gradient, noise)


def test_weights_become_noise_of_their_mean_and_deviation_and_single_numbers_are_shuffled() -> None:
    layer = nn.Linear(200, 100)
    with torch.no_grad():
        layer.weight.copy_(3 + 0.5 * torch.randn(100, 200, generator=torch.Generator().manual_seed(0)))
        layer.bias.copy_(torch.arange(100.0))
    before = layer.weight.detach().clone()
    torch.manual_seed(1)
    deletion._randomise(layer)
    after = layer.weight.detach()
    assert abs(float(torch.corrcoef(torch.stack([before.ravel(), after.ravel()]))[0, 1])) < 0.05
    assert float(after.mean()) == pytest.approx(3, abs=0.02)
    assert float(after.std()) == pytest.approx(0.5, abs=0.02)
    assert layer.bias.tolist() != list(range(100))
    assert sorted(layer.bias.tolist()) == list(range(100))


def test_chance_is_as_coarse_as_the_maps_that_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def run(x: Any, first: int, last: int) -> torch.Tensor:
        asked.append((first, last))
        return torch.zeros(1, 5, 2, 4)

    network = SimpleNamespace(run=run, body=None, n_stages=3, taps=None)
    preparation = SimpleNamespace(run=lambda *_: SimpleNamespace(x=None))
    explained: Any = SimpleNamespace(network=network, preparation=preparation)
    monkeypatch.setattr(deletion, "channels_first", lambda output, body: output)
    crop = np.zeros((2, 32, 32), np.uint8)
    found = noise_map(explained, crop, seed=3)
    np.testing.assert_array_equal(found, upsampled(torch.from_numpy(np.random.default_rng(3).random((2, 4))), 32))
    # up to the last stage
    assert asked == [(0, 3)]
    assert not np.array_equal(found, noise_map(explained, crop))
    np.testing.assert_array_equal(noise_map(explained, crop), noise_map(explained, crop, seed=0))
