"""Validation on another cohort: shift, recalibration, and the frozen result untouched by either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.bundle.training import TrainingSummary
from sonoher2.config.load import load_study
from sonoher2.core.columns import TEST
from sonoher2.core.errors import InputError, UsageError
from sonoher2.report.page.html import write_report
from sonoher2.study.analyses.performance.updating import update_predictions
from sonoher2.study.external import validate_bundle
from sonoher2.study.results.updated import FROZEN, UPDATES
from sonoher2.study.steps.conclude import with_update
from sonoher2.synthetic.demo import write_demo_cohort
from study_results import changed


@pytest.fixture
def cohort():
    """600 patients whose frozen probabilities are too extreme and too low."""
    rng = np.random.default_rng(3)
    truth = rng.normal(size=600)
    labels = (rng.random(600) < 1 / (1 + np.exp(-truth))).astype(int)
    ids = [f"p{i:03d}" for i in range(600)]
    predictions = pd.DataFrame(
        {
            "patient_id": ids,
            "set": TEST,
            "label": np.array(["benign", "malignant"])[labels],
            "outcome": "malignant",
            "signature": "Radiomics",
            "score": 1 / (1 + np.exp(1.5 - 2 * truth)),
        }
    )
    patients = pd.DataFrame({"label": labels, "group": range(600)}, index=pd.Index(ids, name="patient_id"))
    return predictions, patients


def test_updates_are_judged_on_patients_they_were_not_learned_on(cohort) -> None:
    predictions, patients = cohort
    updated = update_predictions(predictions, patients, 0.3, 0, 0.95)
    assert updated.learned_on == 180
    assert sum(updated.events.values()) == 180
    judged = updated.predictions.groupby("update")["patient_id"].apply(set)
    assert len(judged[FROZEN]) == 420
    assert judged[FROZEN] == judged[UPDATES[0]] == judged[UPDATES[1]]
    frozen = updated.predictions.query("update == @FROZEN").set_index("patient_id")["score"]
    assert frozen.equals(predictions.set_index("patient_id")["score"].loc[frozen.index])


def test_recalibration_mends_slope_and_intercept_and_leaves_the_auc(cohort) -> None:
    figures = update_predictions(*cohort, 0.3, 0, 0.95).figures.set_index("update")
    assert figures["auc"].nunique() == 1
    assert figures.loc[FROZEN, "slope_high"] < 1
    assert figures.loc[FROZEN, "intercept_low"] > 0
    both = figures.loc["intercept and slope"]
    assert abs(both["slope"] - 1) < abs(figures.loc[FROZEN, "slope"] - 1)
    assert abs(both["intercept"]) < abs(figures.loc[FROZEN, "intercept"])
    assert both["brier"] < figures.loc["intercept", "brier"] < figures.loc[FROZEN, "brier"]
    assert abs(both["expected"] - 1) < abs(figures.loc[FROZEN, "expected"] - 1)


def test_labels_of_the_judged_patients_do_not_change_the_update(cohort) -> None:
    predictions, patients = cohort
    first = update_predictions(predictions, patients, 0.3, 0, 0.95)
    judged = first.predictions["patient_id"].unique()
    turned = predictions.copy()
    rows = turned["patient_id"].isin(judged)
    turned.loc[rows, "label"] = turned.loc[rows, "label"].map({"benign": "malignant", "malignant": "benign"})
    again = update_predictions(turned, patients, 0.3, 0, 0.95)
    np.testing.assert_array_equal(first.predictions["score"], again.predictions["score"])


def test_the_draw_follows_the_seed_and_keeps_groups_together(cohort) -> None:
    predictions, patients = cohort
    patients = patients.assign(group=np.arange(600) // 2)
    judged = [
        set(update_predictions(predictions, patients, 0.5, seed, 0.95).predictions["patient_id"]) for seed in (0, 0, 1)
    ]
    assert judged[0] == judged[1] != judged[2]
    assert {f"p{int(name[1:]) ^ 1:03d}" for name in judged[0]} == judged[0]


def test_a_share_that_cannot_be_is_refused(cohort) -> None:
    with pytest.raises(UsageError, match="no share"):
        update_predictions(*cohort, 1.0, 0, 0.95)
    predictions, patients = cohort
    separated = predictions.assign(score=np.where(predictions["label"] == "benign", 0.1, 0.9))
    with pytest.raises(InputError, match="larger share"):
        update_predictions(separated, patients, 0.3, 0, 0.95)


@pytest.fixture(scope="module")
def validated(finished, tmp_path_factory):
    """The small study's model on brighter pictures of other simulated patients."""
    folder = tmp_path_factory.mktemp("second")
    file = write_demo_cohort(folder, patients=80, seed=7, size=(80, 80))
    text = finished.file.read_text(encoding="utf-8")
    file.write_text(text.replace("subgroups: [site]", "subgroups: []"), encoding="utf-8")
    clinical = pd.read_csv(folder / "clinical.csv", dtype=str, keep_default_na=False)
    clinical["age"] = [str(min(float(age) + 25, 99)) if age[:1].isdigit() else age for age in clinical["age"]]
    clinical.to_csv(folder / "clinical.csv", index=False)
    bundle = load_bundle(finished.run / "bundle")
    return validate_bundle(bundle, load_study(file), tmp_path_factory.mktemp("validation"), jobs=1, recalibrate=0.5)


