"""What parts add to a logistic signature, against the model's own probabilities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.signatures.contributions import part_contributions
from sonoher2.signatures.image_based import FeatureSignature
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.nomogram import patient_points, total_probability
from sonoher2.signatures.protocol import outcome_contrast
from sonoher2.signatures.set import SignatureSet
from sonoher2.signatures.stacking import with_scores

KINDS = {"age": "number", "birads": "ordered", "palpable": "yes/no", "histology": "category"}


@pytest.fixture(scope="module", params=[2, 3])
def fitted(request: pytest.FixtureRequest) -> tuple[SignatureSet, pd.DataFrame]:
    """Two scores stacked into one, and that one stacked with clinical columns."""
    rng = np.random.default_rng(0)
    n, classes = 120, request.param
    y = np.arange(n) % classes
    clinical = pd.DataFrame(
        {
            "age": rng.normal(55, 10, n) + 4 * y,
            "birads": rng.integers(0, 3, n).astype(float),
            "palpable": rng.integers(0, 2, n).astype(float),
            "histology": pd.Series(rng.choice(["IDC", "ILC", "other"], n), dtype=object),
        }
    )
    clinical.loc[::9, ["age", "palpable"]] = np.nan
    clinical.loc[::11, "histology"] = None
    feature_groups = {name: pd.DataFrame(rng.normal(size=(n, 4)) + y[:, None] * [1, 0.5, 0, 0]) for name in ("a", "b")}
    X = pd.concat(
        {"clinical": clinical, **{k: v.rename(columns=lambda i: f"f{i}") for k, v in feature_groups.items()}}, axis=1
    )
    parts = [(name.upper(), FeatureSignature((name,), ("logistic",), inner_folds=3)) for name in ("a", "b")]
    stacked = ("Both", LogisticSignature({}, ("A", "B"), inner_folds=3))
    combined = ("All", LogisticSignature(KINDS, ("Both",), inner_folds=3))
    return SignatureSet([*parts, stacked, combined]).fit(X, y), X


def centre_of(model: SignatureSet, X: pd.DataFrame) -> pd.Series:
    encoder = model.fitted_["All"].encoder_
    names = list(encoder.get_feature_names_out())
    values = {
        name: encoder.encode(name.split("=")[0], X["clinical", name.split("=")[0]])[
            :, [n for n in names if n.split("=")[0] == name.split("=")[0]].index(name)
        ]
        for name in names
        if name.split("=")[0] in KINDS
    }
    return pd.Series({name: value.mean() for name, value in values.items()})


def test_parts_and_a_constant_add_up_to_the_log_odds(fitted: tuple[SignatureSet, pd.DataFrame]) -> None:
    model, X = fitted
    probabilities = model.predict_proba(X)
    classes = len(model.classes_)
    for outcome in range(classes):
        found = part_contributions(
            model, "All", with_scores(X, probabilities), centre_of(model, X), outcome_contrast(classes, outcome)
        )
        assert list(found) == [*KINDS, "A", "B"]
        logs = np.log(probabilities["All"])
        log_odds = logs[:, outcome] - np.delete(logs, outcome, axis=1).mean(axis=1)
        constant = log_odds - found.sum(axis=1)
        np.testing.assert_allclose(constant, constant.iloc[0], atol=1e-9)
        np.testing.assert_allclose(found[list(KINDS)].mean(), 0, atol=1e-9)


@pytest.mark.parametrize("fitted", [2], indirect=True)
def test_points_are_those_that_one_reads_off_the_nomogram(fitted: tuple[SignatureSet, pd.DataFrame]) -> None:
    model, X = fitted
    probabilities = model.predict_proba(X)
    signature = model.fitted_["All"]
    nomogram, scored = signature.nomogram(), with_scores(X, probabilities)
    points = signature.nomogram_points(scored)
    assert list(points) == [*KINDS, "Both score"]
    known = X["clinical"].notna().all(axis=1)
    for patient in X.index[known][:5]:
        row = X["clinical"].loc[patient]
        given = {
            "age": row["age"],
            "birads": str(int(row["birads"])),
            "palpable": ["no", "yes"][int(row["palpable"])],
            "histology": row["histology"],
            "Both score": scored.loc[patient, ("scores", "Both score")],
        }
        assert patient_points(nomogram, given) == pytest.approx(points.loc[patient].to_dict())
    totals = points.sum(axis=1)
    read = [total_probability(nomogram, total) for total in totals]
    np.testing.assert_allclose(read, probabilities["All"][:, 1], atol=1e-9)


def test_contrast_of_two_classes_is_the_log_odds() -> None:
    np.testing.assert_array_equal(outcome_contrast(2, 1), [-1, 1])
    np.testing.assert_array_equal(outcome_contrast(3, 0), [1, -0.5, -0.5])
