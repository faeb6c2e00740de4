"""Texts for a paper, each in its chapter."""

from __future__ import annotations

import report_by_hand as by
from sonoher2.report.chapters.run.drafts import METHODS, RESULTS


def test_each_text_stands_in_its_chapter() -> None:
    methods, results = METHODS.section(by.view()), RESULTS.section(by.view())
    text, references = methods.parts
    assert (methods.name, results.name) == ("methods", "resultstext")
    assert text.paragraphs[0].startswith("Development of a prediction model")
    assert references.numbered
    assert references.items[0].text.startswith("Collins")
    [text] = results.parts
    assert text.paragraphs[0].startswith("12 patients were analysed: 7 in the training set")
