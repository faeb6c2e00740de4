"""Which radiomic features the signature rests on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sonoher2.report.chapters.model.selection_stability import selection_stability_parts
from sonoher2.report.content.cells import numbers, plain_table
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import listing
from sonoher2.report.figures.model.heatmap import MOST_FEATURES, heatmap_figure
from sonoher2.report.figures.model.selection import MOST_BARS, coefficient_figure, lasso_figure
from sonoher2.study.results import columns as c


def feature_parts(view: View) -> Iterator[Part]:
    """Show the selection step by step, the LASSO, the features that were kept and their values."""
    result = view.result
    if not result.model.selection.empty:
        yield _selection(result.model.selection)
    yield from selection_stability_parts(view)
    if result.model.lasso is not None:
        yield Drawing(
            "lasso",
            "LASSO path and cross-validated error",
            "Each line is one candidate feature; features that are kept at the chosen penalty (dashed) are coloured:"
            " positive in vermillion, negative in blue. Final fit on all training patients.",
            partial(lasso_figure, result.model.lasso),
        )
    if not result.model.coefficients.empty:
        yield _coefficient_figure(view)
        yield _coefficient_table(result.model.coefficients)
    if not result.model.heatmap.empty:
        yield _heatmap(view)


def _selection(data: pd.DataFrame) -> Table:
    if c.FALLBACK in data:
        data = data.assign(**{c.FALLBACK: data[c.FALLBACK].map({True: "nothing passed, best kept", False: ""})})
    caption = (
        "Final fit on all training patients; in cross-validation each fold repeats every step on its own patients."
    )
    return Table("selection", "Feature selection, step by step", caption, data, plain_table(data))


_LASSO_STEP = (
    "Coefficients of the LASSO that selected the features; the model that was then fitted on them has weights of its"
    " own."
)


def _coefficient_figure(view: View) -> Drawing:
    table = view.result.model.coefficients
    more = f" The largest {MOST_BARS} of {len(table)}." if len(table) > MOST_BARS else ""
    meaning = (
        "Length of the vector of class coefficients."
        if view.several
        else f"A positive coefficient raises the probability of {listing(view.outcomes, 'or')}."
    )
    caption = f"{_LASSO_STEP} {meaning}{more}"
    return Drawing("coefficients", "Selected features", caption, partial(coefficient_figure, table))


def _coefficient_table(data: pd.DataFrame) -> Table:
    shown = plain_table(data).assign(Coefficient=numbers(data[c.COEFFICIENT], 3))
    caption = f"{_LASSO_STEP} Per standard deviation of the feature among training patients."
    return Table("coefficients", "Selected features", caption, data, shown, long=len(data) > 15)


def _heatmap(view: View) -> Drawing:
    values, outcome = view.result.model.heatmap, view.outcomes[-1]
    score = view.result.performance.predictions.query("signature == @view.main and outcome == @outcome")
    patients = pd.DataFrame(view.result.cohort.patients[[c.SET, c.LABEL]]).loc[values.index]
    patients[c.SCORE] = score.set_index(c.PATIENT_ID)[c.SCORE].reindex(values.index)
    more = f" The first {MOST_FEATURES} of {values.shape[1]} features." if values.shape[1] > MOST_FEATURES else ""
    return Drawing(
        "heatmap",
        "Selected features of all patients",
        f"One column per patient, ordered by label (colour strip) and {view.main} score (probability of {outcome})."
        f" Colours end at three standard deviations.{more}",
        partial(heatmap_figure, values, patients, view.sets, view.result.about.classes),
    )


FEATURES = Chapter("features", "What the signature rests on", feature_parts)
