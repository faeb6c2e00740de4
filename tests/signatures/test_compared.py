"""Every model and network that the signatures of a study chose among, scored by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.deep import DeepConfig
from sonoher2.signatures.feature_table import deep_group
from sonoher2.signatures.image_based import FeatureSignature
from sonoher2.signatures.registry import build_signatures

NETWORKS = ["EfficientNet-Lite0", "EfficientNet-Lite2"]


@pytest.fixture
def deep_table(make_table) -> tuple[pd.DataFrame, np.ndarray]:
    X, y = make_table(80, p=8, clinical=0.5, image=1.0)
    rng = np.random.default_rng(5)
    for number, name in enumerate(NETWORKS):
        values = rng.normal(size=(80, 6)) + number * y[:, None]
        X = pd.concat(
            [
                X,
                pd.DataFrame(
                    values,
                    index=X.index,
                    columns=pd.MultiIndex.from_product([[deep_group(name)], [f"deep_{i}" for i in range(6)]]),
                ),
            ],
            axis=1,
        )
    return X, y


def test_models_and_networks_of_each_signature(deep_table, study) -> None:
    X, y = deep_table
    chosen = study.model_copy(update={"deep": DeepConfig(network=NETWORKS)})
    fitted = build_signatures(chosen, dict(study.clinical.columns), True).fit(X[:60], y[:60])
    found = fitted.compared(X[60:])
    models = ("logistic", "knn")
    expected = {(name, model) for name in ("Radiomics", "DLR (early)", "Combined (zoo)") for model in models}
    expected |= {("Combined (zoo) (pre-biopsy)", model) for model in models}
    expected |= {("Deep", network) for network in NETWORKS}
    assert set(found) == expected
    assert {score.shape for score in found.values()} == {(20, 2)}
    # the better network is the one that knows the label, and it is told apart from the other
    better = ((found["Deep", NETWORKS[1]][:, 1] > 0.5) == y[60:]).mean()
    assert better > ((found["Deep", NETWORKS[0]][:, 1] > 0.5) == y[60:]).mean()
    own = fitted.predict_proba(X[60:])
    assert fitted.fitted_["Deep"].network == NETWORKS[1]
    np.testing.assert_array_equal(found["Deep", NETWORKS[1]], own["Deep"])
    # the chosen model of a signature is among those that are compared
    assert any(np.array_equal(found["Radiomics", model], own["Radiomics"]) for model in models)


def test_of_one_network_the_models_of_early_fusion_are_compared_and_the_network_itself(deep_table, study) -> None:
    X, y = deep_table
    chosen = study.model_copy(update={"deep": DeepConfig(network=NETWORKS[:1])})
    found = build_signatures(chosen, {}, True).fit(X, y).compared(X[:5])
    assert set(found) == {
        ("Radiomics", "logistic"), ("Radiomics", "knn"), ("DLR (early)", "logistic"), ("DLR (early)", "knn"),
        ("Deep", NETWORKS[0]),
    }  # fmt: skip


def test_the_patients_to_score_change_nothing(make_table) -> None:
    X, y = make_table(80, image=1.0)
    signature = FeatureSignature(names=("logistic", "knn"), inner_folds=3).fit(X[:60], y[:60])
    together, alone = signature.compared(X[60:]), signature.compared(X[60:61])
    for name in together:
        np.testing.assert_allclose(alone[name][0], together[name][0], rtol=1e-12)
