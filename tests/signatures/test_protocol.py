"""What each kind of signature answers, on tables so small that the answers can be worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.classifiers.folds import fold_numbers
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.reduce import EarlyFusion, PrincipalComponents
from sonoher2.signatures import image_based
from sonoher2.signatures.image_based import BestNetwork, FeatureSignature, NetworkSignature
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.protocol import BaseSignature, Signature, outcome_contrast
from sonoher2.signatures.stacked_candidates import StackedCandidates
from sonoher2.signatures.stacking import score_names, score_table

MODELS = ("logistic",)
KINDS = {"age": "number", "palpable": "yes/no"}
NOTHING_TO_SELECT = SelectionPipeline(test=None, correlation=None, mrmr=None, lasso=False)


def make_table(n: int = 60) -> tuple[pd.DataFrame, np.ndarray]:
    """Two clinical columns, two features, two networks of which "b" sees the class, and the score of a parent."""
    rng, y = np.random.default_rng(4), np.arange(n) % 2
    noise = rng.normal(size=(n, 12))
    parent = 1 / (1 + np.exp(-(noise[:, 0] + y)))
    X = pd.concat(
        {
            "clinical": pd.DataFrame(
                {"age": 50 + 5 * noise[:, 1] + 4 * y, "palpable": (noise[:, 2] > 0).astype(float)}
            ),
            "radiomics": pd.DataFrame({"f": noise[:, 3] + y, "g": noise[:, 4]}),
            "deep a": pd.DataFrame(noise[:, 5:7], columns=["deep_0000", "deep_0001"]),
            "deep b": pd.DataFrame(noise[:, 7:9] + 2 * y[:, None], columns=["deep_0000", "deep_0001"]),
            "deep score a": pd.DataFrame({"log-odds": noise[:, 9]}),
            "deep score b": pd.DataFrame({"log-odds": noise[:, 10] + 2 * y}),
        },
        axis=1,
    )
    return pd.concat([X, score_table("P", np.column_stack([1 - parent, parent]), X.index)], axis=1), y


def features(*groups: str, selection: Any = NOTHING_TO_SELECT) -> FeatureSignature:
    return FeatureSignature(groups, MODELS, selection, inner_folds=3)


def components_of(network: str) -> FeatureSignature:
    return features(f"deep {network}", selection=PrincipalComponents(2))


SIGNATURES: dict[str, BaseSignature] = {
    "clinical": LogisticSignature(KINDS, inner_folds=3),
    "stack": LogisticSignature({"age": "number"}, ("P",), inner_folds=3),
    "scores alone": LogisticSignature({}, ("P",), inner_folds=3),
    "candidates": StackedCandidates(KINDS, ("P",), MODELS, inner_folds=3),
    "radiomics": features("radiomics"),
    "embedding": components_of("b"),
    "early": features("radiomics", "deep b", selection=EarlyFusion(NOTHING_TO_SELECT)),
    "tuned": NetworkSignature("b", inner_folds=3),
    "best embedding": BestNetwork([("a", components_of("a")), ("b", components_of("b"))], 3),
    "best tuned": BestNetwork([(name, NetworkSignature(name, 3)) for name in ("a", "b")], 3),
}


@pytest.fixture(scope="module")
def table() -> tuple[pd.DataFrame, np.ndarray]:
    return make_table()


@pytest.fixture(scope="module")
def fitted(table: tuple[pd.DataFrame, np.ndarray]) -> dict[str, Signature]:
    return {name: signature.fit(*table) for name, signature in SIGNATURES.items()}  # type: ignore[attr-defined]


# role, needs an image, clinical columns, parents, feature groups
BEFORE_FITTING = {
    "clinical": ("clinical", False, ["age", "palpable"], (), ("clinical",)),
    "stack": ("stacked", False, ["age"], ("P",), ("clinical",)),
    "scores alone": ("stacked", False, [], ("P",), ()),
    "candidates": ("stacked", False, ["age", "palpable"], ("P",), ("clinical",)),
    "radiomics": ("image", True, [], (), ("radiomics",)),
    "embedding": ("image", True, [], (), ("deep b",)),
    "early": ("image", True, [], (), ("radiomics", "deep b")),
    "tuned": ("image", True, [], (), ("deep score b",)),
    "best embedding": ("image", True, [], (), ("deep a", "deep b")),
    "best tuned": ("image", True, [], (), ("deep score a", "deep score b")),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_what_it_needs_is_known_before_it_is_fitted(name: str) -> None:
    one = BestNetwork(SIGNATURES[name].options, 3) if name.startswith("best") else SIGNATURES[name]  # type: ignore[attr-defined]
    kinds = list(one.clinical_kinds)
    assert (one.role, one.needs_image, kinds, one.parents, one.feature_groups) == BEFORE_FITTING[name]


# network, its score is used, features are named, columns of the space
AFTER_FITTING = {
    "clinical": (None, False, False, None),
    "stack": (None, False, False, None),
    "scores alone": (None, False, False, None),
    "candidates": (None, False, False, None),
    "radiomics": (None, False, True, ["f", "g"]),
    "embedding": ("b", False, False, ["component_00", "component_01"]),
    "early": ("b", False, True, ["f", "g", "component_00", "component_01"]),
    "tuned": ("b", True, False, None),
    "best embedding": ("b", False, False, ["component_00", "component_01"]),
    "best tuned": ("b", True, False, None),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_what_it_rests_on(name: str, fitted: dict[str, Signature], table: tuple[pd.DataFrame, np.ndarray]) -> None:
    one, space = fitted[name], fitted[name].feature_space(table[0])
    columns = None if space is None else list(space)
    assert (one.network, one.network_calibrator is not None, one.has_named_features, columns) == AFTER_FITTING[name]
    assert (one.feature_model is not None) == (columns is not None)
    assert (one.final_selection is not None) == (name == "radiomics")
    assert (one.clinical_encoder is not None) == (name in ("clinical", "stack", "scores alone"))


@pytest.mark.parametrize("name", SIGNATURES)
def test_every_name_of_the_protocol_is_there(name: str, fitted: dict[str, Signature]) -> None:
    asked = {member for member in vars(Signature) if not member.startswith("_")} | set(Signature.__annotations__)
    assert {"parents", "contributions", "classes_", "oof_proba_", "network"} <= asked
    assert [member for member in asked if not hasattr(fitted[name], member)] == []


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_second_column_is_the_probability_of_the_second_class(
    name: str, fitted: dict[str, Signature], table: tuple[pd.DataFrame, np.ndarray]
) -> None:
    X, y = table
    for probability in (fitted[name].predict_proba(X), fitted[name].oof_proba_):
        assert probability.shape == (60, 2)
        assert probability[y == 1, 1].mean() > probability[y == 0, 1].mean() + 0.05
    np.testing.assert_array_equal(fitted[name].predict(X), (fitted[name].predict_proba(X)[:, 1] > 0.5).astype(int))


def test_a_space_is_the_z_scores_of_the_features(
    fitted: dict[str, Signature], table: tuple[pd.DataFrame, np.ndarray]
) -> None:
    X, _ = table
    own = X["radiomics"]
    expected = (own - own.mean()) / own.std(ddof=0)
    found = fitted["radiomics"].feature_space(X)
    np.testing.assert_allclose(found, expected, atol=1e-12)  # type: ignore[arg-type]
    assert fitted["radiomics"].feature_space(X[["clinical"]]) is None
    assert fitted["early"].feature_space(X[["radiomics"]]) is None


def test_only_a_choice_has_candidates(fitted: dict[str, Signature]) -> None:
    tables = {name: one.candidates_ for name, one in fitted.items()}
    assert [name for name, found in tables.items() if found is None] == ["clinical", "stack", "scores alone"]
    assert tables["tuned"].to_dict("list")["model"] == ["fine-tuned network"]  # type: ignore[union-attr]
    best = tables["best tuned"]
    assert best is not None
    assert [json.loads(text) for text in best["parameters"]] == [{"network": "a"}, {"network": "b"}]
    assert best["chosen"].tolist() == [False, True]
    assert best["cv_auc"].iloc[1] > best["cv_auc"].iloc[0]


def by_hand() -> tuple[LogisticSignature, pd.DataFrame]:
    """Log-odds of 0.5 + 2 (age - 50) / 10 - palpable + 3 (score - 1) / 4."""
    signature = LogisticSignature({"age": "number", "palpable": "yes/no"}, ("P",))
    ages, scores = np.array([40.0, 60.0] * 10), np.array([-3.0, 5.0] * 10)
    X = pd.concat(
        {
            "clinical": pd.DataFrame({"age": ages, "palpable": np.arange(20.0) // 10}),
            "scores": pd.DataFrame({"P score": scores}),
        },
        axis=1,
    )
    signature.fit(X, np.arange(20) % 2)
    signature.model_.coef_, signature.model_.intercept_ = np.array([[2.0, -1.0, 3.0]]), np.array([0.5])
    new = pd.concat(
        {
            "clinical": pd.DataFrame({"age": [55.0, np.nan], "palpable": [1.0, 0.0]}, index=["p", "q"]),
            "scores": pd.DataFrame({"P score": [3.0, 1.0]}, index=["p", "q"]),
        },
        axis=1,
    )
    return signature, new


def test_contributions_of_a_patient_by_hand() -> None:
    signature, new = by_hand()
    assert signature.additive
    found = signature.contributions(new, outcome_contrast(2, 1))
    # (55 - 50) / 10 = 0.5 and (3 - 1) / 4 = 0.5; a missing age counts as the median, 50
    assert found.loc["p"].to_dict() == pytest.approx({"age": 1.0, "palpable": -1.0, "P score": 1.5})
    assert found.loc["q"].to_dict() == pytest.approx({"age": 0.0, "palpable": 0.0, "P score": 0.0})
    against = signature.contributions(new, outcome_contrast(2, 0))
    np.testing.assert_allclose(against, -found)
    np.testing.assert_allclose(signature.predict_proba(new)[:, 1], 1 / (1 + np.exp(-(found.sum(axis=1) + 0.5))))


def test_points_of_a_patient_by_hand() -> None:
    signature, new = by_hand()
    # the widest axis is the score's: -3 to 5 are 6 log-odds for 100 points, and ticks reach from -4 to 6: 7.5
    nomogram, points = signature.nomogram(), signature.nomogram_points(new)
    assert nomogram is not None
    assert [axis.name for axis in nomogram.axes] == ["age", "palpable", "P score"]
    assert (nomogram.axes[2].labels[0], nomogram.axes[2].labels[-1]) == ("-4", "6")
    per_point = 7.5 / 100
    assert points is not None
    # the least of each axis: age 40 gives -2, palpable -1, a score of -4 gives -3.75
    assert points.loc["p"].to_dict() == pytest.approx(
        {"age": (1 + 2) / per_point, "palpable": 0.0, "P score": (1.5 + 3.75) / per_point}
    )


@pytest.mark.parametrize("name", SIGNATURES)
def test_only_sums_have_contributions(
    name: str, fitted: dict[str, Signature], table: tuple[pd.DataFrame, np.ndarray]
) -> None:
    one, X = fitted[name], table[0]
    has = name in ("clinical", "stack", "scores alone")
    found = (one.additive, one.contributions(X, outcome_contrast(2, 1)), one.nomogram(), one.nomogram_points(X))
    assert [bool(part) if isinstance(part, bool) else part is not None for part in found] == [has] * 4


def test_three_classes_have_contributions_but_no_nomogram() -> None:
    X, _ = make_table(60)
    y = np.arange(60) % 3
    X = X[["clinical"]]
    fitted = LogisticSignature(KINDS, inner_folds=3).fit(X, y)
    assert fitted.nomogram() is None
    assert fitted.nomogram_points(X) is None
    of_class = [fitted.contributions(X, outcome_contrast(3, k)) for k in range(3)]
    logs = np.log(fitted.predict_proba(X))
    for k, found in enumerate(of_class):
        log_odds = logs[:, k] - (logs.sum(axis=1) - logs[:, k]) / 2
        assert np.ptp(log_odds - found.sum(axis=1)) < 1e-9


def test_the_score_of_each_class_speaks_for_that_class() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    probability = rng.dirichlet([1, 1, 1], 90) * 0.4 + 0.6 * np.eye(3)[y]
    scores = score_table("P", probability, pd.RangeIndex(90))
    assert score_names("P", 3) == ["P score 1", "P score 2"]
    # log-odds of each class against the first, by hand
    np.testing.assert_allclose(scores["scores", "P score 1"], np.log(probability[:, 1] / probability[:, 0]))
    np.testing.assert_allclose(scores["scores", "P score 2"], np.log(probability[:, 2] / probability[:, 0]))
    # a probability of 0 counts as one in a million
    certain = score_table("P", np.array([[0.0, 1.0], [1.0, 0.0]]), pd.RangeIndex(2))
    np.testing.assert_allclose(certain["scores", "P score"], [6 * np.log(10), -6 * np.log(10)])
    fitted = LogisticSignature({}, ("P",), inner_folds=3).fit(scores, y)
    own = np.array([[False, False], [True, False], [False, True]])
    assert ((fitted.model_.coef_ >= 0.1) == own).all()
    assert (fitted.model_.coef_[~own] <= 0).all()
    assert (fitted.predict(scores) == y).mean() > 0.9


def grouped(count: int = 12, size: int = 10) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Groups of ten patients who are copies of one another, label by chance: only a split group tells the label."""
    rng = np.random.default_rng(7)
    y = np.repeat(rng.permutation(np.arange(count) % 2), size)
    copies = np.repeat(rng.normal(size=(count, 3)), size, axis=0)
    names = np.repeat([f"hospital {number}" for number in range(count)], size)
    X = pd.concat(
        {
            "clinical": pd.DataFrame({"a": copies[:, 0], "b": copies[:, 1], "where": pd.Series(names, dtype=object)}),
            "radiomics": pd.DataFrame(copies, columns=["f", "g", "h"]),
            "deep a": pd.DataFrame(copies, columns=["deep_0000", "deep_0001", "deep_0002"]),
            "deep b": pd.DataFrame(copies[:, ::-1], columns=["deep_0000", "deep_0001", "deep_0002"]),
        },
        axis=1,
    )
    return X, y, np.repeat(np.arange(count), size)


