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
from sonoher2.core.files import file_sha256
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
    _psnr,
    _start,
    _Training,
    _update,
    gradient_loss,
    mean_psnr,
    train_enhancer,
)

WARM = f"warm-up-{WEIGHTS}"
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
    assert curve.columns.tolist() == [
        "epoch", "seconds", "l1", "gradient", "adversarial", "discriminator",
        "psnr_degraded_x1", "psnr_x1", "psnr_degraded_x2", "psnr_x2",
    ]  # fmt: skip
    # nothing is trained after the warm-up alone
    train_enhancer(pictures, pictures, replace(SMALL, epochs=1), tmp_path / "one")
    hashes = [file_sha256(folder / name) for folder in (tmp_path, tmp_path / "one") for name in (WARM, WEIGHTS)]
    assert hashes[0] != hashes[1]
    assert hashes[2] == hashes[3]


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


def test_the_curve_is_of_pictures_that_are_only_checked(
    tmp_path: Path, pictures: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[object, ...]] = []

    def epoch(training: _Training, source: Patches, schedule: Schedule, number: int) -> Losses:
        seen.append(("learned", len(source.pictures), number))
        return Losses(l1=number + 0.5)

    def measured(generator: object, source: Patches, seed: int) -> dict[str, float]:
        seen.append(("checked", len(source.pictures), seed))
        return {"psnr": 30.25}

    monkeypatch.setattr("sonoher2.enhancement.training._one_epoch", epoch)
    monkeypatch.setattr("sonoher2.enhancement.training.mean_psnr", measured)
    train_enhancer(pictures, pictures[:1], replace(SMALL, seed=4), tmp_path)
    assert seen == [("learned", 3, 0), ("checked", 1, 4), ("learned", 3, 1), ("checked", 1, 4)]
    curve = pd.read_csv(tmp_path / CURVE)
    assert curve[["epoch", "l1", "psnr"]].to_numpy().tolist() == [[1, 0.5, 30.25], [2, 1.5, 30.25]]


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
    with pytest.raises(InputError, match="none of 1 images is as large") as caught:
        Patches([pictures[0][:20]], 32)
    assert caught.value.hint == "patch"


def test_patches_come_from_the_pictures_as_often_as_they_are_large() -> None:
    dark, bright = np.full((32, 32), 50, np.uint8), np.full((96, 96), 200, np.uint8)
    _, clean = Patches([dark, bright], 32).draw(100, 1, np.random.default_rng(0))
    assert (clean.mean(dim=(1, 2, 3)) > 0.5).sum() == pytest.approx(90, abs=8)


def test_gradient_loss_does_not_see_brightness() -> None:
    picture = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert float(gradient_loss(picture + 0.2, picture)) == pytest.approx(0, abs=1e-6)
    # across the steps are 1 and 4, down 3 and 6
    steps = torch.tensor([[[[0.0, 1.0], [3.0, 7.0]]]])
    assert float(gradient_loss(steps, torch.zeros(1, 1, 2, 2))) == pytest.approx(2.5 + 4.5)


def test_patches_are_cut_everywhere_and_half_of_them_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonoher2.enhancement.training.draw_degradation", lambda scale, generator: scale)
    monkeypatch.setattr("sonoher2.enhancement.training.degrade", lambda patch, *_: (np.float32(patch) / 2, patch))
    picture = 23 * np.arange(12, dtype=np.uint8).reshape(3, 4)
    degraded, clean = Patches([picture], 2).draw(1200, 1, np.random.default_rng(0))
    assert degraded.shape == clean.shape == (1200, 1, 2, 2)
    torch.testing.assert_close(clean, degraded * 2)
    # 23 x 11 of 255
    assert float(clean.max()) == pytest.approx(253 / 255)
    found, counts = np.unique(np.rint(clean.numpy() * 255).reshape(-1, 4), axis=0, return_counts=True)
    corners = [(row, column) for row in range(2) for column in range(3)]
    cut = [picture[row : row + 2, column : column + 2] for row, column in corners]
    expected = [one.ravel().tolist() for patch in cut for one in (patch, patch[:, ::-1])]
    assert sorted(found.tolist()) == sorted(expected)
    assert counts.min() > 60


def test_psnr_is_the_mean_over_pictures_of_clipped_grey() -> None:
    clean = torch.ones(2, 1, 4, 4)
    # errors of 0.1 and 0.01 are 20 and 40 dB
    found = clean - torch.tensor([0.1, 0.01]).view(2, 1, 1, 1)
    assert _psnr(found, clean) == pytest.approx(30, abs=1e-3)
    # above white is white; no error at all counts as 100 dB
    assert _psnr(clean + 0.5, clean) == pytest.approx(100)
    assert _psnr(-clean, clean * 0) == pytest.approx(100)


