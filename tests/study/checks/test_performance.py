"""Checks of the tables of a finished study: each finds its fault, and leaves a sound result alone."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.evaluation.discrimination import auc
from sonoher2.evaluation.estimate import Estimate
from sonoher2.evaluation.thresholds import youden_threshold
from sonoher2.study.analyses.performance.subgroups import interaction_table
from sonoher2.study.checks import performance as module
from sonoher2.study.checks.finished import Finished
from sonoher2.study.checks.performance import (
    above_training,
    alike_in_subgroups,
    better_than_shortcuts,
    calibrated,
    opened_once,
    threshold_from_training,
    too_good,
)
from sonoher2.study.checks.shortcuts import COLUMNS, TOGETHER, Shortcuts
from sonoher2.study.results.parts import StudyResult
from study_facts import result, validation
from study_results import changed


def test_leak004_a_threshold_that_was_learned_in_the_test_set() -> None:
    known = result()
    assert threshold_from_training(Finished(known)).state == "passed"
    best = youden_threshold(*known.performance.scores("Radiomics", TEST, "positive"))
    stolen = threshold_from_training(
        Finished(changed(known, thresholds=known.performance.thresholds.assign(threshold=best)))
    )
    assert stolen.finding is not None
    assert stolen.finding.what == "the threshold of Radiomics is the best one of the test set"
    other = threshold_from_training(
        Finished(changed(known, thresholds=known.performance.thresholds.assign(threshold=0.9)))
    )
    assert other.finding is not None
    assert other.finding.what == "the threshold of Radiomics does not follow from the training scores"
    assert threshold_from_training(Finished(validation())).state == "not checked"


def test_leak005_a_test_set_that_does_too_well() -> None:
    assert above_training(Finished(result())).state == "passed"
    assert above_training(Finished(result(training=3.0, test=0.5))).state == "passed"
    outcome = above_training(Finished(result(training=0.5, test=3.0)))
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert "the test AUC of Radiomics is 0." in outcome.finding.what
    assert above_training(Finished(validation())).state == "not checked"


def test_leak005_seldom_fails_by_chance() -> None:
    alarms = sum(above_training(Finished(result(seed=seed, n=80))).state == "error" for seed in range(20))
    assert alarms <= 1


@pytest.mark.parametrize(("p", "state"), [((0.006, 0.5), "passed"), ((0.5, 0.004), "error")])
def test_leak005_judges_p_after_holm(p: tuple[float, float], state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two signatures the smaller p is doubled: 0.006 to 0.012, above the level of 0.01, and 0.004 to 0.008."""
    known = result(n=60)
    first = known.performance.predictions
    both = pd.concat([first, first.assign(signature="Clinical")], ignore_index=True)
    found, areas = iter(p), iter((0.2, 0.0, 1.2, 0.0))
    monkeypatch.setattr(module, "larger_auc_p", lambda test, training: next(found))
    monkeypatch.setattr(module, "auc", lambda outcome, score: next(areas))
    outcome = above_training(Finished(changed(known, predictions=both)))
    assert outcome.state == state
    if outcome.finding is not None:
        assert outcome.finding.what == "the test AUC of Clinical is 1.20 above that of training (p 0.0080)"


def test_leak005_compares_the_test_set_with_training_and_not_the_other_way(monkeypatch: pytest.MonkeyPatch) -> None:
    known = result(n=60)
    sizes = known.performance.predictions.groupby("set")["score"].sum()
    given = []

    def compare(test: tuple[np.ndarray, np.ndarray], training: tuple[np.ndarray, np.ndarray]) -> float:
        given.append((test[1].sum(), training[1].sum()))
        return 0.5

    monkeypatch.setattr(module, "larger_auc_p", compare)
    above_training(Finished(known))
    assert given == [(pytest.approx(sizes[TEST]), pytest.approx(sizes[TRAIN_OOF]))]


def test_leak006_the_ledger() -> None:
    known = result()
    assert opened_once(Finished(known)).state == "passed"
    assert opened_once(Finished(changed(known, record={"ledger": [{"model": "a"}, {"model": "b"}]}))).state == "warning"


