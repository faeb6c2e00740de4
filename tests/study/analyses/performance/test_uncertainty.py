"""Sets, zones, added value and sites of a whole study: learned on training patients, carried by the bundle."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.evaluation.uncertainty.conformal import conformal_quantiles
from sonoher2.study.analyses.performance.added_value import added_value_table
from sonoher2.study.analyses.performance.uncertainty import (
    ALL,
    SLACK,
    class_probabilities,
    coverage_table,
    learn_uncertainty,
)
from sonoher2.study.analyses.robustness.sites import ANALYSIS as SITES
from sonoher2.study.analyses.robustness.sites import FURTHER, POOLED, site_table

CLASSES = ("negative", "positive")


def long(scores: dict[str, np.ndarray], labels: np.ndarray, subset: str, start: int = 0) -> pd.DataFrame:
    patients = [f"p{start + i:04d}" for i in range(len(labels))]
    rows = pd.DataFrame(
        {"patient_id": patients, "set": subset, "label": np.array(CLASSES)[labels], "outcome": "positive"}
    )
    parts = [rows.assign(signature=name, score=score) for name, score in scores.items()]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def predictions() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    parts = []
    for subset, n, start in ((TRAIN_OOF, 300, 0), (TEST, 400, 300)):
        labels = (rng.random(n) < 0.3).astype(int)
        weak, strong = (1 / (1 + np.exp(1 - rng.normal(size=n) - gap * labels)) for gap in (0.5, 2))
        parts.append(long({"Clinical": weak, "Clinical+Radiomics": strong}, labels, subset, start))
    return pd.concat(parts, ignore_index=True)


def test_limits_come_from_training_patients_alone(predictions) -> None:
    learned = learn_uncertainty(predictions[predictions["set"] == TRAIN_OOF], CLASSES, EvaluationConfig())
    rows = predictions.query("signature == 'Clinical' and set == @TRAIN_OOF")
    positive = (rows["label"] == "positive").to_numpy(int)
    score = rows["score"].to_numpy()
    assert learned["Clinical"].conformal_quantiles == tuple(
        conformal_quantiles(positive, np.column_stack([1 - score, score]), 0.9, SLACK)
    )


def test_coverage_holds_in_new_patients_and_a_better_score_decides_more_often(predictions) -> None:
    learned = learn_uncertainty(predictions[predictions["set"] == TRAIN_OOF], CLASSES, EvaluationConfig())
    table = coverage_table(predictions, learned, CLASSES, 0.95).query("set == @TEST").set_index(["signature", "label"])
    assert table["coverage"].between(0.82, 0.97).all()
    assert table.loc[("Clinical+Radiomics", ALL), "single"] > table.loc[("Clinical", ALL), "single"] + 0.2


def test_three_classes_keep_their_columns() -> None:
    rows = pd.DataFrame(
        {
            "patient_id": ["b"] * 3 + ["a"] * 3,
            "label": ["low"] * 3 + ["zero"] * 3,
            "outcome": ["positive", "zero", "low"] * 2,
            "score": [0.1, 0.2, 0.7, 0.3, 0.6, 0.1],
        }
    )
    patients, labels, probabilities = class_probabilities(rows, ("zero", "low", "positive"))
    assert patients.tolist() == ["a", "b"]
    assert labels.tolist() == [0, 1]
    assert probabilities.tolist() == [[0.6, 0.1, 0.3], [0.2, 0.7, 0.1]]


def test_added_value_does_not_depend_on_the_order_of_the_rows(predictions) -> None:
    thresholds = pd.DataFrame(
        {"signature": ["Clinical", "Clinical+Radiomics"], "outcome": "positive", "threshold": [0.4, 0.4]}
    )
    table = added_value_table(predictions, thresholds, 0.95)
    shuffled = added_value_table(predictions.sample(frac=1, random_state=0), thresholds, 0.95)
    both = [frame.sort_values(["set", "measure"], ignore_index=True) for frame in (table, shuffled)]
    pd.testing.assert_frame_equal(*both)
    assert set(table["measure"]) == {"NRI", "continuous NRI", "IDI"}
    assert (table.query("set == @TEST")["total_low"] > 0).all()
    np.testing.assert_allclose(table["cases"] + table["controls"], table["total"])


def test_sites_are_pooled(predictions) -> None:
    patients = predictions.drop_duplicates("patient_id").set_index("patient_id")
    patients["site"] = np.resize(["A", "B", "C"], len(patients))
    table = site_table(predictions, patients, 0.95)
    rows = table.query("set == @TEST and signature == 'Clinical'").set_index("site")
    assert list(rows.index) == ["A", "B", "C", POOLED, FURTHER]
    assert rows.loc[POOLED, "n"] == rows.loc[["A", "B", "C"], "n"].sum() == 400
    assert rows.loc[["A", "B", "C"], "auc"].min() < rows.loc[POOLED, "auc"] < rows.loc[["A", "B", "C"], "auc"].max()
    assert rows.loc[FURTHER, "auc_low"] <= rows.loc[POOLED, "auc_low"]
    assert SITES.applies(SimpleNamespace(patients=patients))
    assert not SITES.applies(SimpleNamespace(patients=patients.assign(site="A")))
    assert not SITES.applies(SimpleNamespace(patients=patients.drop(columns="site")))


def test_a_study_tells_all_of_it_and_its_bundle_carries_the_limits(finished) -> None:
    result = finished.result
    assert set(result.uncertainty.coverage["signature"]) == set(result.performance.predictions["signature"])
    assert set(result.uncertainty.zones["set"]) == {TRAIN_OOF, TEST}
    assert (result.uncertainty.zones.query("set == @TRAIN_OOF")["sensitivity"] >= 0.95).all()
    assert set(result.performance.added_value["new"]) == {"Clinical+Radiomics"}
    assert {POOLED} <= set(result.performance.sites["site"])
    schema = load_bundle(finished.run / "bundle").schema
    assert schema.uncertainty == result.uncertainty.learned
    assert schema.training == result.model.training
    selected = set(result.model.heatmap.columns)
    assert set(schema.training.features) == selected
    assert set(schema.training.clinical) == set(result.about.config.clinical.columns)
    trained = result.cohort.patients[result.cohort.patients["set"] == TRAIN_OOF]
    assert schema.training.clinical["age"].mean == pytest.approx(trained["age"].mean())
