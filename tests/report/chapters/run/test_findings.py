"""Findings, the gravest first."""

from __future__ import annotations

import report_by_hand as by
from sonoher2.core.errors import Finding
from sonoher2.report.chapters.run.findings import finding_parts


def test_order_and_tone() -> None:
    found = (Finding("note", "small", "a.csv"), Finding("error", "wrong", "b.csv"), Finding("warning", "odd", "c.csv"))
    [part] = finding_parts(by.view(findings=found))
    assert [item.tone for item in part.items] == ["error", "warning", "note"]
    assert "wrong" in part.items[0].text
    assert not part.numbered
    assert list(finding_parts(by.view())) == []
