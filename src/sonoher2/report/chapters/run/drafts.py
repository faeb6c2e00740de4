"""Texts for a paper: the methods, and a draft of the results."""

from __future__ import annotations

from collections.abc import Iterator

from sonoher2.report.content.parts import Chapter, Listing, Part, Text
from sonoher2.report.content.view import View
from sonoher2.report.writing.methods import methods_text
from sonoher2.report.writing.results_text import results_text


def method_parts(view: View) -> Iterator[Part]:
    """Write the methods and their references."""
    paragraphs, references = methods_text(view)
    yield Text(paragraphs)
    yield Listing(references, numbered=True)


def result_parts(view: View) -> Iterator[Part]:
    """Write the results in words."""
    yield Text(results_text(view))


METHODS = Chapter("methods", "Methods", method_parts)
RESULTS = Chapter("resultstext", "Results, as a draft", result_parts)
