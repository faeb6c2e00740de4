"""Traces of leakage: each is found where it is planted and not where it is not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_curve
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from sonoher2.evaluation.shift.leakage import count_scaled, rank_association, selection_excess, trace_threshold
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
    itself = np.where(TRAINING[:, None], scaler.fit(values[TRAINING]).transform(values), np.nan)
    itself[~TRAINING] = scaler.fit_transform(values[~TRAINING])
    assert count_scaled(itself, TRAINING).apart == 30
    assert (on_all.apart, on_training.apart, raw.apart) == (0, 0, 0)


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
        correlation = stats.spearmanr(values[:, j], y).statistic
        assert found[j] == pytest.approx(np.sqrt(59) * correlation)
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


def rank_z(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each column with y times sqrt(n - 1), by scipy."""
    return np.sqrt(len(y) - 1) * stats.spearmanr(values, y).statistic[-1, :-1]


def test_excess_is_the_contrast_of_spearmans_correlations_with_its_exact_p() -> None:
    rng = np.random.default_rng(11)
    y, training = np.r_[rng.permutation(np.repeat([0, 1], 20)), np.repeat([0, 1], 4)], np.arange(48) < 40
    values, selected = rng.normal(size=(48, 40)).round(1), np.arange(40) < 6
    trained = rank_z(values[training], y[training])
    # the selected know a little of the test set
    values[44:, :6] += 0.5 * np.sign(trained[:6])
    peers = [[i for i in range(6, 40) if abs(trained[i]) >= abs(trained[j])] for j in range(6)]
    peers = [sorted(own, key=lambda i: abs(trained[i]))[:10] for own in peers]
    compared = [j for j in range(6) if peers[j]]
    assert len(compared) > 3

    def parts(cases: np.ndarray, _: np.ndarray) -> tuple[float, float]:
        z = np.sign(trained) * rank_z(values[40:], np.isin(np.arange(8), cases))
        return np.mean(z[compared]), np.mean([z[peers[j]].mean() for j in compared])

    groups = np.arange(4, 8), np.arange(4)
    found = selection_excess(values, y, training, selected, repeats=20_000, seed=0)
    assert found.features == len(compared)
    assert (found.selected, found.others) == pytest.approx(parts(*groups))
    exact = stats.permutation_test(
        groups,
        lambda *drawn: float(np.subtract(*parts(*drawn))),
        n_resamples=np.inf,
        alternative="greater",
        vectorized=False,
    ).pvalue
    assert 0.02 < exact < 0.5
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000))


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


def youden_of_scikit_learn(y: np.ndarray, score: np.ndarray) -> float:
    """The lowest best cut of the curve, halfway to the next lower score."""
    fpr, tpr, cut = roc_curve(y, score, drop_intermediate=False)
    best = np.flatnonzero(tpr - fpr >= (tpr - fpr).max() - 1e-12)[-1]
    return float(cut[best : best + 2].mean())


def test_the_best_thresholds_of_the_test_set_are_those_of_scikit_learns_curve() -> None:
    training, (y, score) = scored(0, 30, 0.0), scored(1, 40, 0.5)
    fpr, tpr, cut = roc_curve(y, score, drop_intermediate=False)
    found = [trace_threshold(training, (y, score), c, repeats=1, seed=0).best_in_test for c in cut]
    np.testing.assert_array_equal(found, np.isclose(tpr - fpr, (tpr - fpr).max()))


def test_chance_is_that_of_all_resamples_of_two_cases_and_two_controls() -> None:
    outcome, score = np.array([0, 0, 1, 1]), np.array([0.1, 0.5, 0.3, 0.8])
    test = np.array([0, 0, 0, 1, 1, 1]), np.array([0.05, 0.25, 0.6, 0.35, 0.7, 0.9])
    fpr, tpr, _ = roc_curve(*test)
    hits = []
    for drawn in product([0, 1], [0, 1], [2, 3], [2, 3]):
        called = test[1] >= youden_of_scikit_learn(outcome[list(drawn)], score[list(drawn)])
        hits.append(called[3:].mean() - called[:3].mean() >= (tpr - fpr).max() - 1e-12)
    assert 0 < np.mean(hits) < 1
    found = trace_threshold((outcome, score), test, 0.3, repeats=2000, seed=0)
    # a standard error of 0.011 at most
    assert found.chance == pytest.approx(np.mean(hits), abs=0.04)