def shortcuts(known: StudyResult, strength: float, p: float) -> Shortcuts:
    y, _ = known.performance.scores("Radiomics", TRAIN_OOF, "positive")
    score = np.random.default_rng(30).normal(size=len(y)) + strength * y
    ids = known.performance.predictions.loc[known.performance.predictions["set"] == TRAIN_OOF, "patient_id"]
    value = auc(y, score)
    rows = [(name, "positive", len(y), y.sum(), value, value, value, p, p) for name in ("Site", TOGETHER)]
    return Shortcuts(pd.DataFrame(rows, columns=list(COLUMNS)), pd.DataFrame({"positive": score}, index=list(ids)))


def test_base001_a_signature_no_better_than_shortcuts() -> None:
    known = result()
    assert better_than_shortcuts(Finished(known, shortcuts(known, 0.0, 0.5))).state == "passed"
    assert better_than_shortcuts(Finished(known, shortcuts(known, 1.0, 0.001))).state == "error"
    strong = result(training=4.0)
    assert better_than_shortcuts(Finished(strong, shortcuts(strong, 0.6, 0.001))).state == "passed"
    assert better_than_shortcuts(Finished(known, Shortcuts(skipped="no images"))).state == "not checked"


@pytest.mark.parametrize(("p", "state"), [(0.004, "error"), (0.02, "passed")])
def test_base001_judges_the_one_test_of_all_shortcuts_by_its_own_p(p: float, state: str) -> None:
    """After Holm, among the families, p is above the level of 0.01 in both; a family's own p does not count here."""
    known = result()
    tested = shortcuts(known, 1.0, p)
    table = tested.table.assign(p_holm=5 * tested.table["p"])
    table.loc[table["shortcut"] != TOGETHER, "p"] = 0.0001
    assert better_than_shortcuts(Finished(known, Shortcuts(table, tested.scores))).state == state


def test_base002_a_signature_that_is_too_good() -> None:
    """Scores that follow the label; a normal score of standard deviation 4 has an AUC of 0.94, which may be true."""
    assert too_good(Finished(result())).state == "passed"
    assert too_good(Finished(result(training=4.0))).state == "passed"
    outcome = too_good(Finished(result(training=1e6)))
    assert outcome.state == "warning"
    assert outcome.finding is not None
    assert "Radiomics 1.000 (0.9" in outcome.finding.what
    # 17 cases that are all told are too few to wonder at
    assert too_good(Finished(result(training=1e6, n=34))).state == "passed"
    # in the test set alone it is LEAK005 that speaks
    assert too_good(Finished(result(test=1e6))).state == "passed"


@pytest.mark.parametrize(
    ("slope", "shift", "message"),
    [(3.0, 0.0, "the calibration slope is 0."), (1.0, 1.0, "the calibration intercept is -0.98")],
)
def test_cal001_probabilities_that_are_off(slope: float, shift: float, message: str) -> None:
    assert calibrated(Finished(result())).state == "passed"
    outcome = calibrated(Finished(result(slope=slope, shift=shift)))
    assert outcome.state == "warning"
    assert outcome.finding is not None
    assert message in outcome.finding.what


def test_cal001_needs_cases_and_controls_that_overlap() -> None:
    outcome = calibrated(Finished(result(test=1e6, n=60)))
    assert (outcome.state, outcome.skipped) == ("not checked", "the slope cannot be estimated")


def test_fair001_a_score_that_works_in_one_half_only() -> None:
    known = result(n=500)
    rng = np.random.default_rng(0)
    patients = known.cohort.patients.assign(side=rng.choice(["left", "right"], len(known.cohort.patients)))
    named = EvaluationConfig(bootstrap=100, subgroups=["side"])
    declared = {"side": ClinicalColumn(kind="category", timing="pre-biopsy")}
    fair = changed(known, interactions=interaction_table(known.performance.predictions, patients, named, declared, {}))
    assert alike_in_subgroups(Finished(fair)).state == "passed"
    shuffled = known.performance.predictions.copy()
    left = shuffled["patient_id"].map(patients["side"]).eq("left").to_numpy()
    shuffled.loc[left, "score"] = rng.permutation(shuffled.loc[left, "score"].to_numpy())
    unfair = changed(
        known, predictions=shuffled, interactions=interaction_table(shuffled, patients, named, declared, {})
    )
    outcome = alike_in_subgroups(Finished(unfair))
    assert outcome.finding is not None
    assert "side (p < 0.001)" in outcome.finding.what
    table = unfair.performance.interactions.set_index("set")
    assert table.loc[TEST, "p_auc"] < 0.001
    assert table.loc[TEST, "levels"] == 2
    assert alike_in_subgroups(Finished(known)).state == "not checked"


