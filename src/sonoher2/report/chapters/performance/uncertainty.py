"""When the model does not know: sets of classes, and ruling out and in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sonoher2.core.columns import TEST
from sonoher2.core.spelling import level
from sonoher2.report.content.cells import counts, intervals, numbers, percents
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.report.figures.performance.uncertainty import coverage_figure, zone_figure
from sonoher2.study.results import columns as c


def uncertainty_parts(view: View) -> Iterator[Part]:
    """Show sets of classes and zones of decision; none for a model whose bundle carries no limits."""
    if view.result.uncertainty.coverage.empty or view.result.uncertainty.zones.empty:
        return
    yield _coverage_figure(view)
    yield _coverage_table(view)
    yield from _zone_figures(view)
    yield _zone_table(view)


def _coverage_figure(view: View) -> Drawing:
    data = view.result.uncertainty.coverage
    asked = float(data[c.ASKED].iloc[0])
    subset = TEST if TEST in set(data[c.SET]) else str(data[c.SET].iloc[-1])
    return Drawing(
        "coverage",
        f"Sets of classes at {level(asked)} coverage: {view.sets[subset].lower()}",
        f"Each patient gets the set of classes that the scores leave possible, built so that it holds the true class in"
        f" {level(asked)} of patients of each class (class-conditional conformal prediction). Two classes in the set"
        " are the answer “don’t know”. Decided: sets of one class; right: how often these are right. The limits were"
        f" learned on out-of-fold training scores; bars are {view.confidence} intervals (Wilson) and should reach the"
        " dashed line.",
        partial(coverage_figure, data[data[c.SET] == subset], asked, view.colours),
    )


def _coverage_table(view: View) -> Table:
    data = view.result.uncertainty.coverage
    shown = {
        "Signature": data[c.SIGNATURE],
        "Set": view.set_names(data),
        "Class": data[c.LABEL],
        "n": counts(data[c.N]),
        "Coverage": intervals(data, c.COVERAGE, c.LOW, c.HIGH),
        "One class": percents(data[c.SINGLE]),
        "Several": percents(data[c.SEVERAL]),
        "None": percents(data[c.EMPTY]),
        "Right, of one class": percents(data[c.RIGHT]),
    }
    caption = "Several or none: the model does not know."
    if not view.validation:
        caption += (
            " Training rows are out of fold, on the very patients that the limits were learned on, and show only that"
            " these were set as asked."
        )
    return Table("coverage", "Coverage and size of the sets", caption, data, pd.DataFrame(shown))


def _zone_figures(view: View) -> Iterator[Drawing]:
    limits = view.result.uncertainty.learned[view.main]
    for place, outcome in enumerate(view.outcomes, start=1):
        cells = [(title, *view.scores(view.main, subset, outcome)) for subset, title in view.short_sets.items()]
        title = "Ruled out, undecided, ruled in"
        yield Drawing(
            f"zones_{place}" if view.several else "zones",
            f"{title}: {view.main}, {outcome}" if view.several else title,
            f"{view.main}: below the first threshold {outcome} is ruled out, sparing at least"
            f" {level(limits.sensitivity)} of the {outcome} training patients; from the second on it is ruled in,"
            f" sparing at least {level(limits.specificity)} of the others; between them the model does not decide."
            " Shares of all patients; events upwards in red, others downwards in blue.",
            partial(zone_figure, cells, limits.rule_out[outcome], limits.rule_in[outcome], outcome),
        )


def _zone_table(view: View) -> Table:
    data, limits = view.result.uncertainty.zones, view.result.uncertainty.learned[view.main]
    pairs = zip(numbers(data[c.RULE_OUT], 3), numbers(data[c.RULE_IN], 3), strict=True)
    shown = {
        "Signature": data[c.SIGNATURE],
        "Set": view.set_names(data),
        **view.outcome_cells(data),
        "Thresholds": [f"{low} and {high}" for low, high in pairs],
        "Ruled out": intervals(data, c.RULED_OUT),
        "Sensitivity": intervals(data, c.SENSITIVITY),
        "NPV": intervals(data, c.NPV),
        "Ruled in": intervals(data, c.RULED_IN),
        "Specificity": intervals(data, c.SPECIFICITY),
        "PPV": intervals(data, c.PPV),
    }
    sensitivity, specificity = level(limits.sensitivity), level(limits.specificity)
    caption = (
        f"Asked of the training patients: sensitivity {sensitivity} for ruling out, specificity {specificity} for"
        " ruling in. Sensitivity: cases not ruled out. Specificity: others not ruled in."
        f" NPV and PPV hold for this cohort's share of events. {view.confidence} intervals (Wilson)."
    )
    return Table("zones", "Decisions at stated error rates", caption, data, pd.DataFrame(shown))


UNCERTAINTY = Chapter("uncertainty", "When the model does not know", uncertainty_parts)
