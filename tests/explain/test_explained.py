"""A classical model on a frozen embedding is explained as if it were part of the network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch

from sonoher2.classifiers.search import ModelSearch
from sonoher2.deep.embedding import DeepEmbedding
from sonoher2.explain.explained import Explained
from sonoher2.explain.gradcam import heat_map, maps_and_gradients
from sonoher2.explain.margins import class_margin, embedding_margin, embedding_slope, slope
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.reduce import PrincipalComponents

Make = Callable[[int, int], tuple[list[np.ndarray], np.ndarray]]
Fitted = tuple[DeepEmbedding, np.ndarray, np.ndarray, list[np.ndarray]]


@pytest.fixture(scope="module", params=["lesion", "own"])
def fitted(request: pytest.FixtureRequest, patients: Make) -> Fitted:
    embedding = DeepEmbedding("resnet10t", "none", 32, pooling=request.param).fit()
    X, y = patients(30, 0)
    return embedding, embedding.transform(X), y, X


def search_of(embedded: np.ndarray, y: np.ndarray, *names: str) -> ModelSearch:
    return ModelSearch(names, PrincipalComponents(), 3, 0).fit(embedded, y)


@pytest.mark.parametrize("name", ["ridge", "logistic", "linear", "svm"])
def test_gradients_are_those_of_automatic_differentiation_from_end_to_end(fitted: Fitted, name: str) -> None:
    """With a linear model the whole way from maps to log-odds can be written in torch and differentiated at once."""
    embedding, embedded, y, X = fitted
    search = search_of(embedded, y, name)
    if name == "svm" and search.model_.kernel != "linear":
        search.model_.set_params(kernel="linear")
        search.model_.fit(np.asarray(search.selection_.transform(embedded)), y)
    explained = Explained.of_search(embedding, search)
    network, crop = explained.network, X[0][0]
    batch = explained.preparation.run(network, [crop], 0)
    _, found = maps_and_gradients(explained, batch)

    scaler, pca, model = search.selection_.scaler_, search.selection_.pca_, search.model_
    stage = (network.n_stages - 1 if network.taps is None else network.taps[0]) + 1
    maps = network.run(batch.x, 0, stage).detach().requires_grad_()
    row = network.embed(maps, batch.mask, stage)[0].double()
    z = torch.tensor(pca.components_) @ ((row - torch.tensor(scaler.mean_)) / torch.tensor(scaler.scale_))
    z = (z - torch.tensor(pca.components_ @ pca.mean_)) / search.selection_.scale_
    raw = (z * torch.tensor(np.ravel(model.coef_))).sum() + np.ravel(model.intercept_).item()
    log_odds = search.calibrator_.slope_ * raw + float(search.calibrator_.intercept_[0])
    (expected,) = torch.autograd.grad(log_odds, maps)
    torch.testing.assert_close(found, expected[0], rtol=1e-3, atol=1e-7)
    score = explained.score(explained.embed(crop)[None])[0]
    assert score == pytest.approx(float(log_odds.detach()), rel=1e-3, abs=1e-4)


def test_score_is_the_calibrated_log_odds_of_the_signature(fitted: Fitted) -> None:
    _, embedded, y, _ = fitted
    search = search_of(embedded, y, "random-forest")
    probability = search.predict_proba(embedded)[:, 1]
    np.testing.assert_allclose(embedding_margin(search, 1)(embedded), np.log(probability / (1 - probability)))
    np.testing.assert_allclose(embedding_margin(search, 0)(embedded), -embedding_margin(search, 1)(embedded))


def test_a_crop_is_embedded_as_for_a_prediction(fitted: Fitted, monkeypatch: pytest.MonkeyPatch) -> None:
    embedding, embedded, y, X = fitted
    explained = Explained.of_search(embedding, search_of(embedded, y, "ridge"))
    by_torch = explained.embed(X[0][0])
    monkeypatch.setattr(embedding, "graph_", None)
    embedding.keep_graph()
    by_graph = explained.embed(X[0][0])
    np.testing.assert_array_equal(by_graph, embedding.raw_embedding([X[0][:1]])[0])
    assert 0 < np.abs(by_graph - by_torch).max() < 1e-4


def test_one_crop_of_several_shares_in_the_mean(fitted: Fitted) -> None:
    embedding, embedded, y, X = fitted
    explained = Explained.of_search(embedding, search_of(embedded, y, "naive-bayes"))
    number = next(i for i, crops in enumerate(X) if len(crops) == 2)
    first, second = (explained.embed(crop) for crop in X[number])
    alone = explained.beside(second[None])
    assert alone.score(first[None])[0] == pytest.approx(explained.score(embedded[number][None])[0], rel=1e-6)
    np.testing.assert_allclose(alone.gradient(first), explained.gradient((first + second) / 2) / 2)
    assert heat_map(alone, X[number][0]).shape == (32, 32)
    none = explained.beside(np.empty((0, len(first))))
    np.testing.assert_array_equal(none.gradient(first), explained.gradient(first))


def test_slope_is_exact_for_quadratic_scores() -> None:
    at = np.array([0.3, -1.0, 2.0])
    found = slope(lambda rows: (rows**2 @ np.array([1.0, 0.5, 0.0])) + rows[:, 2], at, np.array([1.0, 0.2, 3.0]))
    np.testing.assert_allclose(found, [0.6, -1.0, 1.0])


def test_margin_of_several_classes_is_against_the_mean_of_the_others() -> None:
    margin = class_margin(np.array([[0.5, 0.25, 0.25]]), 0)
    np.testing.assert_allclose(margin, np.log(2))


def test_only_models_of_an_embedding_are_taken(fitted: Fitted) -> None:
    _, embedded, y, _ = fitted
    search = ModelSearch(("logistic",), SelectionPipeline(), 3, 0).fit(pd.DataFrame(embedded[:, :20]), y)
    with pytest.raises(ValueError, match="principal components"):
        embedding_slope(search, 1)


@pytest.mark.parametrize("use", ["none", "channel", "blank"])
def test_the_network_sees_the_mask_as_in_training(patients: Make, use: str) -> None:
    embedding = DeepEmbedding("resnet10t", "none", 32, mask=use).fit()
    X, y = patients(12, 0)
    embedded = embedding.transform(X)
    explained = Explained.of_search(embedding, search_of(embedded, y, "ridge"))
    np.testing.assert_allclose(explained.embed(X[0][0]), embedding.transform([X[0][:1]])[0], atol=1e-6)
