"""Whether the probabilities are true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from sonoher2.report.chapters.performance.curves import curve_lines
from sonoher2.report.content.parts import Chapter, Drawing
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import number
from sonoher2.report.figures.performance.calibration import calibration_figure
from sonoher2.report.figures.performance.curves import Line
from sonoher2.study.results import columns as c

_TOLD = {"slope": "calibration_slope", "intercept": "calibration_intercept", "Brier": "brier"}


def calibration_parts(view: View) -> Iterator[Drawing]:
    """One figure of calibration per set."""
    for subset, title in view.sets.items():
        rows = [(outcome if view.several else "", _lines(view, subset, outcome)) for outcome in view.outcomes]
        rows = [(name, lines) for name, lines in rows if lines]
        if rows:
            yield Drawing(
                f"calibration_{subset}",
                f"Calibration: {title}",
                "Dots: groups of patients by predicted probability, with the observed share of events and its"
                f" {view.confidence} interval (Wilson). Line: LOESS of all patients. Dashed: perfect calibration."
                " Below: number of patients by predicted probability, events upwards in colour, others downwards in"
                " grey.",
                partial(calibration_figure, rows, view.result.about.config.evaluation.confidence),
            )


def _lines(view: View, subset: str, outcome: str) -> list[Line]:
    lines = curve_lines(view, subset, outcome, c.AUC)
    return [replace(line, legend=_legend(view, line.name, subset, outcome)) for line in lines]


def _legend(view: View, signature: str, subset: str, outcome: str) -> str:
    row = view.metrics(signature, subset, outcome) or {}
    return "\n".join(f"{name} {number(row[column])}" for name, column in _TOLD.items() if column in row)


CALIBRATION = Chapter("calibration", "Calibration", calibration_parts)