@pytest.mark.parametrize(("p_holm", "state"), [(0.06, "passed"), (0.05, "passed"), (0.04, "warning")])
def test_fair001_judges_p_after_holm_of_the_main_signature_in_the_test_set(p_holm: float, state: str) -> None:
    """Every p by itself is 0.03; the other signature and the training set are far below the level."""
    rows = [("Radiomics", TEST, p_holm), ("Radiomics", TRAIN_OOF, 0.001), ("Clinical", TEST, 0.001)]
    table = pd.DataFrame(rows, columns=["signature", "set", "p_holm"]).assign(p=0.03, subgroup="age")
    outcome = alike_in_subgroups(Finished(changed(result(n=60), interactions=table)))
    assert outcome.state == state
    assert outcome.finding is None or outcome.finding.what.endswith("than in others: age (p 0.040)")


def test_fair001_needs_five_cases_and_controls_in_two_levels() -> None:
    known = result(n=60)
    side = np.where(np.arange(len(known.cohort.patients)) % 15 == 0, "left", "right")
    named = EvaluationConfig(bootstrap=100, subgroups=["side"])
    declared = {"side": ClinicalColumn(kind="category", timing="pre-biopsy")}
    table = interaction_table(
        known.performance.predictions, known.cohort.patients.assign(side=side), named, declared, {}
    )
    outcome = alike_in_subgroups(Finished(changed(known, interactions=table)))
    assert outcome.state == "not checked"
    assert outcome.skipped == "the subgroups of the test set are too small to compare"


@pytest.mark.parametrize(
    ("value", "low", "high", "off"),
    [
        (0.79, 0.6, 0.99, True), (0.8, 0.6, 0.99, False), (0.79, 0.6, 1.0, False), (1.26, 1.01, 1.5, True),
        (1.25, 1.01, 1.5, False), (1.26, 1.0, 1.5, False), (np.nan, np.nan, np.nan, False),
    ],
)  # fmt: skip
def test_a_slope_is_off_beyond_its_limits_with_its_whole_interval(
    value: float, low: float, high: float, off: bool
) -> None:
    assert module.slope_is_off(Estimate(value, low, high)) is off


@pytest.mark.parametrize(
    ("value", "low", "high", "off"),
    [
        (0.31, 0.01, 0.6, True), (0.3, 0.01, 0.6, False), (0.31, 0.0, 0.6, False), (-0.31, -0.6, -0.01, True),
        (-0.31, -0.6, 0.0, False), (np.nan, np.nan, np.nan, False),
    ],
)  # fmt: skip
def test_an_intercept_is_off_beyond_its_limits_with_its_whole_interval(
    value: float, low: float, high: float, off: bool
) -> None:
    assert module.intercept_is_off(Estimate(value, low, high)) is off


def test_cal001_tells_slope_and_intercept_of_the_main_signature_in_the_test_set() -> None:
    known = result(n=60)
    figures = {"slope": (0.5, 0.25, 0.75), "intercept": (0.5, 0.25, 0.75)}
    ends = {
        f"calibration_{name}{end}": value
        for name, values in figures.items()
        for end, value in zip(("", "_low", "_high"), values, strict=True)
    }
    fine = {name: 1.0 if "slope" in name else 0.0 for name in ends}
    rows = [("Radiomics", TEST, ends), ("Radiomics", TRAIN_OOF, fine), ("Clinical", TEST, fine)]
    table = pd.DataFrame([{"signature": name, "set": subset, **row} for name, subset, row in rows])
    outcome = calibrated(Finished(changed(known, signatures=table)))
    assert outcome.finding is not None
    assert outcome.finding.what == (
        "of Radiomics, the calibration slope is 0.50 (0.25 to 0.75); the calibration intercept is 0.50 (0.25 to 0.75)"
    )
    others = table.assign(signature=["Clinical", "Radiomics", "Radiomics"])
    assert calibrated(Finished(changed(known, signatures=others))).state == "passed"


def test_leak006_says_what_differed_between_the_openings() -> None:
    known = result(n=60)

    def said(*entries: dict[str, str]) -> str:
        outcome = opened_once(Finished(changed(known, record={"ledger": list(entries)})))
        assert outcome.finding is not None
        assert outcome.finding.where == "ledger.json"
        return outcome.finding.what

    start = "the ledger knows of {} openings of the test set, or of some of its patients "
    one = {"model": "a", "set": "x", "labels": "1"}
    assert said(one, one) == start.format(2) + "(with other filters)"
    assert said(one, one | {"model": "b"}, one | {"model": "c", "set": "y"}) == (
        start.format(3) + "(3 models or settings, 2 choices of patients)"
    )
    assert said(one, {"model": "a", "labels": "2"}) == start.format(2) + "(2 versions of the labels)"
    assert opened_once(Finished(changed(known, record={}))).state == "passed"


