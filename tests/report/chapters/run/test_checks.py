"""Checks and shortcuts."""

from __future__ import annotations

import pandas as pd

import report_by_hand as by
from sonoher2.report.chapters.run.checks import check_parts

CHECKS = pd.DataFrame(
    [
        ("LEAK001", "Images are shared", "passed", "", ""),
        ("MARK001", "Marks tell", "error", "they do", "remove them"),
        ("CAL001", "Calibration", "warning", "off", ""),
    ],
    columns=["code", "title", "result", "found", "remedy"],
)
SHORTCUTS = pd.DataFrame(
    {
        "shortcut": ["Picture size", "All together"],
        "outcome": by.YES,
        "n": [1200, 1201],
        "events": [300, 301],
        "auc": [0.71, 0.74],
        "auc_low": [0.6, 0.65],
        "auc_high": [0.8, 0.88],
        "p": [0.001, 0.0123],
        "p_holm": [0.002, 0.0456],
    }
)


def test_cells() -> None:
    found = by.tables(check_parts(by.view(table=CHECKS, shortcuts=SHORTCUTS)))
    assert found["checks"].shown.to_numpy().tolist() == [
        ["LEAK001 Images are shared", "passed", "–", "–"],
        ["MARK001 Marks tell", "error", "they do", "remove them"],
        ["CAL001 Calibration", "warning", "off", "–"],
    ]
    assert found["shortcuts"].shown.to_numpy().tolist() == [
        ["Picture size", "1,200", "300", "0.71 (0.60–0.80)", "0.001", "0.002"],
        ["All together", "1,201", "301", "0.74 (0.65–0.88)", "0.012", "0.046"],
    ]
    assert found["shortcuts"].shown.columns.tolist() == ["Shortcut", "n", "Events", "AUC", "p", "p (Holm)"]


def test_whose_shortcuts() -> None:
    assert "in the training patients:" in by.tables(check_parts(by.view(shortcuts=SHORTCUTS)))["shortcuts"].caption
    second = by.view(by.validation(), shortcuts=SHORTCUTS)
    assert "in the patients:" in by.tables(check_parts(second))["shortcuts"].caption


def test_only_an_error_is_a_failure() -> None:
    assert by.view(table=CHECKS).failed_checks == ("MARK001 Marks tell",)
    assert by.view().failed_checks == ()
    assert list(check_parts(by.view())) == []


def test_headings() -> None:
    assert by.headings(check_parts(by.view(table=CHECKS, shortcuts=SHORTCUTS))) == [
        ("table", "checks", "Checks"),
        ("table", "shortcuts", "What shortcuts alone tell"),
    ]
