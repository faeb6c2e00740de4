from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from sonoher2.core.errors import InputError
from sonoher2.deep import training
from sonoher2.deep.classifier import DeepClassifier, stopping_patients
from sonoher2.deep.embedding import DeepEmbedding

SMALL = {"network": "resnet10t", "weights": "none", "size": 32, "variants": 2, "rate": 1e-3}
Make = Callable[[int, int], tuple[list[np.ndarray], np.ndarray]]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """File of weights: from it on, the first stages count as pretrained and stay frozen."""
    from safetensors.torch import save_file

    from sonoher2.networks.weights import build_body

    path = tmp_path_factory.mktemp("weights") / "resnet10t.safetensors"
    save_file(build_body("resnet10t", "none", size=32, seed=3).state_dict(), path)
    return str(path)


@pytest.fixture(scope="module")
def fitted(patients: Make, weights: str) -> DeepClassifier:
    return DeepClassifier(**SMALL | {"weights": weights}, epochs=2).fit(*patients(24, 0))


@pytest.mark.parametrize("pooling", ["lesion", "own"])
def test_it_learns_what_new_patients_have(patients: Make, weights: str, pooling: str) -> None:
    classifier = DeepClassifier(**SMALL | {"weights": weights}, epochs=2, pooling=pooling).fit(*patients(24, 0))
    X, y = patients(30, 1)
    assert roc_auc_score(y, classifier.decision_function(X)) > 0.9
    assert len(classifier.losses_) == 3


def test_random_weights_are_trained_from_the_first_stage_on(patients: Make) -> None:
    classifier = DeepClassifier(**SMALL | {"variants": 0}, epochs=1).fit(*patients(10, 0))
    start = DeepClassifier(**SMALL, epochs=0).fit(*patients(10, 0))
    for name in ("body.conv1.0.weight", "body.bn1.running_mean", "head.weight"):
        assert (classifier.state_[name] != start.state_[name]).any()


def test_random_features_that_hardly_differ_do_not_blow_up() -> None:
    """Divided by their tiny deviations they did: training from scratch ended with a loss of thousands."""
    y = np.arange(12) % 2
    X = [np.full((1, 2, 32, 32), 128 + label, np.uint8) for label in y]
    classifier = DeepClassifier(**SMALL | {"variants": 0}, epochs=2, pooling="own").fit(X, y)
    assert classifier.losses_[0] == pytest.approx(np.log(2))
    assert max(classifier.losses_) < 1


def test_frozen_stages_stay_as_they_were(fitted: DeepClassifier, patients: Make, weights: str) -> None:
    probe = DeepClassifier(**SMALL | {"weights": weights}, epochs=0).fit(*patients(24, 0))
    changed = {name for name, value in fitted.state_.items() if (value != probe.state_[name]).any()}
    assert {name for name in changed if name.startswith("body")} == {
        name for name in fitted.state_ if name.startswith("body.layer3") and name.endswith(("weight", "bias"))
    }
    assert {"head.weight", "head.bias"} <= changed