@pytest.mark.parametrize(
    ("auc", "low", "state"),
    [(0.98, 0.86, "warning"), (0.979, 0.86, "passed"), (0.98, 0.85, "passed"), (0.99, 0.851, "warning")],
)
def test_base002_begins_at_its_limits(auc: float, low: float, state: str) -> None:
    table = pd.DataFrame({"signature": ["DLR"], "set": TRAIN_OOF, "outcome": "low", "auc": auc, "auc_low": low})
    outcome = too_good(Finished(changed(result(n=60), signatures=table.assign(auc_high=1.0))))
    assert outcome.state == state
    if outcome.finding is not None:
        assert outcome.finding.what == (
            f"the out-of-fold AUC is higher than such data allow: DLR {auc:.3f} ({low:.3f} to 1.000) for low"
        )
    assert too_good(Finished(changed(result(n=60), signatures=table.assign(set=TEST)))).state == "not checked"


@pytest.mark.parametrize(
    ("names", "auc", "p", "low", "state"),
    [
        (("Site", TOGETHER), 0.6, 0.009, 0.0, "error"),
        (("Site", TOGETHER), 0.6, 0.009, 0.01, "passed"),
        (("Site", TOGETHER), 0.59, 0.009, 0.0, "passed"),
        (("Site", TOGETHER), 0.6, 0.01, 0.0, "passed"),
        # of one family alone, that family is all there is
        (("Site",), 0.6, 0.009, 0.0, "error"),
        (("Site", "Date"), 0.6, 0.009, 0.0, "passed"),
    ],
)
def test_base001_begins_at_its_limits(
    names: tuple[str, ...], auc: float, p: float, low: float, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = result(n=60)
    monkeypatch.setattr(module, "delong_test", lambda y, own, other: SimpleNamespace(low=low, high=0.2, difference=0.1))
    rows = [(name, "positive", 60, 30, auc, auc, auc, p, p) for name in names]
    tested = Shortcuts(pd.DataFrame(rows, columns=list(COLUMNS)), shortcuts(known, 1.0, 0.001).scores)
    outcome = better_than_shortcuts(Finished(known, tested))
    assert outcome.state == state
    if outcome.finding is not None:
        assert outcome.finding.what == (
            "for positive, Radiomics is not shown to do better than shortcuts alone: difference in out-of-fold AUC"
            " 0.10 (0.00 to 0.20)"
        )
    assert better_than_shortcuts(Finished(validation(), tested)).skipped == "there are no training patients"


def test_base001_compares_the_signature_with_the_shortcuts_patient_by_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    known = result(n=60)
    tested = shortcuts(known, 1.0, 0.001)
    asked: list[np.ndarray] = []
    monkeypatch.setattr(
        module, "delong_test", lambda *given: asked.extend(given) or SimpleNamespace(low=0.1, high=0.2, difference=0.1)
    )
    shuffled = replace(tested, scores=tested.scores.sample(frac=1, random_state=0))
    better_than_shortcuts(Finished(known, shuffled))
    y, score = known.performance.scores("Radiomics", TRAIN_OOF, "positive")
    np.testing.assert_array_equal(asked[0], y == 1)
    np.testing.assert_array_equal(asked[1], score)
    np.testing.assert_array_equal(asked[2], tested.scores["positive"])


def test_leak004_a_set_of_one_class_has_no_best_threshold() -> None:
    known = result(n=60)
    one = known.performance.predictions.assign(label="positive")
    assert not module._best_in_test(changed(known, predictions=one), ("Radiomics", "positive"), 0.5)
    none = known.performance.predictions.assign(label="negative")
    assert not module._best_in_test(changed(known, predictions=none), ("Radiomics", "positive"), 0.5)


@pytest.mark.parametrize(("p", "state"), [(0.01, "passed"), (0.0099, "error")])
def test_leak005_begins_below_its_level(p: float, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "larger_auc_p", lambda *_: p)
    assert above_training(Finished(result(n=60))).state == state
