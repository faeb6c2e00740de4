"""Reported statuses: understood and compared, left open, or told as not compared."""

from __future__ import annotations

import pandas as pd
import pytest

from sonoher2.cohort.her2.reported import conflicts, unread_reports


def statuses(*pairs: tuple[str, str | None]) -> pd.DataFrame:
    index = pd.Index([f"P{i}" for i in range(len(pairs))], name="patient_id")
    rows = [{"status": status, "branch": "b", "reported": reported} for status, reported in pairs]
    return pd.DataFrame(rows, index=index, dtype=object)


@pytest.mark.parametrize(
    ("status", "reported", "against"),
    [
        ("positive", "HER2(-)", True), ("zero", "HER2(+)", True), ("positive", "阴性(1+)", True),
        ("zero", "Positive (3+)", True), ("low", "2+/FISH+", True), ("low", "HER2阳性", True),
        ("zero", "HER2-low", True),
        ("positive", "Positive (3+)", False), ("low", "阴性(1+)", False), ("low", "HER2 1+", False),
        ("low", "neg", False),
        ("zero", "HER2 0", False), ("ultralow", "zero", False), ("positive", "2+/FISH+", False),
        ("negative", "1+", False), ("indeterminate", "positive", False),
        ("positive", "2+", False), ("positive", "equivocal", False), ("positive", "not performed", False),
    ],
)  # fmt: skip
def test_reports_in_other_words_are_compared(status: str, reported: str, against: bool) -> None:
    frame = statuses((status, reported))
    assert len(conflicts(frame)) == against
    assert unread_reports(frame, "t") == []


def test_reports_that_are_not_understood_are_told() -> None:
    frame = statuses(
        ("positive", "0"), ("zero", "1"), ("zero", "1"), ("zero", "N"), ("positive", "positive"), ("zero", None)
    )
    assert conflicts(frame).empty
    (finding,) = unread_reports(frame, "t, column 'said'")
    assert (finding.severity, finding.where) == ("warning", "t, column 'said'")
    assert finding.what.endswith("are not compared with the rule's: '1' (2), '0' (1), 'N' (1)")
