"""SIZE001 and SIZE002, by counts worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.split import Split
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.study.checks import size as module
from sonoher2.study.checks.facts import Facts, whole_split
from sonoher2.study.checks.size import SIZE002, events_to_learn_from, patients_to_test_on
from study_facts import facts, with_clinical, with_patients


def test_size001_events_per_variable_and_rileys_criteria() -> None:
    assert events_to_learn_from(facts(1500)).state == "passed"
    assert events_to_learn_from(facts(200)).state == "warning"
    many = facts(200)
    for number in range(12):
        many = with_clinical(many, f"x{number}", list(np.random.default_rng(number).normal(size=200)))
    outcome = events_to_learn_from(many)
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert "13 clinical variables" in outcome.finding.what


def test_size001_needs_training_patients_of_every_class() -> None:
    outcome = events_to_learn_from(with_patients(facts(20, images=False), label=[0] * 20))
    assert (outcome.state, outcome.skipped) == ("not checked", "there are no training patients of every class")


def test_size002_a_small_test_set() -> None:
    assert patients_to_test_on(facts(1500)).state == "passed"
    assert patients_to_test_on(facts(200)).state == "warning"
    assert patients_to_test_on(with_patients(facts(30), label=[0, 1] * 15)).state == "error"
    only = facts(20)
    one_class = with_patients(only, label=[0] * 20)
    assert patients_to_test_on(one_class).state == "not checked"
    # in a validation nobody else is tested
    outcome = patients_to_test_on(replace(one_class, split=whole_split(one_class.cohort)))
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert "has not every class, so there is no AUC" in outcome.finding.what


def test_every_finding_names_its_page() -> None:
    outcome = patients_to_test_on(facts(60))
    assert outcome.finding is not None
    assert str(outcome.finding).endswith(f"{SIZE002.remedy} (docs/checks/SIZE002.md).")


def three_classes(training: tuple[int, ...], test: tuple[int, ...], **config: object) -> Facts:
    """So many patients of each class in the training and in the test set."""
    counts = [*training, *test]
    label = np.repeat([0, 1, 2, 0, 1, 2], counts)
    known = with_patients(facts(sum(counts), images=False, **config), label=list(label))
    sets = pd.Series(np.repeat([TRAIN, TEST], [sum(training), sum(test)]), index=known.cohort.patients.index)
    cohort = replace(known.cohort, classes=("zero", "low", "positive"))
    return replace(known, cohort=cohort, split=Split(sets, {}))


@pytest.mark.parametrize("training", [(12, 20, 50), (50, 12, 20), (20, 50, 12)])
def test_size001_counts_the_rarest_of_three_classes(training: tuple[int, ...]) -> None:
    outcome = events_to_learn_from(three_classes(training, (10, 10, 10)))
    assert outcome.finding is not None
    assert outcome.finding.what.startswith("12 events for 1 clinical variable among 82 training patients; ")


@pytest.mark.parametrize("training", [(4, 60, 300), (300, 4, 60)])
def test_size001_is_an_error_below_five_events_a_variable_and_not_at_five(training: tuple[int, ...]) -> None:
    assert events_to_learn_from(three_classes(training, (10, 10, 10))).state == "error"
    five = tuple(5 if count == 4 else count for count in training)
    assert events_to_learn_from(three_classes(five, (10, 10, 10))).state == "warning"


@pytest.mark.parametrize("test", [(12, 13, 14), (14, 12, 13), (13, 14, 12)])
def test_size002_rests_on_the_rarest_of_three_classes_against_all_others(test: tuple[int, ...]) -> None:
    """Hanley and McNeil: with 12 cases and 27 controls the standard error is 0.0911; 1.96 of it are 0.179."""
    outcome = patients_to_test_on(three_classes((50, 50, 50), test))
    assert (outcome.state, outcome.finding is None) == ("warning", False)
    assert outcome.finding is not None
    assert outcome.finding.what == ("with 12 test patients in the rarest class an AUC of 0.75 is known to ± 0.18 only")


def test_size002_counts_the_test_set_and_not_the_training_set() -> None:
    assert patients_to_test_on(three_classes((3, 3, 3), (400, 400, 400))).state == "passed"
    assert patients_to_test_on(three_classes((400, 400, 400), (3, 3, 3))).state == "error"


@pytest.mark.parametrize(("half", "state"), [(0.1, "passed"), (0.11, "warning"), (0.25, "error"), (0.24, "warning")])
def test_size002_begins_at_its_limits(half: float, state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An AUC of 0.75 that is known to 0.25 reaches down to chance."""
    asked: list[tuple[float, ...]] = []
    monkeypatch.setattr(module, "auc_half_width", lambda *given: asked.append(given) or half)
    outcome = patients_to_test_on(three_classes((30, 30, 30), (10, 20, 30)))
    assert outcome.state == state
    assert asked == [(0.75, 10, 50, 0.95), (0.75, 20, 40, 0.95), (0.75, 30, 30, 0.95)]
    if outcome.finding is not None:
        assert outcome.finding.what.endswith("which does not tell it from chance") is (state == "error")
