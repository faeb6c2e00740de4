"""Stacking by the model zoo: encoded as the logistic signature encodes, and as good on a signal that is not a line."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.classifiers.encoding import ClinicalEncoder, CodedEncoder, coded
from sonoher2.classifiers.folds import macro_auc
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.stacked_candidates import StackedCandidates
from sonoher2.signatures.stacking import score_table

KINDS = {"age": "number", "birads": "ordered", "palpable": "yes/no", "histology": "category"}


def with_score(X: pd.DataFrame, log_odds: np.ndarray) -> pd.DataFrame:
    probability = 1 / (1 + np.exp(-log_odds))
    return pd.concat([X, score_table("DLR", np.column_stack([1 - probability, probability]), X.index)], axis=1)


def test_codes_are_encoded_as_the_levels_themselves(make_table) -> None:
    clinical = make_table(120)[0]["clinical"]
    names = {"histology": ["IDC", "ILC", "other"]}
    numbers = coded(clinical, names)
    assert numbers["histology"].isna().equals(clinical["histology"].isna())
    expected = ClinicalEncoder(KINDS).fit(clinical[:80]).transform(clinical[80:])
    found = CodedEncoder(KINDS, names).fit(numbers[:80]).transform(numbers[80:])
    pd.testing.assert_frame_equal(found, expected)


def test_a_new_level_and_missing_values_are_scored(make_table) -> None:
    X, y = make_table(120, clinical=1.0)
    X = with_score(X, np.random.default_rng(0).normal(size=120) + y)
    fitted = StackedCandidates(KINDS, ("DLR",), ("logistic",), inner_folds=3).fit(X, y)
    new = X.iloc[:3].copy()
    new[("clinical", "histology")] = ["IDC", "DCIS", None]
    new[("clinical", "age")] = np.nan
    probability = fitted.predict_proba(new)
    assert np.isfinite(probability).all()
    assert probability.sum(axis=1) == pytest.approx(1)
    alone = fitted.predict_proba(new.iloc[[1]])
    np.testing.assert_allclose(alone[0], probability[1])


def test_the_zoo_finds_what_no_line_finds(make_table) -> None:
    X, _ = make_table(400, seed=1)
    rng = np.random.default_rng(1)
    age = X["clinical"]["age"].fillna(55).to_numpy()
    score = rng.normal(size=400)
    # age turns the meaning of the score round: an interaction
    y = (np.sign(age - 55) * score + 0.5 * rng.normal(size=400) > 0).astype(int)
    X = with_score(X, score)
    zoo = StackedCandidates(KINDS, ("DLR",), ("logistic", "random-forest"), inner_folds=3).fit(X, y)
    line = LogisticSignature(KINDS, ("DLR",), inner_folds=3).fit(X, y)
    assert macro_auc(y, zoo.oof_proba_[:, [1]]) > macro_auc(y, line.oof_proba_[:, [1]]) + 0.2
    assert zoo.candidates_.set_index("model").loc["random-forest", "chosen"].any()


def test_a_score_of_negative_worth_is_not_turned_round(make_table) -> None:
    X, y = make_table(60, seed=2)
    harmful = with_score(X, np.random.default_rng(2).normal(size=60) - y)
    fitted = LogisticSignature({}, ("DLR",)).fit(harmful, y)
    assert (fitted.model_.coef_ > 0).all()
    score = harmful["scores", "DLR score"].to_numpy()
    np.testing.assert_array_equal(np.argsort(fitted.predict_proba(harmful)[:, 1]), np.argsort(score))


def test_clinical_columns_beside_a_score_are_free_and_the_score_is_not() -> None:
    """Of both the higher values are the controls'."""
    rng = np.random.default_rng(3)
    y = np.arange(80) % 2
    X = pd.concat({"clinical": pd.DataFrame({"age": rng.normal(size=80) - 2 * y})}, axis=1)
    X = with_score(X, rng.normal(size=80) - y)
    fitted = LogisticSignature({"age": "number"}, ("DLR",), inner_folds=3).fit(X, y)
    assert list(fitted.encoder_.get_feature_names_out()) == ["age", "DLR score"]
    age, score = fitted.model_.coef_[0]
    assert age < -0.1
    assert score == 0.1
