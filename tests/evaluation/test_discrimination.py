from __future__ import annotations

from functools import partial
from math import isnan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.linalg import block_diag
from scipy.stats import mannwhitneyu, norm
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from statsmodels.stats.proportion import proportion_confint

from sonoher2.core.errors import InputError
from sonoher2.evaluation.classification import confusion_at, f1_of_counts
from sonoher2.evaluation.counts import count_by_score, resampling_weights
from sonoher2.evaluation.discrimination import (
    auc,
    auc_delong,
    auc_of_counts,
    average_precision,
    average_precision_of_counts,
    bootstrap,
    macro_auc,
    placement_variance,
    placements,
    pr_points,
    roc_points,
)

both_classes = st.integers(4, 40).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2).map(lambda rest: np.array([0, 1, *rest])),
        arrays(np.float64, n, elements=st.integers(0, 12).map(lambda tenth: tenth / 12)),
    )
)


def test_auc_agrees_with_scikit_learn_and_mann_whitney(patients):
    cases, controls = patients.score[patients.outcome == 1], patients.score[patients.outcome == 0]
    u = mannwhitneyu(cases, controls).statistic
    assert auc(*patients) == pytest.approx(roc_auc_score(*patients), abs=1e-12)
    assert auc(*patients) == pytest.approx(u / (len(cases) * len(controls)), abs=1e-12)


def test_average_precision_agrees_with_scikit_learn(patients):
    assert average_precision(*patients) == pytest.approx(average_precision_score(*patients), abs=1e-12)


