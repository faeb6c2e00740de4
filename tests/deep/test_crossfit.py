from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from sonoher2.core.errors import InputError
from sonoher2.deep.activations import Store
from sonoher2.deep.classifier import DeepClassifier
from sonoher2.deep.crossfit import LeakError, fit_without, left_out_sets, out_of_fold, unseen_description

Make = Callable[[int, int], tuple[list[np.ndarray], np.ndarray]]
CLASSIFIER = DeepClassifier("resnet10t", "none", 32, epochs=1, variants=1, rate=1e-3)
PROBE = DeepClassifier("resnet10t", "none", 32, epochs=0)


@pytest.fixture(scope="module")
def cohort(patients: Make) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    X, y = patients(18, 0)
    return X, y, np.arange(18) // 2 % 3


def nested(
    classifier: DeepClassifier, X: list[np.ndarray], y: np.ndarray, folds: np.ndarray, store: Store | None = None
) -> dict[tuple[int, ...], np.ndarray]:
    sets = left_out_sets(int(folds.max()) + 1)[1:]
    return {out: fit_without(classifier, X, y, np.isin(folds, out), store=store)[1] for out in sets}


def test_each_set_of_at_most_two_folds_is_left_out_once() -> None:
    assert left_out_sets(3) == [(), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2)]
    assert len(left_out_sets(5)) == 16


def test_rows_come_from_the_network_without_the_patient_s_and_the_outer_fold() -> None:
    folds = np.array([2, 0, 1, 0, 2])
    rows = {out: np.flatnonzero(np.isin(folds, out)) for out in left_out_sets(3)[1:]}
    # each row says which patient it describes, and which folds its network was trained without
    parts = {out: np.array([[row, sum(2**fold for fold in out)] for row in rows[out]]) for out in rows}
    for outer in (None, 0, 1, 2):
        found = out_of_fold(parts, folds, outer)
        without = [2**fold | (0 if outer is None else 2**outer) for fold in folds]
        np.testing.assert_array_equal(found, np.column_stack([np.arange(5), without]))


def test_out_of_fold_means_by_a_network_without_the_patient(cohort: tuple[list, np.ndarray, np.ndarray]) -> None:
    X, y, folds = cohort
    network, described = fit_without(CLASSIFIER, X, y, folds == 1)
    others = np.flatnonzero(folds != 1)
    alone = clone(CLASSIFIER).fit([X[row] for row in others], y[others])
    held_out = [X[row] for row in np.flatnonzero(folds == 1)]
    assert not network.has_seen(held_out).any()
    assert network.has_seen([X[row] for row in others]).all()
    width = alone.embed(held_out).shape[1]
    np.testing.assert_array_equal(described[:, :width], alone.embed(held_out))
    np.testing.assert_array_equal(described[:, width], alone.decision_function(held_out))


def test_nobody_held_out_gives_the_final_network(cohort: tuple[list, np.ndarray, np.ndarray]) -> None:
    X, y, _ = cohort
    network, described = fit_without(PROBE, X, y, np.zeros(18, bool))
    assert described.size == 0
    np.testing.assert_array_equal(network.decision_function(X), clone(PROBE).fit(X, y).decision_function(X))


def test_a_patient_s_label_does_not_touch_their_own_description(cohort: tuple[list, np.ndarray, np.ndarray]) -> None:
    X, y, folds = cohort
    turned = np.where(folds == 0, 1 - y, y)
    one, other = (nested(PROBE, X, labels, folds) for labels in (y, turned))
    for outer in (None, 1, 2):
        before, after = out_of_fold(one, folds, outer), out_of_fold(other, folds, outer)
        np.testing.assert_array_equal(before[folds == 0], after[folds == 0])
        assert (before[folds != 0] != after[folds != 0]).any()
    np.testing.assert_array_equal(out_of_fold(one, folds, 0), out_of_fold(other, folds, 0))


def test_a_seen_crop_is_refused(cohort: tuple[list, np.ndarray, np.ndarray]) -> None:
    X, y, folds = cohort
    network = clone(PROBE).fit(X[:8], y[:8])
    with pytest.raises(LeakError, match="2 held-out patients"):
        unseen_description(network, X[6:10])
    twin = [*X[:-1], X[0]]
    with pytest.raises(LeakError, match="into one fold"):
        fit_without(PROBE, twin, y, folds == folds[-1])


def test_a_class_that_is_held_out_whole_is_an_error(cohort: tuple[list, np.ndarray, np.ndarray]) -> None:
    X, y, _ = cohort
    with pytest.raises(InputError, match="too few patients"):
        fit_without(PROBE, X, y, y == 1)


def test_three_classes_are_described_by_log_probabilities(patients: Make) -> None:
    X, _ = patients(18, 5)
    y = np.arange(18) % 3
    network, described = fit_without(PROBE, X, y, np.arange(18) < 3)
    np.testing.assert_allclose(np.exp(described[:, -3:]), network.predict_proba(X[:3]))


def test_scores_out_of_fold_are_as_good_as_new_ones(
    patients: Make, cohort: tuple[list, np.ndarray, np.ndarray]
) -> None:
    X, y, folds = cohort
    network, _ = fit_without(PROBE, X, y, np.zeros(18, bool))
    new, labels = patients(20, 1)
    assert roc_auc_score(y, out_of_fold(nested(PROBE, X, y, folds), folds)[:, -1]) > 0.9
    assert roc_auc_score(labels, network.predict_proba(new)[:, 1]) > 0.9


def test_noise_gives_noise(patients: Make) -> None:
    X, _ = patients(80, 2)
    alike, aucs = X[::2], []
    for seed in range(4):
        y = np.random.default_rng(seed).permutation(np.arange(40) % 2)
        # folds with as many cases as controls: else a fold's surplus is its training patients' lack, and AUC falls
        folds = np.empty(40, int)
        for label in (0, 1):
            folds[y == label] = np.arange(20) % 4
        parts = {(fold,): fit_without(PROBE, alike, y, folds == fold)[1] for fold in range(4)}
        aucs.append(roc_auc_score(y, out_of_fold(parts, folds)[:, -1]))
    assert np.mean(aucs) == pytest.approx(0.5, abs=0.12)


def test_activations_are_computed_once_for_all_networks(
    cohort: tuple[list, np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    X, y, folds = cohort
    store, first = Store(tmp_path), folds == 0
    clone(CLASSIFIER).keep_activations(X, store)
    times = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    _, kept = fit_without(CLASSIFIER, X, y, first, store=store)
    _, in_memory = fit_without(CLASSIFIER, X, y, first)
    assert len(times) == sum(len(crops) for crops in X)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == times
    np.testing.assert_array_equal(kept, in_memory)
