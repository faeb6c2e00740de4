"""Traces of leakage: each is found where it is planted and not where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sonoher2.evaluation.leakage import count_scaled, rank_association, selection_excess, trace_threshold
from sonoher2.evaluation.thresholds import youden_threshold

TRAINING = np.arange(120) < 80


def table(seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).gamma(2, 3, size=(120, 30))
    values[3, 4] = np.nan
    return values


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler()])
def test_scaling_tells_whom_it_was_fitted_on(scaler) -> None:
    values = table()
    on_all = count_scaled(scaler.fit_transform(values), TRAINING)
    on_training = count_scaled(scaler.fit(values[TRAINING]).transform(values), TRAINING)
    raw = count_scaled(values, TRAINING)
    assert on_all.features == on_training.features == raw.features == 30
    # the extremes of some features lie in training: their min-max scale is that of everyone as well
    assert on_all.everyone > 5
    assert on_all.training == 0
    assert on_training.everyone == 0
    assert on_training.training > 5
    assert raw.everyone == raw.training == 0


def test_scaling_of_pandas_and_of_rounded_tables_is_seen() -> None:
    values = table()
    scaled = (values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0, ddof=1)
    assert count_scaled(scaled.round(4), TRAINING).everyone == 30


def test_constant_features_do_not_count() -> None:
    assert count_scaled(np.zeros((20, 3)), np.arange(20) < 10).features == 0


def test_rank_association_is_mann_whitneys() -> None:
    rng = np.random.default_rng(1)
    values, y = rng.normal(size=(60, 4)).round(1), rng.integers(0, 2, 60)
    values[:, 3] = 1.0
    found = rank_association(values, y)
    for j in range(3):
        test = stats.mannwhitneyu(values[y == 1, j], values[y == 0, j], use_continuity=False, method="asymptotic")
        assert 2 * stats.norm.sf(abs(found[j])) == pytest.approx(test.pvalue)
    assert found[3] == 0


def select(values: np.ndarray, y: np.ndarray, count: int) -> np.ndarray:
    """The most associated features: True for those."""
    strength = np.abs(rank_association(values, y))
    return strength >= np.sort(strength)[-count]


def cohort(seed: int, signal: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat([1, 0], [60, 120]))
    values = rng.normal(size=(180, 800))
    values[:, :signal] += 0.7 * y[:, None]
    return values, y, rng.permutation(180) < 126


@pytest.mark.parametrize("signal", [0, 8])
def test_selection_on_everyone_is_found(signal: int) -> None:
    for seed in range(5):
        values, y, training = cohort(seed, signal)
        found = selection_excess(values, y, training, select(values, y, 20), seed=0)
        assert found.p < 0.005
        assert found.selected > found.others


@pytest.mark.parametrize("signal", [0, 8])
def test_selection_in_training_is_not_accused(signal: int) -> None:
    p = []
    for seed in range(20):
        values, y, training = cohort(seed, signal)
        chosen = select(values[training], y[training], 12)
        # a selection that leaves some out, as redundancy filters do: else nothing is there to compare with
        chosen[np.flatnonzero(chosen)[::3]] = False
        p.append(selection_excess(values, y, training, chosen, seed=0).p)
    known = np.array(p)[~np.isnan(p)]
    assert (known < 0.005).sum() == 0
    assert (known < 0.2).mean() < 0.5


def test_without_others_to_compare_with_nothing_is_said() -> None:
    values, y, training = cohort(0, 0)
    assert np.isnan(selection_excess(values, y, training, np.ones(800, bool), seed=0).p)


def scored(seed: int, n: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return y, 1 / (1 + np.exp(-(rng.normal(size=n) + y + shift)))


def test_a_threshold_of_the_test_set_is_known() -> None:
    # the test scores lie higher than those of training: a threshold from there would not do
    training, test = scored(0, 200, 0.0), scored(1, 80, 2.0)
    found = trace_threshold(training, test, youden_threshold(*test), seed=0)
    assert found.best_in_test
    assert not found.from_training
    assert found.chance < 0.05


def test_a_threshold_of_training_is_known() -> None:
    training, test = scored(0, 200, 0.0), scored(1, 80, 0.0)
    assert trace_threshold(training, test, youden_threshold(*training), seed=0).from_training
