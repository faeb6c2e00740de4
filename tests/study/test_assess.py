"""From scores to tables: what is learned from which set, and that names reach the reader."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.study.analyses.performance.comparisons import comparison_table
from sonoher2.study.analyses.performance.signatures import MACRO, main_signature, signature_table
from sonoher2.study.analyses.performance.subgroups import subgroup_table
from sonoher2.study.results.predictions import learn_thresholds, long_predictions

EVALUATION = EvaluationConfig(bootstrap=100, subgroups=["age", "birads", "site"])


def scores(classes: int, n: int = 120, seed: int = 0) -> tuple[dict[str, np.ndarray], pd.Series]:
    rng = np.random.default_rng(seed)
    labels = pd.Series(rng.integers(0, classes, n), index=[f"P{i:03d}" for i in range(n)])
    out = {}
    for name, strength in (("weak", 0.4), ("strong", 2.0)):
        logit = strength * np.eye(classes)[labels] + rng.normal(size=(n, classes))
        out[name] = np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)
    return out, labels


def both_sets(classes: int) -> pd.DataFrame:
    names = ("zero", "low", "positive")[-classes:]
    return pd.concat(
        [
            long_predictions(*scores(classes, seed=1), names, "train_oof"),
            long_predictions(*scores(classes, seed=2), names, "test"),
        ],
        ignore_index=True,
    )


def test_two_classes_have_one_outcome_and_three_have_three() -> None:
    assert set(both_sets(2)["outcome"]) == {"positive"}
    three = both_sets(3)
    assert set(three["outcome"]) == {"zero", "low", "positive"}
    total = three.query("signature == 'strong' and `set` == 'test'").groupby("patient_id")["score"].sum()
    np.testing.assert_allclose(total, 1)


def test_macro_auc_is_the_mean_over_classes() -> None:
    predictions = both_sets(3)
    thresholds = learn_thresholds(predictions[predictions["set"] == "train_oof"], EVALUATION)
    table = signature_table(predictions, thresholds, EVALUATION, seed=0).set_index(["signature", "set", "outcome"])
    probability, labels = scores(3, seed=2)
    expected = roc_auc_score(labels, probability["strong"], multi_class="ovr")
    assert table.loc[("strong", "test", MACRO), "auc"] == pytest.approx(expected)
    assert main_signature(table.reset_index()) == "strong"


def test_main_signature_is_chosen_in_training_only() -> None:
    table = pd.DataFrame(
        [("a", "train_oof", 0.7), ("a", "test", 0.1), ("b", "train_oof", 0.6), ("b", "test", 0.9)],
        columns=["signature", "set", "auc"],
    )
    assert main_signature(table.assign(outcome="positive")) == "a"


@pytest.mark.parametrize("rule", ["sensitivity", "specificity"])
def test_threshold_reaches_the_wanted_rate_in_training(rule: str) -> None:
    training = both_sets(2).query("`set` == 'train_oof'")
    evaluation = EvaluationConfig(threshold=rule, threshold_at=0.9)
    for row in learn_thresholds(training, evaluation).itertuples():
        part = training[training["signature"] == row.signature]
        called = part["score"] >= row.threshold
        wanted = part["label"] == "positive"
        rate = called[wanted].mean() if rule == "sensitivity" else (~called[~wanted]).mean()
        assert rate >= 0.9
        assert row.rule == f"{rule} at least 0.9"


def test_comparisons_are_corrected_within_a_set() -> None:
    table = comparison_table(both_sets(2), 0.95)
    assert list(table[["a", "b"]].drop_duplicates().itertuples(index=False, name=None)) == [("weak", "strong")]
    np.testing.assert_allclose(table["p"], 2 * norm.sf(table["z"].abs()), atol=1e-12)
    np.testing.assert_allclose(table["p_holm"], table["p"])
    np.testing.assert_allclose(table["difference"].abs(), (table["auc_a"] - table["auc_b"]).abs())


def test_subgroups_carry_the_names_of_their_levels() -> None:
    predictions = both_sets(2)
    index = predictions["patient_id"].drop_duplicates()
    patients = pd.DataFrame(
        {
            "set": "train_oof",
            "age": np.linspace(30, 80, len(index)),
            "birads": np.resize([0.0, 1.0, np.nan], len(index)),
            "site": np.resize(["A", "B"], len(index)),
        },
        index=index,
    )
    declared = {
        "age": ClinicalColumn(kind="number", timing="pre-biopsy"),
        "birads": ClinicalColumn(kind="ordered", timing="pre-biopsy", levels=["4", "5"]),
    }
    table = subgroup_table(predictions, patients, EVALUATION, declared)
    assert set(table.query("subgroup == 'birads'")["level"]) == {"4", "5"}
    assert set(table.query("subgroup == 'site'")["level"]) == {"A", "B"}
    assert set(table.query("subgroup == 'age'")["level"]) == {"at most 55", "above 55"}
    counted = table.query("subgroup == 'site' and signature == 'weak' and `set` == 'test'")["n"].sum()
    assert counted == len(index)
