from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from sonoher2.models.deep.activations import Store
from sonoher2.models.deep.classifier import DeepClassifier
from sonoher2.models.deep.crossfit import CrossFit, LeakError, unseen_embedding

Make = Callable[[int, int], tuple[list[np.ndarray], np.ndarray]]
CLASSIFIER = DeepClassifier("resnet10t", "none", 32, epochs=1, variants=1, rate=1e-3)
PROBE = DeepClassifier("resnet10t", "none", 32, epochs=0)


@pytest.fixture(scope="module")
def cohort(patients: Make) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    X, y = patients(18, 0)
    return X, y, np.arange(18) // 2 % 3


def test_out_of_fold_means_by_a_network_without_the_patient(cohort: tuple[list, np.ndarray, np.ndarray]) -> None:
    X, y, folds = cohort
    crossed = CrossFit(CLASSIFIER).fit(X, y, folds)
    for fold in range(3):
        rows, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        network = clone(CLASSIFIER).fit([X[row] for row in others], y[others])
        held_out = [X[row] for row in rows]
        assert not network.has_seen(held_out).any()
        assert network.has_seen([X[row] for row in others]).all()
        np.testing.assert_array_equal(crossed.oof_embedding_[rows], network.embed(held_out))
        np.testing.assert_array_equal(crossed.oof_scores_[rows], network.decision_function(held_out))
    assert crossed.final_.has_seen(X).all()
    np.testing.assert_array_equal(crossed.decision_function(X), clone(CLASSIFIER).fit(X, y).decision_function(X))


def test_a_patient_s_label_does_not_touch_their_own_embedding(cohort: tuple[list, np.ndarray, np.ndarray]) -> None:
    X, y, folds = cohort
    turned = np.where(folds == 0, 1 - y, y)
    one, other = (CrossFit(CLASSIFIER).fit(X, labels, folds) for labels in (y, turned))
    np.testing.assert_array_equal(one.oof_embedding_[folds == 0], other.oof_embedding_[folds == 0])
    assert (one.oof_embedding_[folds == 1] != other.oof_embedding_[folds == 1]).any()


def test_a_seen_picture_is_refused(cohort: tuple[list, np.ndarray, np.ndarray]) -> None:
    X, y, folds = cohort
    network = clone(PROBE).fit(X[:8], y[:8])
    with pytest.raises(LeakError, match="2 held-out patients"):
        unseen_embedding(network, X[6:10])
    twin = [*X[:-1], X[0]]
    with pytest.raises(LeakError, match="into one fold"):
        CrossFit(PROBE).fit(twin, y, folds)


def test_scores_out_of_fold_are_as_good_as_new_ones(
    patients: Make, cohort: tuple[list, np.ndarray, np.ndarray]
) -> None:
    X, y, folds = cohort
    crossed = CrossFit(PROBE).fit(X, y, folds)
    new, labels = patients(20, 1)
    assert roc_auc_score(y, crossed.oof_scores_) > 0.9
    assert roc_auc_score(labels, crossed.predict_proba(new)[:, 1]) > 0.9


def test_noise_gives_noise(patients: Make) -> None:
    X, _ = patients(80, 2)
    alike, aucs = X[::2], []
    for seed in range(4):
        y = np.random.default_rng(seed).permutation(np.arange(40) % 2)
        # folds with as many cases as controls: else a fold's surplus is its training patients' lack, and AUC falls
        folds = np.empty(40, int)
        for label in (0, 1):
            folds[y == label] = np.arange(20) % 4
        aucs.append(roc_auc_score(y, CrossFit(PROBE).fit(alike, y, folds).oof_scores_))
    assert np.mean(aucs) == pytest.approx(0.5, abs=0.12)


def test_activations_are_computed_once_for_all_folds(
    cohort: tuple[list, np.ndarray, np.ndarray], tmp_path: pytest.TempPathFactory
) -> None:
    X, y, folds = cohort
    store = Store(tmp_path)
    tuned = clone(CLASSIFIER)
    in_memory = CrossFit(tuned).fit(X, y, folds)
    first = CrossFit(tuned).fit(X, y, folds, store=store)
    files = sorted(tmp_path.iterdir())
    times = [file.stat().st_mtime_ns for file in files]
    again = CrossFit(tuned).fit(X, y, folds, store=store)
    assert len(files) == sum(len(pictures) for pictures in X)
    assert times == [file.stat().st_mtime_ns for file in files]
    np.testing.assert_array_equal(first.oof_scores_, in_memory.oof_scores_)
    np.testing.assert_array_equal(first.oof_scores_, again.oof_scores_)
