"""Provenance: every fact of the run's record, each under its path."""

from __future__ import annotations

import report_by_hand as by
from sonoher2.report.chapters.run.provenance import provenance_parts

RECORD = {
    "started": "today",
    "seed": 7,
    "seconds": {"cohort": 1.0},
    "machine": {"python": "3.11", "cores": None},
    "settings": {"split": {"kind": "site", "test": ["A", "B"]}, "empty": []},
    "ledger": [{"model": "ab"}, {"model": "cd"}],
    "nothing": {},
}


def test_facts() -> None:
    parts = list(provenance_parts(by.view(record=RECORD, seconds={"cohort": 1.25, "models": 120.0})))
    assert [(part.title, dict(part.values)) for part in parts] == [
        ("Run", {"Started": "today", "Seed": "7"}),
        ("Machine", {"python": "3.11"}),
        ("Settings", {"split.kind": "site", "split.test": "A, B"}),
        ("Ledger", {"1.model": "ab", "2.model": "cd"}),
        ("Wall time", {"cohort": "1.2 s", "models": "2 min", "total": "2 min"}),
    ]


def test_an_empty_record_has_no_chapter() -> None:
    assert list(provenance_parts(by.view())) == []
