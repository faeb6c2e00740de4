"""SIZE001 and SIZE002, by counts worked out by hand."""

from __future__ import annotations

import numpy as np

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
    assert patients_to_test_on(with_patients(only, label=[0] * 20)).state == "not checked"


def test_every_finding_names_its_page() -> None:
    outcome = patients_to_test_on(facts(60))
    assert outcome.finding is not None
    assert str(outcome.finding).endswith(f"{SIZE002.remedy} (docs/checks/SIZE002.md).")
