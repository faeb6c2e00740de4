"""Weights, losses and rates of a training, by hand."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from sonoher2.deep import training
from sonoher2.deep.training import Examples, Schedule


def examples(y: list[int], owner: list[int], held_out: list[bool]) -> Examples:
    return Examples(None, np.array(y), np.array(owner), np.array(held_out))  # type: ignore[arg-type]


def test_patients_count_alike_within_a_class_and_classes_alike_within_a_set() -> None:
    # training: one case with two crops, two controls with one; held out: a case with one crop, a control with three
    y, owner = [1, 1, 0, 0, 1, 0, 0, 0], [0, 0, 1, 2, 3, 4, 4, 4]
    found = examples(y, owner, [False] * 4 + [True] * 4).weights()
    np.testing.assert_allclose(found, [1, 1, 1, 1, 2, 2 / 3, 2 / 3, 2 / 3], rtol=1e-6)
    # three patients of one class, one of whom has two crops
    found = examples([0, 0, 0, 0, 1], [0, 0, 1, 2, 3], [False] * 5).weights()
    np.testing.assert_allclose(found, [5 / 12, 5 / 12, 5 / 6, 5 / 6, 2.5], rtol=1e-6)
    assert found.mean() == pytest.approx(1)


def test_the_loss_is_the_weighted_cross_entropy() -> None:
    scores = torch.tensor([[0.0, 0.0], [0.0, float(np.log(3))]])
    # ln 2 with weight 1, and -ln(3 / 4) with weight 3
    found = training._loss(scores, np.array([0, 1]), np.array([1, 3], np.float32))
    assert float(found) == pytest.approx((np.log(2) - 3 * np.log(0.75)) / 2)


class Small(nn.Module):
    """Three stages of one layer each, and a head."""

    def __init__(self, taps: tuple[int, ...] | None = None) -> None:
        super().__init__()
        self.stages, self.head = nn.ModuleList([nn.Linear(1, 1) for _ in range(3)]), nn.Linear(2, 2)
        self.pool = nn.Linear(1, 1)
        self.taps, self.n_stages = taps, 3

    def stage(self, number: int) -> nn.Module:
        return self.stages[number]

    def pooling_parameters(self) -> list[nn.Parameter]:
        return list(self.pool.parameters())


@pytest.mark.parametrize(("taps", "rates"), [(None, [0.8, 0.8, 0.4, 0.8]), ((1, 2), [0.8, 0.8, 0.4])])
def test_earlier_stages_learn_more_slowly_and_frozen_ones_not_at_all(
    taps: tuple[int, ...] | None, rates: list[float]
) -> None:
    network = Small(taps)
    optimiser = training._optimiser(network, Schedule(4, unfrozen=1, rate=0.8))  # type: ignore[arg-type]
    assert [group["lr"] for group in optimiser.param_groups] == pytest.approx(rates)
    assert {group["weight_decay"] for group in optimiser.param_groups} == {0.05}
    learned = [any(parameter.requires_grad for parameter in network.stage(i).parameters()) for i in range(3)]
    assert learned == [False, True, True]
    assert network.head.weight.requires_grad
    assert network.pool.weight.requires_grad == (taps is None)
    training._set_rates(optimiser, 0.25)
    assert [group["lr"] for group in optimiser.param_groups] == pytest.approx([rate / 4 for rate in rates])


@pytest.mark.parametrize("best", [{}, {"head.bias": torch.tensor([5.0, 6.0])}])
def test_a_checkpoint_gives_back_weights_optimiser_and_course(best: dict[str, torch.Tensor], tmp_path: Path) -> None:
    def started() -> tuple[Any, torch.optim.Optimizer]:
        network: Any = Small()
        return network, training._optimiser(network, Schedule(4, unfrozen=1, rate=0.8))

    network, optimiser = started()
    for parameter in network.parameters():
        parameter.grad = torch.full_like(parameter, 3.0) if parameter.requires_grad else None
    optimiser.step()
    training._save(tmp_path / "a.npz", network, best, optimiser, training.Course([2.0, 1.5], 1))
    other, fresh = started()
    course, read = training._resumed(other, fresh, tmp_path / "a.npz")
    assert (course.losses, course.best) == ([2.0, 1.5], 1)
    assert {name: value.tolist() for name, value in read.items()} == {name: [5.0, 6.0] for name in best}
    for part in ("stages.1.weight", "stages.2.bias", "head.weight", "pool.bias"):
        assert torch.equal(other.get_parameter(part), network.get_parameter(part))
    # the mean of the gradients after one step: a tenth of the gradient
    assert all(torch.allclose(state["exp_avg"], torch.tensor(0.3)) for state in fresh.state.values())
    assert len(fresh.state) == 8
    assert training._resumed(*started(), tmp_path / "none.npz") == (training.Course(), {})


def test_usual_settings() -> None:
    found = Schedule(4, 1, 1e-3)
    assert (found.decay, found.weight_decay, found.patience, found.probe_strength) == (0.5, 0.05, 3, 0.01)
    assert (found.from_scratch, found.seed) == (False, 0)


def test_the_probe_is_a_balanced_logistic_regression_on_the_standardised_embedding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [30, 10])
    patients = np.column_stack([5 + 3 * rng.normal(size=40) + 4 * y, np.full(40, 7.0)])
    monkeypatch.setattr(training, "patient_vectors", lambda network, given: (patients, y))
    network: Any = SimpleNamespace(
        centre=torch.zeros(2), spread=torch.ones(2), head=SimpleNamespace(weight=torch.zeros(2, 2), bias=torch.zeros(2))
    )
    training.fit_probe(network, None, Schedule(1, 1, 0.1))  # type: ignore[arg-type]
    np.testing.assert_allclose(network.centre, patients.mean(axis=0), rtol=1e-6)
    assert network.spread[0] == pytest.approx(patients[:, 0].std(), rel=1e-6)
    assert 0 < network.spread[1] < 0.1
    weight, bias = network.head.weight.numpy(), network.head.bias.numpy()
    # the second class less the first is the logistic score: half of it on either side, rising with the first number
    np.testing.assert_allclose(weight[0], -weight[1], atol=1e-7)
    assert weight[1, 0] > 0.05
    assert bias[0] == pytest.approx(-bias[1], abs=1e-6)
    # at the optimum of C = 0.01: the weight is C times the sum of weighted residuals times z
    z = (patients[:, 0] - patients[:, 0].mean()) / patients[:, 0].std()
    score = 2 * (weight[1, 0] * z + bias[1])
    balanced = np.where(y == 1, 40 / 20, 40 / 60)
    residual = balanced * (y - 1 / (1 + np.exp(-score)))
    assert 2 * weight[1, 0] == pytest.approx(0.01 * (residual * z).sum(), rel=0.02)
    assert residual.sum() == pytest.approx(0, abs=0.05)
