"""Sets, zones, added value and sites of a whole study: learned on training patients, carried by the bundle."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.evaluation.uncertainty.conformal import conformal_quantiles
from sonoher2.evaluation.uncertainty.zones import learn_zones
from sonoher2.study.analyses.performance import uncertainty as module
from sonoher2.study.analyses.performance.uncertainty import (
    ALL,
    SLACK,
    class_probabilities,
    coverage_table,
    learn_uncertainty,
    zone_table,
)
from sonoher2.study.analyses.robustness.sites import POOLED

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


def twenty(subset: str, last: float) -> pd.DataFrame:
    """Nineteen cases at 0.50, 0.52 ... 0.86 and one control whose score is told."""
    score = [*(0.5 + 0.02 * np.arange(19)), last]
    return long({"Clinical": np.array(score)}, np.array([1] * 19 + [0]), subset)


def test_quantiles_by_hand() -> None:
    """Of 19 cases (19 + 1) * 0.1 = 2: the second lowest, 0.52, less the slack of 0.02; one control excludes nothing."""
    learned = learn_uncertainty(twenty(TRAIN_OOF, 0.3), CLASSES, EvaluationConfig(coverage=0.9))["Clinical"]
    assert learned.conformal_quantiles == pytest.approx((0.0, 0.5))
    assert learned.coverage == 0.9


def test_coverage_by_hand_of_each_class_and_set() -> None:
    """A case is covered from 0.50 on and a control from 0.60 on: in the test set three cases of nineteen are lower."""
    frozen = Uncertainty(
        coverage=0.9,
        conformal_quantiles=(0.6, 0.5),
        sensitivity=0.95,
        specificity=0.9,
        rule_out={"positive": 0.55},
        rule_in={"positive": 0.8},
    )
    test = twenty(TEST, 0.45)
    test.loc[[0, 1, 2], "score"] = [0.49, 0.3, 0.1]
    both = pd.concat([twenty(TRAIN_OOF, 0.3), test], ignore_index=True)
    table = coverage_table(both, {"Clinical": frozen}, CLASSES, 0.95).set_index(["set", "label"])
    assert table.loc[(TRAIN_OOF, "positive"), "coverage"] == 1
    assert table.loc[(TEST, "positive"), "coverage"] == pytest.approx(16 / 19)
    # the control at 0.45 has a probability of 0.55 of its own class, which is not enough
    assert table.loc[(TEST, "negative"), "coverage"] == 0
    assert table.loc[(TEST, ALL), ["n", "coverage", "asked"]].tolist() == pytest.approx([20, 16 / 20, 0.9])
    # the scores 0.49 and 0.45 are in neither set, and those at 0.3 and 0.1 in that of the controls
    assert table.loc[(TEST, ALL), ["single", "several", "empty"]].tolist() == pytest.approx([18 / 20, 0, 2 / 20])
    low, share, high = table.loc[(TEST, ALL), ["low", "coverage", "high"]]
    assert low < share < high


def test_zones_by_hand() -> None:
    """Ruled out below 0.55, ruled in from 0.80 on; a score of exactly 0.80 is ruled in and one of 0.55 is undecided."""
    frozen = Uncertainty(
        coverage=0.9,
        conformal_quantiles=(0.0, 0.0),
        sensitivity=0.95,
        specificity=0.9,
        rule_out={"positive": 0.55},
        rule_in={"positive": 0.8},
    )
    labels, scores = np.array([1, 1, 1, 0, 0, 0, 0]), np.array([0.8, 0.55, 0.5, 0.9, 0.6, 0.2, 0.1])
    [row] = zone_table(long({"Clinical": scores, "other": scores}, labels, TEST), {"Clinical": frozen}, 0.95).to_dict(
        "records"
    )
    assert (row["signature"], row["set"], row["outcome"]) == ("Clinical", TEST, "positive")
    assert (row["rule_out"], row["rule_in"]) == (0.55, 0.8)
    assert (row["asked_sensitivity"], row["asked_specificity"]) == (0.95, 0.9)
    wanted = {"sensitivity": 2 / 3, "specificity": 3 / 4, "npv": 2 / 3, "ppv": 1 / 2}
    wanted |= {"ruled_out": 3 / 7, "undecided": 2 / 7, "ruled_in": 2 / 7}
    for name, value in wanted.items():
        assert row[name] == pytest.approx(value), name
        assert row[f"{name}_low"] < value < row[f"{name}_high"], name


def test_limits_are_those_that_the_settings_ask_for() -> None:
    evaluation = EvaluationConfig(coverage=0.8, rule_out_sensitivity=0.9, rule_in_specificity=0.7)
    rows = twenty(TRAIN_OOF, 0.6)
    learned = learn_uncertainty(rows, CLASSES, evaluation)["Clinical"]
    assert (learned.coverage, learned.sensitivity, learned.specificity) == (0.8, 0.9, 0.7)
    score = rows["score"].to_numpy()
    zones = learn_zones(np.array([1] * 19 + [0]), score, sensitivity=0.9, specificity=0.7)
    assert (learned.rule_out, learned.rule_in) == ({"positive": zones.rule_out}, {"positive": zones.rule_in})


def test_signatures_without_limits_have_no_rows_and_tables_stand_in_their_order() -> None:
    rows = twenty(TEST, 0.45)
    assert coverage_table(rows, {}, CLASSES, 0.95).columns.tolist() == ["signature", "set", "label", "asked"]
    learned = learn_uncertainty(rows, CLASSES, EvaluationConfig())
    both = pd.concat([rows, rows.assign(signature="other")])
    scored: Any = SimpleNamespace(predictions=both, learned=learned, classes=CLASSES, confidence=0.95)
    wide = [module.COVERAGE.compute(scored), module.ZONES.compute(scored)]
    for table, schema in zip(wide, (module.COVERAGE_SCHEMA, module.ZONES_SCHEMA), strict=True):
        assert list(table) == list(schema.names)
        assert set(table["signature"]) == {"Clinical"}
    scored.confidence = 0.5
    narrow = [module.COVERAGE.compute(scored), module.ZONES.compute(scored)]
    for name, less, more in (("", narrow[0], wide[0]), ("sensitivity_", narrow[1], wide[1])):
        assert (less[f"{name}high"] - less[f"{name}low"]).iloc[0] < (more[f"{name}high"] - more[f"{name}low"]).iloc[0]
    for analysis in (module.COVERAGE, module.ZONES):
        assert analysis.applies(scored)
        assert not analysis.applies(SimpleNamespace(learned={}))  # type: ignore[arg-type]
