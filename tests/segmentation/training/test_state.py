"""Learning rates and the running mean of a training, step by step."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from sonoher2.segmentation.training.state import Schedule, Training


def rate(steps: int, progress: float, full: float = 1.0) -> float:
    groups = [{"full": full, "lr": 0.0}]
    state = SimpleNamespace(
        steps=steps,
        optimiser=SimpleNamespace(param_groups=groups),
        opponent=SimpleNamespace(param_groups=[{"full": 2 * full, "lr": 0.0}]),
    )
    Training.set_rates(state, progress)  # type: ignore[arg-type]
    assert state.opponent.param_groups[0]["lr"] == pytest.approx(2 * groups[0]["lr"])
    return groups[0]["lr"]


def test_the_rate_rises_over_a_hundred_steps_and_falls_along_half_a_cosine() -> None:
    assert rate(0, 0) == pytest.approx(0.01)
    assert rate(49, 0, 4.0) == pytest.approx(2.0)
    assert rate(99, 0) == rate(500, 0) == pytest.approx(1.0)
    # half way: the mean of 1 and the floor of 0.02; at the end the floor
    assert rate(500, 0.5) == pytest.approx(0.51)
    assert rate(500, 1) == pytest.approx(0.02)


@pytest.mark.parametrize(("steps", "keep"), [(0, 0.0), (10, 0.5), (90, 0.9), (10**6, 0.995)])
def test_the_running_mean_follows_faster_at_the_start(steps: int, keep: float) -> None:
    generator, average = torch.nn.BatchNorm1d(1), torch.nn.BatchNorm1d(1)
    with torch.no_grad():
        generator.weight.fill_(3.0)
        average.weight.fill_(1.0)
        generator.num_batches_tracked.fill_(7)
    Training.follow(SimpleNamespace(generator=generator, average=average, steps=steps))  # type: ignore[arg-type]
    assert average.weight.item() == pytest.approx(keep * 1 + (1 - keep) * 3)
    assert average.num_batches_tracked.item() == 7
    assert generator.weight.item() == 3


def test_usual_settings() -> None:
    found = Schedule()
    assert (found.network, found.weights, found.size, found.warm_up_size) == ("EfficientNet-Lite2", "auto", 224, 192)
    assert (found.epochs, found.warm_up, found.adversarial, found.batch) == (14, 3, 0.02, 16)
    assert (found.rate, found.weight_decay, found.seed) == (1e-3, 0.01, 0)
    assert (found.prompted, found.start) == (False, None)