def test_validation_shows_what_has_shifted(validated, finished) -> None:
    shift = validated.external.shift.set_index(["part", "column"])
    assert shift.loc[("clinical", "age"), "difference"] > 1
    assert shift.loc[("clinical", "age"), "distance"] > 0.5
    assert set(shift.loc["features"].index) == set(finished.result.model.heatmap.columns)
    assert shift.loc[("images", "rows"), "difference"] == 0
    sizes = validated.external.shift.query("part == 'features'")["difference"].abs().tolist()
    assert sizes == sorted(sizes, reverse=True)


def test_frozen_limits_are_those_of_the_bundle(validated, finished) -> None:
    assert validated.uncertainty.learned == finished.result.uncertainty.learned
    assert set(validated.uncertainty.coverage["set"]) == {TEST}
    assert (
        len(validated.performance.predictions["patient_id"].unique())
        > validated.external.updated.predictions["patient_id"].nunique()
    )


def test_report_of_a_validation_says_what_was_updated(validated, tmp_path: Path) -> None:
    page = write_report(validated, tmp_path).read_text(encoding="utf-8")
    for words in ("Updating, not validation", "How the cohort differs", "don’t know"):
        assert words in page, words
    for name in ("updating", "shift", "sites", "coverage", "zones"):
        assert (tmp_path / "tables" / f"{name}.csv").is_file(), name


def test_too_few_patients_leave_the_frozen_result_and_a_warning(validated, cohort) -> None:
    predictions, patients = cohort
    one = predictions.assign(score=np.where(predictions["label"] == "benign", 0.1, 0.9))
    result = with_update(changed(validated, predictions=one, updated=None), patients, 0.3)
    assert result.external.updated is None
    assert "no recalibration" in result.checks.findings[-1].what


def test_an_older_bundle_without_a_summary_shows_no_shift(finished, tmp_path: Path) -> None:
    bundle = load_bundle(finished.run / "bundle")
    schema = bundle.schema.model_copy(update={"training": TrainingSummary(), "uncertainty": {}})
    older = replace(bundle, schema=schema, reference=None)
    result = validate_bundle(older, load_study(finished.file), tmp_path / "out", jobs=1)
    assert result.external.shift.empty
    assert result.external.domain.empty
    assert result.uncertainty.coverage.empty
    write_report(result, tmp_path / "out")


def test_brighter_and_other_patients_are_told_apart_by_age(validated, finished) -> None:
    domain = validated.external.domain.set_index("space")
    assert {"clinical", "Radiomics"} <= set(domain.index)
    assert domain.loc["clinical", "auc_low"] > 0.8
    assert domain.loc["clinical", "p"] == 1 / 200


def test_training_patients_differ_in_nothing_from_themselves(finished, tmp_path: Path) -> None:
    bundle = load_bundle(finished.run / "bundle")
    result = validate_bundle(bundle, load_study(finished.file), tmp_path, jobs=1)
    alike = result.external.shift.query("part != 'features'")
    assert alike["difference"].abs().max() < 0.5
    assert (result.external.domain["auc_low"] < 0.65).all()