def test_curves_agree_with_scikit_learn(patients):
    expected = roc_curve(*patients, drop_intermediate=False)
    for ours, theirs in zip(roc_points(*patients), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    recall, precision, threshold = pr_points(*patients)
    precision_sk, recall_sk, threshold_sk = precision_recall_curve(*patients)
    np.testing.assert_allclose(recall, recall_sk[-2::-1], atol=1e-12)
    np.testing.assert_allclose(precision, precision_sk[-2::-1], atol=1e-12)
    np.testing.assert_allclose(threshold, threshold_sk[::-1])


@pytest.mark.parametrize("marker", ["wfns", "ndka", "s100b"])
def test_delong_variance_is_the_published_one(asah, marker):
    value, variance = asah.published[marker]
    estimate = auc_delong(asah.outcome, asah.markers[marker])
    half = norm.ppf(0.975) * sqrt(variance)
    assert estimate.value == pytest.approx(value, abs=1e-14)
    assert placement_variance(*placements(asah.outcome, asah.markers[marker])) == pytest.approx(variance, abs=1e-15)
    assert (estimate.low, estimate.high) == pytest.approx((value - half, value + half), abs=1e-12)


def test_delong_interval_is_the_published_one(asah):
    estimate = auc_delong(asah.outcome, asah.markers["ndka"])
    assert estimate.low == pytest.approx(0.501244999271703, abs=1e-12)
    assert estimate.high == pytest.approx(0.722670989888189, abs=1e-12)


def test_placements_are_the_mean_kernel(patients):
    cases, controls = patients.score[patients.outcome == 1], patients.score[patients.outcome == 0]
    kernel = (cases[:, None] > controls) + 0.5 * (cases[:, None] == controls)
    of_cases, of_controls = placements(*patients)
    np.testing.assert_allclose(of_cases, kernel.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(of_controls, kernel.mean(axis=0), atol=1e-12)


@pytest.mark.parametrize("size", [1, 10, 60])
def test_perfect_separation_has_clopper_pearsons_limit(size):
    outcome = np.repeat([0, 1], [70, size])
    low, high = proportion_confint(size, size, method="beta")
    perfect, reversed_ = auc_delong(outcome, outcome * 1.0), auc_delong(outcome, 1.0 - outcome)
    assert (perfect.value, perfect.low, perfect.high) == pytest.approx((1, low, high))
    assert (reversed_.value, reversed_.low, reversed_.high) == pytest.approx((0, 0, 1 - low))


def test_a_single_case_apart_from_the_controls_has_the_limit_of_one_pair_that_was_won():
    """One pair: (0.05 / 2)^(1/1)."""
    won, lost = auc_delong([0, 1], [0.1, 0.9]), auc_delong([0, 0, 1], [0.5, 0.9, 0.1])
    assert (won.value, won.low, won.high) == (1, pytest.approx(0.025), 1)
    assert (lost.value, lost.low, lost.high) == (0, 0, pytest.approx(0.975))


def test_delong_limits_are_unknown_with_a_single_case():
    estimate = auc_delong([1, 0, 0, 0], [0.5, 0.2, 0.7, 0.1])
    assert estimate.value == pytest.approx(2 / 3)
    assert isnan(estimate.low)
    assert isnan(estimate.high)


def test_delong_interval_covers_the_true_auc():
    rng, shift = np.random.default_rng(2), 1.0
    truth = norm.cdf(shift / sqrt(2))
    outcome = np.repeat([1, 0], [40, 80])
    estimates = [auc_delong(outcome, rng.normal(size=120) + shift * outcome) for _ in range(500)]
    assert 0.92 <= np.mean([estimate.low <= truth <= estimate.high for estimate in estimates]) <= 0.98


@settings(deadline=None)
@given(both_classes)
def test_auc_does_not_change_under_a_rising_transform(data):
    outcome, score = data
    assert auc(outcome, np.exp(3 * score) + score) == auc(outcome, score)
    transformed, plain = auc_delong(outcome, np.exp(3 * score) + score), auc_delong(outcome, score)
    assert (transformed.low, transformed.high) == pytest.approx((plain.low, plain.high), nan_ok=True)


@settings(deadline=None)
@given(both_classes)
def test_auc_of_the_complement_is_the_complement(data):
    outcome, score = data
    assert auc(outcome, -score) == pytest.approx(1 - auc(outcome, score))
    assert auc(1 - outcome, score) == pytest.approx(1 - auc(outcome, score))


@settings(deadline=None)
@given(both_classes)
def test_average_precision_agrees_with_scikit_learn_on_any_ties(data):
    assert average_precision(*data) == pytest.approx(average_precision_score(*data))


@settings(deadline=None)
@given(both_classes)
def test_delong_interval_lies_around_the_estimate_within_0_and_1(data):
    estimate = auc_delong(*data)
    if not isnan(estimate.low):
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


@settings(deadline=None)
@given(both_classes)
def test_bootstrap_interval_contains_the_auc(data):
    estimate = bootstrap(auc_of_counts, *data, repeats=400, seed=1)
    if not isnan(estimate.low):
        assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1
        assert estimate.low < estimate.high


def test_samples_that_are_all_alike_give_no_interval():
    # no case reaches 0.9: the F1 is 0 however the patients are drawn, and that is no certainty
    found = bootstrap(lambda counts: f1_of_counts(counts, 0.9), [1, 1, 0, 0], [0.5, 0.4, 0.3, 0.2], repeats=50, seed=1)
    assert found.value == 0
    assert isnan(found.low)
    assert isnan(found.high)
    spread = bootstrap(
        lambda counts: f1_of_counts(counts, 0.45), [1, 1, 0, 0], [0.5, 0.4, 0.3, 0.2], repeats=50, seed=1
    )
    assert (spread.low, spread.value, spread.high) == (0, pytest.approx(2 / 3), 1)


def test_bootstrap_agrees_with_computing_every_sample_one_by_one(patients):
    weights = resampling_weights(patients.outcome, 50, seed=3)
    counts = count_by_score(*patients, weights)
    areas, precisions = auc_of_counts(counts), average_precision_of_counts(counts)
    f1 = f1_of_counts(counts, 0.4)
    for i, weight in enumerate(weights):
        outcome, score = np.repeat(patients.outcome, weight), np.repeat(patients.score, weight)
        assert areas[i] == pytest.approx(roc_auc_score(outcome, score))
        assert precisions[i] == pytest.approx(average_precision_score(outcome, score))
        assert f1[i] == pytest.approx(confusion_at(outcome, score, 0.4).f1)


def test_bootstrap_keeps_the_size_of_each_class(patients):
    weights = resampling_weights(patients.outcome, 30, seed=3)
    assert (weights[:, patients.outcome == 1].sum(axis=1) == patients.outcome.sum()).all()
    assert (weights.sum(axis=1) == len(patients.outcome)).all()


def test_weights_are_multinomial_within_each_class_and_independent_between():
    weights = resampling_weights(np.repeat([1, 0], [4, 6]), 20_000, seed=2)
    of_cases, of_controls = (stats.multinomial(n, np.full(n, 1 / n)).cov() for n in (4, 6))
    # mean 1 and variance 1 - 1/n; a standard error of at most 0.01
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.04)
    np.testing.assert_allclose(np.cov(weights.T), block_diag(of_cases, of_controls), atol=0.05)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_bootstrap_limits_are_scipys(asah, confidence):
    score = asah.markers["s100b"]
    cases, controls = score[:41], score[41:]

    def area(a, b, axis):
        kernel = (a[..., :, None] > b[..., None, :]) + 0.5 * (a[..., :, None] == b[..., None, :])
        return kernel.mean(axis=(-2, -1))

    options = {"paired": False, "method": "percentile", "confidence_level": confidence, "batch": 500}
    theirs = stats.bootstrap((cases, controls), area, n_resamples=6000, rng=np.random.default_rng(0), **options)
    ours = bootstrap(auc_of_counts, asah.outcome, score, repeats=6000, seed=0, confidence=confidence)
    # each limit has a standard error of 0.002 at most
    limits = theirs.confidence_interval
    assert (ours.low, ours.high) == pytest.approx((limits.low, limits.high), abs=0.009)


def test_bootstrap_spread_is_delongs(asah):
    ours = bootstrap(auc_of_counts, asah.outcome, asah.markers["s100b"], repeats=4000, seed=0)
    delong = auc_delong(asah.outcome, asah.markers["s100b"])
    assert ours.high - ours.low == pytest.approx(delong.high - delong.low, rel=0.05)


def test_bootstrap_repeats_with_its_seed_only(patients):
    first, again, other = (bootstrap(auc_of_counts, *patients, repeats=200, seed=seed) for seed in (4, 4, 5))
    assert first == again
    assert first != other


def test_macro_auc_agrees_with_scikit_learn():
    rng = np.random.default_rng(5)
    label = rng.integers(3, size=200)
    score = rng.dirichlet([1, 1, 1], size=200) + 0.3 * np.eye(3)[label]
    score /= score.sum(axis=1, keepdims=True)
    estimate = macro_auc(label, score, repeats=500, seed=0)
    assert estimate.value == pytest.approx(roc_auc_score(label, score, multi_class="ovr", average="macro"))
    assert estimate.low < estimate.value < estimate.high


def test_macro_auc_of_two_classes_is_the_auc(patients):
    two = np.column_stack([1 - patients.score, patients.score])
    macro = macro_auc(patients.outcome, two, repeats=300, seed=8)
    plain = bootstrap(auc_of_counts, *patients, repeats=300, seed=8)
    assert (macro.value, macro.low, macro.high) == pytest.approx((plain.value, plain.low, plain.high))


def test_macro_auc_is_unknown_without_a_class():
    assert isnan(macro_auc([0, 1, 0], np.ones((3, 3)), repeats=10, seed=0).value)


def test_macro_auc_refuses_a_label_without_scores():
    with pytest.raises(InputError, match="columns of scores"):
        macro_auc([0, 1, 2], np.ones((3, 2)), repeats=10, seed=0)


@pytest.mark.parametrize("outcome", [[1, 1, 1], [0, 0, 0]])
def test_one_class_has_no_area(outcome):
    score = [0.1, 0.2, 0.3]
    values = [
        auc(outcome, score),
        average_precision(outcome, score),
        auc_delong(outcome, score).value,
        bootstrap(auc_of_counts, outcome, score, repeats=10, seed=0).value,
        bootstrap(partial(f1_of_counts, threshold=0.2), outcome, score, repeats=10, seed=0).value,
    ]
    assert np.isnan(values).all()


@pytest.mark.parametrize("points", [roc_points, pr_points])
def test_one_class_has_no_curve(points):
    with pytest.raises(InputError, match="all cases or all controls"):
        points([1, 1], [0.1, 0.2])


@pytest.mark.parametrize(
    ("outcome", "score", "message"),
    [
        ([0, 1, 2], [0.1, 0.2, 0.3], "neither 0 nor 1"),
        ([0, 1], [0.1, 0.2, 0.3], "shape"),
        ([0, 1], [0.1, np.nan], "missing or infinite"),
    ],
)
def test_arrays_that_cannot_be_used_are_refused(outcome, score, message):
    with pytest.raises(InputError, match=message):
        auc(outcome, score)
