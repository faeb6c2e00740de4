"""Probabilities recalibrated on a share of a second cohort, beside the frozen ones, for the other patients."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sonoher2.report.content.cells import counts, intervals, numbers, row_numbers
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table, Text
from sonoher2.report.content.style import BLUE, GREEN, VERMILLION
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import number, plural
from sonoher2.report.figures.performance.calibration import calibration_figure
from sonoher2.report.figures.performance.curves import Line
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores
from sonoher2.study.results.updated import FROZEN, UPDATES, Updated


def updating_parts(view: View) -> Iterator[Part]:
    """Words, calibration figure and table; none where nothing was updated."""
    updated = view.result.external.updated
    if updated is None:
        return
    counted = ", ".join(f"{count} {name}" for name, count in updated.events.items())
    words = (
        f"Updating, not validation: intercept and slope were learned on {plural(updated.learned_on, 'patient')} of this"
        f" cohort ({updated.share:.0%}, drawn within each class: {counted}). Everything in this chapter, frozen or"
        " updated, is of the other patients that no update was learned on; all other chapters are of the frozen model"
        " in all patients. An update changes no ranking, hence no AUC."
    )
    yield Text((words, *_cautions(view, updated.figures)))
    yield _figure(view, updated)
    yield _table(view, updated.figures)


def _cautions(view: View, figures: pd.DataFrame) -> Iterator[str]:
    """Say which updates were not made, and what the updates of several outcomes are not."""
    for _, row in figures[figures[c.B].isna()].iterrows():
        of = f"{row[c.SIGNATURE]}, {row[c.OUTCOME]}" if view.several else row[c.SIGNATURE]
        yield (
            f"{of}: no update of {row[c.UPDATE]} was made. In the patients it was learned on the slope was not positive"
            " and would have turned the ranking round, or there was none: cases and others lay apart, or all scores"
            " were equal."
        )
    if view.several:
        yield "Each outcome is updated alone: the updated probabilities of a patient need not sum to 1."


def _figure(view: View, updated: Updated) -> Drawing:
    rows = [(outcome if view.several else "", _lines(view, updated, outcome)) for outcome in view.outcomes]
    return Drawing(
        "updating",
        f"Calibration before and after updating: {view.main}",
        "The same patients in every panel, none of whom the update was learned on. Dots: groups by predicted"
        f" probability with {view.confidence} intervals (Wilson); line: LOESS; dashed: perfect calibration.",
        partial(calibration_figure, rows, view.result.about.config.evaluation.confidence),
    )


def _lines(view: View, updated: Updated, outcome: str) -> list[Line]:
    chosen = updated.predictions.query("signature == @view.main and outcome == @outcome")
    figures = updated.figures.query("signature == @view.main and outcome == @outcome")
    lines = []
    for update, colour in zip((FROZEN, *UPDATES), (VERMILLION, BLUE, GREEN), strict=True):
        part = chosen[chosen[c.UPDATE] == update]
        if part.empty:
            continue
        y, score = outcome_scores(part, outcome)
        row = row_numbers(figures[figures[c.UPDATE] == update])
        legend = f"slope {number(row[c.SLOPE])}\nintercept {number(row[c.INTERCEPT])}\nBrier {number(row[c.BRIER], 3)}"
        lines.append(Line(update, colour, legend, y, score))
    return lines


def _table(view: View, data: pd.DataFrame) -> Table:
    shown = {
        "Signature": data[c.SIGNATURE],
        **view.outcome_cells(data),
        "Probabilities": data[c.UPDATE],
        "a": numbers(data[c.A]),
        "b": numbers(data[c.B]),
        "n": counts(data[c.N]),
        "Events": counts(data[c.EVENTS]),
        "AUC": intervals(data, c.AUC),
        "Calibration slope": intervals(data, c.SLOPE),
        "Calibration intercept": intervals(data, c.INTERCEPT),
        "Expected/observed": numbers(data[c.EXPECTED]),
        "Brier score": numbers(data[c.BRIER], 3),
    }
    caption = (
        "New log-odds = a + b × old log-odds (Cox 1958, Steyerberg 2004). Perfect: slope 1, intercept 0,"
        f" expected/observed 1. {view.confidence} intervals in brackets."
    )
    return Table("updating", "Before and after updating", caption, data, pd.DataFrame(shown))


UPDATING = Chapter("updating", "Updating", updating_parts)
