"""Flow and tables of the patients."""

from __future__ import annotations

import pandas as pd

import report_by_hand as by
from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.report.chapters.cohort.patients import patient_parts

FLOW = (FlowStep("", 0, 15, 31), FlowStep("no result", 2, 13, 25), FlowStep("no mask", 1, 12, 1))


def test_the_flow_counts_each_set_by_class() -> None:
    part = by.drawings(patient_parts(by.view(flow=FLOW)))["flow"]
    texts = [text.get_text() for text in part.figure.axes[0].texts if text.get_text()]
    assert texts[:6] == [
        "Patients in the tables",
        "15 patients",
        "31 images",
        "Left out: 2",
        "no result",
        "Patients left",
    ]
    assert texts[6:13] == ["13 patients", "25 images", "Left out: 1", "no mask", "Analysed", "12 patients", "1 image"]
    assert texts[13:] == [
        "Training", "7 patients", "HER2-negative: 5", "HER2-positive: 2",
        "Test", "5 patients", "HER2-negative: 2", "HER2-positive: 3",
    ]  # fmt: skip


def test_one_patient_is_no_plural() -> None:
    one = by.PATIENTS.loc[["E1"]]
    part = by.drawings(patient_parts(by.view(by.validation(), patients=one, flow=(FlowStep("", 0, 1, 1),))))["flow"]
    texts = [text.get_text() for text in part.figure.axes[0].texts if text.get_text()]
    assert texts == [
        "Patients in the tables", "1 patient", "1 image", "Validation", "1 patient", "HER2-negative: 1",
        "HER2-positive: 0",
    ]  # fmt: skip


def test_tables_of_the_rule_and_its_contradictions() -> None:
    rules = pd.DataFrame({"branch": ["IHC 0", "IHC 3+"], "status": ["negative", "positive"], "patients": [1200, 90]})
    conflicts = pd.DataFrame({"patient_id": ["T1"] * 16, "derived": "positive", "reported": "negative"})
    found = by.tables(patient_parts(by.view(rule_counts=rules, conflicts=conflicts)))
    assert list(found) == ["table1", "rule_counts", "conflicts"]
    assert found["rule_counts"].shown.to_numpy().tolist() == [
        ["IHC 0", "negative", "1,200"], ["IHC 3+", "positive", "90"],
    ]  # fmt: skip
    assert found["rule_counts"].shown.columns.tolist() == ["Branch", "Status", "Patients"]
    assert found["conflicts"].shown.iloc[0].tolist() == ["T1", "positive", "negative"]
    assert found["conflicts"].long
    assert not by.tables(patient_parts(by.view(conflicts=conflicts.iloc[:15])))["conflicts"].long
    assert list(by.tables(patient_parts(by.view()))) == ["table1"]


def test_balance_is_explained_where_there_are_two_sets() -> None:
    assert "SMD" in by.tables(patient_parts(by.view()))["table1"].caption
    assert "SMD" not in by.tables(patient_parts(by.view(by.validation())))["table1"].caption


def test_headings() -> None:
    rules = pd.DataFrame({"branch": ["IHC 0"], "status": ["negative"], "patients": [1]})
    conflicts = pd.DataFrame({"patient_id": ["T1"], "derived": "positive", "reported": "negative"})
    assert by.headings(patient_parts(by.view(flow=FLOW, rule_counts=rules, conflicts=conflicts))) == [
        ("drawing", "flow", "Flow of patients"),
        ("table", "table1", "Table 1. Patients"),
        ("table", "rule_counts", "HER2 status by branch of the rule"),
        ("table", "conflicts", "Reported status that contradicts the rule"),
    ]
