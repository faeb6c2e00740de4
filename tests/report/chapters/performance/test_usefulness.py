"""Decision curves of each set."""

from __future__ import annotations

import pytest

import report_by_hand as by
from sonoher2.report.chapters.performance.usefulness import usefulness_parts


def test_sets_and_signatures_of_the_curves() -> None:
    [part] = usefulness_parts(by.view())
    panels = {axes.get_title("left") or axes.get_title(): axes for axes in part.figure.axes}
    panels.pop("")
    assert list(panels) == ["Training (out of fold)", "Test"]
    for axes in panels.values():
        assert [line.get_label() for line in axes.lines[-2:]] == ["Clinical", "Radiomics"]
    # at a threshold probability of 0.01 treating all is worth nearly the share of events
    for title, events in (("Training (out of fold)", 2 / 7), ("Test", 3 / 5)):
        worth = panels[title].lines[0].get_ydata()[0]
        assert worth == pytest.approx(events - (1 - events) * 0.01 / 0.99)


def test_nothing_without_both_classes() -> None:
    rows = by.predictions().assign(label=by.NO)
    assert list(usefulness_parts(by.view(predictions=rows))) == []


def test_headings() -> None:
    assert by.headings(usefulness_parts(by.view())) == [("drawing", "decision", "Decision curves")]
