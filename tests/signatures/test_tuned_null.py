"""Permuted labels through fine-tuned networks and the fusion: nothing is found, unless one looks where one must not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from sonoher2.classifiers.folds import macro_auc
from sonoher2.config.deep import DeepConfig
from sonoher2.deep.activations import Store
from sonoher2.deep.classifier import DeepClassifier
from sonoher2.deep.crossfit import fit_without, left_out_sets, out_of_fold
from sonoher2.signatures.feature_table import described_feature_groups, join_feature_groups
from sonoher2.signatures.registry import build_signatures
from sonoher2.signatures.validation import fit_fold, outer_folds

NETWORK, SIZE, PATIENTS, NEW = "resnet10t", 32, 48, 48


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> DeepClassifier:
    from safetensors.torch import save_file

    from sonoher2.networks.weights import build_body

    path = tmp_path_factory.mktemp("weights") / "start.safetensors"
    save_file(build_body(NETWORK, "none", size=SIZE, seed=3).state_dict(), path)
    return DeepClassifier(NETWORK, str(path), SIZE, epochs=1, variants=1, rate=1e-4)


def noise_patients(seed: int, n: int) -> list[np.ndarray]:
    """Smooth noise, so that each patient's picture is unlike the others and can be learned by heart."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((SIZE, SIZE), np.uint8)
    mask[8:24, 8:24] = 255
    smooth = gaussian_filter(rng.normal(size=(n, SIZE, SIZE)), (0, 3, 3))
    grey = np.clip(128 + 60 * smooth / smooth.std(), 1, 255).astype(np.uint8)
    return [np.stack([layer, mask])[None] for layer in grey]


def wide(radiomics: pd.DataFrame, described: np.ndarray) -> pd.DataFrame:
    feature_groups = described_feature_groups(NETWORK, described, described.shape[1] - 1, radiomics.index)
    return join_feature_groups({"radiomics": radiomics, **feature_groups})


def one_null(classifier: DeepClassifier, study, seed: int, store: Store) -> dict[str, tuple[float, float]]:
    """AUC out of fold and of new patients by signature; and of the network on the patients whom it was fitted on."""
    rng = np.random.default_rng(seed)
    pictures, y = noise_patients(0, PATIENTS + NEW), rng.permutation(np.arange(PATIENTS + NEW) % 2)
    radiomics = pd.DataFrame(rng.normal(size=(PATIENTS + NEW, 20)), columns=[f"f{i}" for i in range(20)])
    seen, labels, new = pictures[:PATIENTS], y[:PATIENTS], slice(PATIENTS, None)
    folds = outer_folds(labels, None, 3, seed)
    sets = left_out_sets(3)
    fitted = {out: fit_without(classifier, seen, labels, np.isin(folds, out), store=store) for out in sets}
    final, parts = fitted[()][0], {out: described for out, (_, described) in fitted.items() if out}
    signatures = build_signatures(study.model_copy(update={"seed": seed}), {}, True)
    oof = {name: np.empty(PATIENTS) for name in signatures.names}
    for outer in range(3):
        X = wide(radiomics[:PATIENTS], out_of_fold(parts, folds, outer))
        train, test = np.flatnonzero(folds != outer), np.flatnonzero(folds == outer)
        for name, probability in fit_fold(signatures, X, labels, None, train, test).items():
            oof[name][test] = probability[:, 1]
    model = signatures.fit(wide(radiomics[:PATIENTS], out_of_fold(parts, folds)), labels)
    described = np.hstack(final.described(final.raw_embedding(pictures[new])))
    tested = model.predict_proba(wide(radiomics[new], described))
    aucs = {name: (macro_auc(labels, oof[name][:, None]), macro_auc(y[new], tested[name][:, [1]])) for name in oof}
    return aucs | {"leak": (macro_auc(labels, final.decision_function(seen)[:, None]), 0.5)}


def test_permuted_labels_give_a_half(classifier: DeepClassifier, study, tmp_path: Path) -> None:
    study = study.model_copy(
        update={"deep": DeepConfig(network=NETWORK, training="fine-tuned"), "models": ["logistic"]}
    )
    # the pictures are the same in all runs, and so is what the frozen stages make of them
    runs = [one_null(classifier, study, seed, Store(tmp_path)) for seed in range(5)]
    for name in ("Deep", "DLR", "DLR (early)"):
        assert np.mean([run[name] for run in runs], axis=0) == pytest.approx([0.5, 0.5], abs=0.11)
    # the network has learned the labels by heart: scores of patients it has seen would have shown it
    assert np.mean([run["leak"][0] for run in runs]) > 0.9