def test_probabilities_and_scores_agree(fitted: DeepClassifier, patients: Make) -> None:
    X, _ = patients(6, 2)
    probabilities, scores = fitted.predict_proba(X), fitted.decision_function(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(np.log(probabilities[:, 1] / probabilities[:, 0]), scores)
    np.testing.assert_array_equal(fitted.predict(X), (scores > 0).astype(int))
    np.testing.assert_allclose(fitted.scores_of(fitted.embed(X)), scores)


def test_a_patient_is_the_mean_of_their_pictures(fitted: DeepClassifier, patients: Make) -> None:
    X, _ = patients(3, 3)
    two = np.concatenate([X[0], X[1]])
    singles = np.stack([fitted.embed([crop[None]])[0] for crop in two])
    np.testing.assert_allclose(fitted.embed([two])[0], singles.mean(axis=0))


def test_a_score_does_not_depend_on_the_company(fitted: DeepClassifier, patients: Make) -> None:
    X, _ = patients(4, 4)
    np.testing.assert_array_equal(fitted.embed(X), np.concatenate([fitted.embed([x]) for x in X]))
    alone = [fitted.decision_function([x])[0] for x in X]
    np.testing.assert_allclose(fitted.decision_function(X), alone, rtol=1e-12)


def test_the_same_seed_gives_the_same_network(fitted: DeepClassifier, patients: Make) -> None:
    again = clone(fitted).fit(*patients(24, 0))
    for name, value in fitted.state_.items():
        np.testing.assert_array_equal(again.state_[name], value)
    other = clone(fitted).set_params(seed=1).fit(*patients(24, 0))
    assert (other.state_["head.weight"] != fitted.state_["head.weight"]).any()


def test_the_fine_tuned_embedding_is_standardised_over_the_training_patients(
    fitted: DeepClassifier, patients: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, _ = patients(24, 0)
    vectors = fitted.embed(X)
    varying = vectors.std(axis=0) > 0.5
    np.testing.assert_allclose(vectors.mean(axis=0)[varying], 0, atol=0.02)
    np.testing.assert_allclose(vectors.std(axis=0)[varying], 1, atol=0.03)
    monkeypatch.setattr(training, "restandardise", lambda *_: None)
    before = clone(fitted).fit(*patients(24, 0))
    np.testing.assert_allclose(fitted.decision_function(X), before.decision_function(X), rtol=1e-3, atol=1e-3)
    assert abs(before.embed(X).mean(axis=0)[varying]).max() > 0.02


class KilledError(Exception):
    pass


def test_a_stopped_fit_goes_on_where_it_was(
    fitted: DeepClassifier, patients: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_epoch, epochs = training._one_epoch, []

    def dies_in_the_second(*arguments: object) -> None:
        epochs.append(arguments[-1])
        if len(epochs) == 2:
            raise KilledError
        whole_epoch(*arguments)

    monkeypatch.setattr(training, "_one_epoch", dies_in_the_second)
    with pytest.raises(KilledError):
        clone(fitted).fit(*patients(24, 0), work=tmp_path)
    resumed = clone(fitted).fit(*patients(24, 0), work=tmp_path)
    assert epochs == [1, 2, 2]
    for name, value in fitted.state_.items():
        np.testing.assert_array_equal(resumed.state_[name], value)


def test_three_classes(patients: Make, weights: str) -> None:
    X, _ = patients(18, 5)
    y = np.array(["a", "b", "c"])[np.arange(18) % 3]
    classifier = DeepClassifier(**SMALL | {"weights": weights}, epochs=1).fit(X, y)
    assert classifier.predict_proba(X).shape == (18, 3)
    assert set(classifier.predict(X)) <= set("abc")


def test_stopping_patients_are_stratified_and_none_when_few() -> None:
    y = np.repeat([0, 1], [60, 40])
    held_out = stopping_patients(y, 0.2, 0)
    assert np.bincount(y[held_out]).tolist() == [12, 8]
    assert not stopping_patients(y[:61], 0.2, 0).any()
    assert not stopping_patients(y, 0.0, 0).any()


def test_early_stopping_keeps_the_best_epoch(patients: Make, weights: str) -> None:
    wild = SMALL | {"weights": weights, "rate": 3.0, "held_out": 0.25}
    X, y = patients(40, 6)
    classifier = DeepClassifier(**wild, epochs=9).fit(X, y)
    losses = classifier.losses_
    assert classifier.best_epoch_ == int(np.argmin(losses))
    assert len(losses) - 1 <= classifier.best_epoch_ + 3


def test_classes_and_patients_count_alike(patients: Make, weights: str) -> None:
    owner = np.array([0, 0, 0, 1, 2, 3])
    y = np.array([0, 0, 0, 0, 0, 1])
    examples = training.Examples(None, y, owner, np.zeros(6, bool))  # type: ignore[arg-type]
    np.testing.assert_allclose(examples.weights(), [1 / 3, 1 / 3, 1 / 3, 1, 1, 3], rtol=1e-6)


def test_bad_input(patients: Make) -> None:
    X, y = patients(4, 0)
    with pytest.raises(InputError, match="one label per patient"):
        DeepClassifier(**SMALL).fit(X, y[:3])
    with pytest.raises(InputError, match="at least two classes"):
        DeepClassifier(**SMALL).fit(X, np.zeros(4))
    with pytest.raises(InputError, match="not \\(images, 2, 64, 64\\)"):
        DeepClassifier(**SMALL | {"size": 64}).fit(X, y)


def test_threads_are_given_back(patients: Make) -> None:
    before = torch.get_num_threads()
    DeepClassifier(**SMALL, epochs=0).fit(*patients(6, 0))
    assert torch.get_num_threads() == before


def test_the_frozen_embedding_is_the_probe_s_before_standardisation(patients: Make, weights: str) -> None:
    X, y = patients(8, 0)
    plain = {"network": "resnet10t", "weights": weights, "size": 32}
    embedding = DeepEmbedding(**plain).fit()
    probe = DeepClassifier(**plain, epochs=0).fit(X, y)
    vectors = embedding.transform(X)
    assert vectors.shape == (8, embedding.width_) == (8, len(embedding.get_feature_names_out()))
    centred = vectors - vectors.mean(axis=0)
    np.testing.assert_allclose(centred / np.maximum(vectors.std(axis=0), 1e-6), probe.embed(X), atol=1e-3)
