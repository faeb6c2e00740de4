"""What a case page shows: the image that was scored, and the heat of the class that is predicted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from predict.small_model import bundle, lesion, speckled
from sonoher2.bundle.load import Bundle
from sonoher2.config.deep import DeepConfig
from sonoher2.deep.embedding import DeepEmbedding
from sonoher2.predict.case import Case
from sonoher2.predict.heat import explained_network, heat_maps
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.prediction import Prediction, Score
from sonoher2.predict.views import case_views, predicted_class
from sonoher2.selection.reduce import PrincipalComponents
from sonoher2.signatures.feature_table import deep_group, join_feature_groups, network_feature_groups
from sonoher2.signatures.image_based import FeatureSignature
from sonoher2.signatures.set import SignatureSet

NAME = "resnet10t"
DEEP = DeepConfig(network=[NAME], weights="none", size=32, margin=0.25)


@pytest.fixture(scope="module")
def model() -> Bundle:
    """A Deep signature on a network without training: it sees something, and that is enough."""
    rng, y = np.random.default_rng(0), np.arange(20) % 2
    crops = rng.integers(1, 255, (20, 1, 2, 32, 32), dtype=np.uint8)
    crops[:, :, 1] = 255
    crops[y == 1, :, 0] //= 2
    network = DeepEmbedding(NAME, "none", 32).fit()
    table = join_feature_groups(network_feature_groups(network, pd.DataFrame(network.raw_embedding(list(crops)))))
    deep = FeatureSignature((deep_group(NAME),), ("logistic",), PrincipalComponents(), inner_folds=3)
    fitted = SignatureSet([("Deep", deep)]).fit(table, y)
    return replace(bundle(fitted, deep=DEEP), networks=(network,))


def prediction(probability: float, threshold: float, signature: str = "Deep") -> Prediction:
    score = Score(signature, "positive", probability, threshold, probability >= threshold, ())
    return Prediction("t", "n", False, "ab", 1, (score,))


def case_of(model: Bundle) -> Case:
    return Case(model, PatientInput((ImageInput(speckled(), (lesion(),)),)))


@pytest.mark.parametrize(
    ("probability", "threshold", "predicted"),
    [(0.6, 0.7, 0), (0.3, 0.2, 1), (0.4, 0.4, 1)],
)
def test_heat_speaks_for_the_predicted_class_and_not_for_the_more_probable_one(
    model: Bundle, probability: float, threshold: float, predicted: int
) -> None:
    """At 0.6 below a threshold of 0.7 the class is negative, whatever the patient has: a misclassified case too."""
    case = case_of(model)
    [view] = case_views(case, prediction(probability, threshold))
    assert view.predicted == ("negative", "positive")[predicted]
    expected, other = (
        heat_maps(explained_network(model.model, model.networks, outcome), [case.images[0].crop])[0].heat
        for outcome in (predicted, 1 - predicted)
    )
    np.testing.assert_array_equal(view.heat.heat, expected)
    assert not np.array_equal(expected, other)


def test_the_view_is_what_was_scored(model: Bundle) -> None:
    [view] = case_views(case_of(model), prediction(0.6, 0.5))
    np.testing.assert_array_equal(view.pixels, speckled())
    np.testing.assert_array_equal(view.lesion, lesion())
    # a lesion of 30 x 40 pixels at row 30, column 30: a square of 40 x 1.5 = 60 around its middle (45, 50)
    assert view.window == (15.0, 20.0, 60.0)


def test_of_three_classes_the_most_probable_is_predicted(model: Bundle) -> None:
    three = bundle(model.model, classes=("zero", "low", "positive"))
    scores = tuple(
        Score("Deep", name, value, 0.1, True, ()) for name, value in (("zero", 0.2), ("low", 0.5), ("positive", 0.3))
    )
    assert predicted_class(Case(three, PatientInput()), replace(prediction(0.5, 0.5), scores=scores)) == 1


def test_without_a_network_or_its_answer_only_the_image_is_shown(model: Bundle) -> None:
    for of, found in ((bundle(), prediction(0.6, 0.5, "Radiomics")), (model, prediction(0.6, 0.5, "Clinical"))):
        [view] = case_views(case_of(of), found)
        assert (view.heat, view.window, view.predicted) == (None, None, "")
    assert case_views(Case(model, PatientInput()), prediction(0.6, 0.5)) == []


def test_without_torch_the_view_has_no_heat(model: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonoher2.predict.views.find_spec", lambda name: None)
    [view] = case_views(case_of(model), prediction(0.6, 0.5))
    np.testing.assert_array_equal(view.pixels, speckled())
    assert view.heat is None