def test_the_curve_measures_the_same_patches_each_time(
    pictures: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, counts = Patches(pictures, 32), list[tuple[int, int]]()
    draw = source.draw

    def counted(count: int, scale: int, generator: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        counts.append((count, scale))
        return draw(count, scale, generator)

    monkeypatch.setattr(source, "draw", counted)
    generator = _start(SMALL).generator
    found = mean_psnr(generator, source, seed=0)
    assert counts == [(16, 1), (16, 2)]
    assert not generator.training
    # untrained it changes nothing, and enlarges as the bicubic does but for the border
    assert found["psnr_x1"] == found["psnr_degraded_x1"]
    assert found["psnr_x2"] == pytest.approx(found["psnr_degraded_x2"], abs=0.3)
    assert mean_psnr(generator, source, seed=0) == found
    assert mean_psnr(generator, source, seed=1) != found


def test_a_training_starts_from_its_seed_and_leaves_torch_alone() -> None:
    before = torch.random.get_rng_state()
    one, same, other = (_start(replace(SMALL, seed=seed, rate=0.25)) for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    for name in ("generator", "discriminator"):
        first, *others = (torch.cat([p.ravel() for p in getattr(t, name).parameters()]) for t in (one, same, other))
        assert torch.equal(first, others[0])
        assert not torch.equal(first, others[1])
        assert one.optimisers[name].defaults["lr"] == 0.25
    assert (one.discriminator[0].in_channels, one.discriminator[0].out_channels) == (2, 16)
    betas = {name: optimiser.defaults["betas"] for name, optimiser in one.optimisers.items()}
    assert betas == {"generator": (0.9, 0.999), "discriminator": (0.5, 0.999)}


def test_a_step_is_clipped_and_begins_without_the_gradient_of_the_last() -> None:
    layer = torch.nn.Linear(1, 1, bias=False)
    optimiser = torch.optim.Adam(layer.parameters())
    for slope, norm in ((0.5, 0.5), (0.5, 0.5), (100.0, 1.0)):
        _update(optimiser, slope * layer.weight.sum(), layer)
        assert float(layer.weight.grad.norm()) == pytest.approx(norm, rel=1e-4)  # type: ignore[union-attr]


def test_the_loss_of_a_step_has_three_parts(pictures: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch) -> None:
    training, schedule = _start(SMALL), replace(SMALL, adversarial=0.25)
    shown: list[torch.Tensor] = []

    class Judge(torch.nn.Module):
        """Gives the mean of the picture that stands beside the degraded one."""

        def forward(self, pair: torch.Tensor) -> torch.Tensor:
            shown.append(pair)
            return pair[:, 1:].mean(dim=(2, 3), keepdim=True)

    training.discriminator = torch.nn.Sequential(Judge())
    steps: list[tuple[bool, float]] = []
    monkeypatch.setattr(
        "sonoher2.enhancement.training._update",
        lambda optimiser, loss, network: steps.append(
            (optimiser is training.optimisers["generator"], float(loss.detach()))
        ),
    )
    degraded, clean = Patches(pictures, 32).draw(2, 1, np.random.default_rng(0))
    # untrained, what is cleared is what was degraded
    l1, gradient = float((degraded - clean).abs().mean()), float(gradient_loss(degraded, clean))
    plain = _one_step(training, degraded, clean, 1, schedule, adversarial=False)
    assert (plain.l1, plain.gradient, plain.adversarial, plain.discriminator) == pytest.approx((l1, gradient, 0, 0))
    assert steps == [(True, pytest.approx(l1 + 0.5 * gradient))]
    both = _one_step(training, degraded, clean, 1, schedule, adversarial=True)
    real, generated = clean.mean(dim=(1, 2, 3)), degraded.mean(dim=(1, 2, 3))
    fooled = float(((generated - 1) ** 2).mean())
    told = float((((real - 1) ** 2).mean() + (generated**2).mean()) / 2)
    assert (both.adversarial, both.discriminator) == pytest.approx((fooled, told))
    assert steps[1:] == [(False, pytest.approx(told)), (True, pytest.approx(l1 + 0.5 * gradient + 0.25 * fooled))]
    assert all(torch.equal(pair[:, :1], degraded) for pair in shown)


def test_the_rate_falls_along_half_a_cosine(pictures: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[list[float]] = []

    def step(training: _Training, *_: object, adversarial: bool) -> Losses:
        rates.append([training.optimisers[name].param_groups[0]["lr"] for name in ("generator", "discriminator")])
        return Losses()

    monkeypatch.setattr("sonoher2.enhancement.training._one_step", step)
    schedule = replace(SMALL, rate=0.08)
    training, source = _start(schedule), Patches(pictures, 32)
    for epoch in range(2):
        _one_epoch(training, source, schedule, epoch)
    # four steps, of two scales each: 0, 45, 90 and 135 degrees
    expected = [0.08, 0.04 * (1 + 0.5**0.5), 0.04, 0.04 * (1 - 0.5**0.5)]
    assert [both[0] for both in rates] == pytest.approx(np.repeat(expected, 2))
    assert all(both[0] == both[1] for both in rates)


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


def test_other_images_do_not_resume(tmp_path: Path, pictures: list[NDArray[np.uint8]]) -> None:
    schedule = replace(SMALL, epochs=1, steps=1)
    train_enhancer(pictures, pictures, schedule, tmp_path)
    kept = (tmp_path / CHECKPOINT).read_bytes()
    for others in (pictures[1:], [pictures[0][::-1].copy(), *pictures[1:]]):
        with pytest.raises(InputError, match="a training on other images"):
            train_enhancer(others, pictures, schedule, tmp_path)
    train_enhancer(pictures, pictures[:1], schedule, tmp_path)
    assert (tmp_path / CHECKPOINT).read_bytes() == kept