def auc(y: np.ndarray, score: np.ndarray) -> float:
    return float(np.mean(score[y == 1][:, None] > score[y == 0]) + np.mean(score[y == 1][:, None] == score[y == 0]) / 2)


@pytest.mark.parametrize(
    "signature",
    [
        LogisticSignature({"where": "category"}, inner_folds=3),
        StackedCandidates({"a": "number", "b": "number"}, (), ("knn",), inner_folds=3),
        FeatureSignature(("radiomics",), ("knn",), NOTHING_TO_SELECT, inner_folds=3),
        BestNetwork(
            [(name, FeatureSignature((f"deep {name}",), ("knn",), PrincipalComponents(3), 3)) for name in "ab"], 3
        ),
    ],
    ids=["logistic", "candidates", "features", "best"],
)
def test_patients_of_one_group_stay_in_one_inner_fold(signature: Any) -> None:
    X, y, groups = grouped()
    split, together = signature.fit(X, y).oof_proba_[:, 1], signature.fit(X, y, groups).oof_proba_[:, 1]
    assert auc(y, split) > 0.9
    assert auc(y, together) < 0.75
    candidates = signature.candidates_
    assert candidates is None or candidates["cv_auc"].max() < 0.8


def test_groups_limit_the_folds_of_a_tuned_network() -> None:
    y = np.arange(40) % 2
    X = pd.DataFrame({("deep score a", "log-odds"): np.linspace(-1, 1, 40)})
    # two groups of each class allow two folds
    groups = y * 2 + (np.arange(40) >= 20)
    assert NetworkSignature("a", inner_folds=3).fit(X, y).fold_aucs_.shape == (1, 3)
    assert NetworkSignature("a", inner_folds=3).fit(X, y, groups).fold_aucs_.shape == (1, 2)


def test_networks_are_compared_on_folds_that_keep_groups_together(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = make_table(40)
    groups, given = np.arange(40) // 2, []

    def recorded(numbers: np.ndarray, kept: np.ndarray | None, n_folds: int, seed: int) -> np.ndarray:
        given.append(kept)
        return fold_numbers(numbers, kept, n_folds, seed)

    monkeypatch.setattr(image_based, "fold_numbers", recorded)
    BestNetwork([(name, NetworkSignature(name, 3)) for name in ("a", "b")], 3).fit(X, y, groups)
    # once for each network, once for the choice between them
    assert len(given) == 3
    assert all(np.array_equal(kept, groups) for kept in given)
