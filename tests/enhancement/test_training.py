from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from sonoher2.core.errors import InputError
from sonoher2.enhancement.enhancer import load_enhancer
from sonoher2.enhancement.schedule import Schedule
from sonoher2.enhancement.training import (
    CHECKPOINT,
    CURVE,
    DISCRIMINATOR_RATE,
    WEIGHTS,
    Losses,
    Patches,
    _one_epoch,
    _one_step,
    _start,
    gradient_loss,
    train_enhancer,
)

SMALL = Schedule(epochs=2, warm_up=1, steps=2, batch=2, patch=32)


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(0)
    smooth = [gaussian_filter(rng.normal(size=(60, 50)), 4) for _ in range(3)]
    return [np.uint8(120 + 80 * picture / np.abs(picture).max()) for picture in smooth]


def test_training_writes_weights_and_curve(tmp_path: Path, pictures: list[NDArray[np.uint8]]) -> None:
    train_enhancer(pictures, pictures, SMALL, tmp_path)
    curve = pd.read_csv(tmp_path / CURVE)
    assert curve["epoch"].tolist() == [1, 2]
    assert curve["adversarial"].iloc[0] == 0 < curve["adversarial"].iloc[1]
    assert load_enhancer(tmp_path / WEIGHTS).clear(pictures[0], 2).shape == (120, 100)
    assert (tmp_path / f"warm-up-{WEIGHTS}").is_file()


def test_a_resumed_training_ends_as_an_uninterrupted_one(
    tmp_path: Path, pictures: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train_enhancer(pictures, pictures, SMALL, tmp_path / "whole")
    calls = []

    def interrupt(*arguments: object) -> dict[str, float]:
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return {"psnr": 0.0}

    with monkeypatch.context() as patch:
        patch.setattr("sonoher2.enhancement.training.mean_psnr", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train_enhancer(pictures, pictures, SMALL, tmp_path / "cut")
    resumed = train_enhancer(pictures, pictures, SMALL, tmp_path / "cut")
    for name, value in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], value), name


@pytest.mark.parametrize("scale", [1, 2])
def test_steps_on_one_pair_learn_it(scale: int, pictures: list[NDArray[np.uint8]]) -> None:
    degraded, clean = Patches(pictures, 32).draw(4, scale, np.random.default_rng(0))
    training = _start(SMALL)
    losses = [_one_step(training, degraded, clean, scale, SMALL, adversarial=False).l1 for _ in range(140)]
    assert losses[-1] < 0.8 * losses[0]


def test_another_schedule_does_not_resume(tmp_path: Path, pictures: list[NDArray[np.uint8]]) -> None:
    schedule = replace(SMALL, epochs=1, steps=1)
    train_enhancer(pictures, pictures, schedule, tmp_path)
    assert (tmp_path / CHECKPOINT).is_file()
    with pytest.raises(InputError, match="other settings"):
        train_enhancer(pictures, pictures, replace(schedule, seed=1), tmp_path)


def test_too_small_pictures_are_left_out(pictures: list[NDArray[np.uint8]]) -> None:
    assert len(Patches([*pictures, pictures[0][:20]], 32).pictures) == 3
    with pytest.raises(InputError, match="none of 1 images is as large"):
        Patches([pictures[0][:20]], 32)


def test_patches_come_from_the_pictures_as_often_as_they_are_large() -> None:
    dark, bright = np.full((32, 32), 50, np.uint8), np.full((96, 96), 200, np.uint8)
    _, clean = Patches([dark, bright], 32).draw(100, 1, np.random.default_rng(0))
    assert (clean.mean(dim=(1, 2, 3)) > 0.5).sum() == pytest.approx(90, abs=8)


def test_gradient_loss_does_not_see_brightness() -> None:
    picture = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert float(gradient_loss(picture + 0.2, picture)) == pytest.approx(0, abs=1e-6)
    assert float(gradient_loss(2 * picture, picture)) > 0.1


def test_losses_of_an_epoch_are_means_over_its_steps_and_scales(
    pictures: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def step(training: object, degraded: object, clean: object, scale: int, *_: object, adversarial: bool) -> Losses:
        asked.append((scale, adversarial))
        return Losses(l1=float(len(asked)))

    monkeypatch.setattr("sonoher2.enhancement.training._one_step", step)
    training, source = _start(SMALL), Patches(pictures, SMALL.patch)
    assert _one_epoch(training, source, SMALL, 0).l1 == pytest.approx((1 + 2 + 3 + 4) / 4)
    assert asked == [(1, False), (2, False), (1, False), (2, False)]
    _one_epoch(training, source, SMALL, 1)
    assert all(adversarial for _, adversarial in asked[4:])


def test_the_rate_falls_along_a_cosine_over_all_epochs(
    pictures: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = []

    def step(training: Any, *_: object, **__: object) -> Losses:
        rates.append([training.optimisers[name].param_groups[0]["lr"] for name in ("generator", "discriminator")])
        return Losses()

    monkeypatch.setattr("sonoher2.enhancement.training._one_step", step)
    training, source = _start(SMALL), Patches(pictures, SMALL.patch)
    for epoch in range(SMALL.epochs):
        _one_epoch(training, source, SMALL, epoch)
    # (1 + cos(pi t)) / 2 at t = 0, 1/4, 1/2, 3/4; each step has two scales
    expected = SMALL.rate * np.repeat([1, 0.8535534, 0.5, 0.1464466], 2)
    np.testing.assert_allclose([generator for generator, _ in rates], expected, rtol=1e-6)
    np.testing.assert_allclose([ratio[1] / ratio[0] for ratio in rates], DISCRIMINATOR_RATE)


def test_the_weights_after_the_warm_up_are_those_before_the_adversary(
    tmp_path: Path, pictures: list[NDArray[np.uint8]]
) -> None:
    train_enhancer(pictures, pictures, SMALL, tmp_path)
    warm, last = (load_enhancer(tmp_path / name).clear(pictures[0], 2) for name in (f"warm-up-{WEIGHTS}", WEIGHTS))
    assert not np.array_equal(warm, last)
    longer = replace(SMALL, warm_up=2, epochs=3)
    train_enhancer(pictures, pictures, longer, tmp_path / "longer")
    again = load_enhancer(tmp_path / "longer" / f"warm-up-{WEIGHTS}").clear(pictures[0], 2)
    end = load_enhancer(tmp_path / "longer" / WEIGHTS).clear(pictures[0], 2)
    assert not np.array_equal(again, end)
