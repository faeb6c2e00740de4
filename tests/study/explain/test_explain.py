"""Explanations of a study without deep features: they fit the predictions of its test set."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sonoher2.signatures.nomogram import total_probability
from sonoher2.study.explain.explain import _explained


def scores(finished, signature: str) -> np.ndarray:
    rows = finished.result.performance.predictions.query("signature == @signature and set == 'test'").set_index(
        "patient_id"
    )
    return rows["score"]


def test_points_lead_to_the_probability_of_each_test_patient(finished) -> None:
    points = finished.result.explanations.points
    assert set(points["signature"]) == set(finished.result.model.nomograms)
    for signature, nomogram in finished.result.model.nomograms.items():
        totals = points.query("signature == @signature and variable == 'total'").set_index("patient_id")["points"]
        expected = scores(finished, signature).loc[totals.index]
        found = [total_probability(nomogram, total) for total in totals]
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_effects_and_a_constant_are_the_log_odds(finished) -> None:
    attributions = finished.result.explanations.attributions
    assert "Radiomics" in attributions
    for signature, found in attributions.items():
        score = scores(finished, signature).loc[found.effects.index]
        constant = np.log(score / (1 - score)) - found.effects.sum(axis=1)
        np.testing.assert_allclose(constant, constant.iloc[0], atol=1e-6)
        assert list(found.values) == list(found.effects)


def test_without_deep_features_there_is_no_heat(finished) -> None:
    assert finished.result.explanations.heat is None


@pytest.mark.parametrize(("chosen", "taken"), [("vgg19", ["vgg19"]), ("vit", []), (None, [])])
def test_heat_maps_are_drawn_of_the_network_that_the_deep_signature_chose(chosen: str | None, taken: list[str]) -> None:
    networks: Any = [SimpleNamespace(network=name) for name in ("resnet101", "vgg19", "swin")]
    model: Any = SimpleNamespace(fitted_={} if chosen is None else {"Deep": SimpleNamespace(network=chosen)})
    assert [network.network for network in _explained(model, networks)] == taken
