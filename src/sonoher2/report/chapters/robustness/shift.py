"""How a second cohort differs from the training patients."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sonoher2.report.content.cells import counts, intervals, numbers, p_values, percents
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.report.figures.robustness.shift import MOST_COLUMNS, shift_figure
from sonoher2.signatures.feature_table import CLINICAL
from sonoher2.study.analyses.robustness.shift import IMAGE_FIGURES
from sonoher2.study.results import columns as c


def shift_parts(view: View) -> Iterator[Part]:
    """Differences column by column, and whether the cohorts can be told apart; none without a training summary."""
    data = view.result.external.shift
    if data.empty:
        return
    named = data.assign(**{c.COLUMN: data[c.COLUMN].replace(IMAGE_FIGURES)})
    if data[c.DIFFERENCE].notna().any():
        yield _figure(named)
    yield _table(named, data)
    if not view.result.external.domain.empty:
        yield _domain(view)


def _figure(named: pd.DataFrame) -> Drawing:
    drawn = f" At most {MOST_COLUMNS} of each kind are drawn."
    many = drawn if named[c.PART].value_counts().max() > MOST_COLUMNS else ""
    return Drawing(
        "shift",
        "How the cohort differs from the training patients",
        "Standardised mean difference of each selected feature, clinical column and figure of the images; categories"
        " have no sign. Grey band: less than 0.1, commonly called balanced. A model is asked most where the difference"
        f" is largest.{many}",
        partial(shift_figure, named),
    )


def _table(named: pd.DataFrame, data: pd.DataFrame) -> Table:
    shown = {
        "Part": named[c.PART].str.capitalize(),
        "Column": named[c.COLUMN],
        "Training": named[c.TRAINING],
        "This cohort": named[c.NEW],
        "Missing, training": percents(named[c.MISSING_TRAINING]),
        "Missing, here": percents(named[c.MISSING_NEW]),
        "SMD": numbers(named[c.DIFFERENCE]),
        "KS": numbers(named[c.DISTANCE]),
    }
    caption = (
        "Mean ± standard deviation, or the commonest level. SMD: standardised mean difference (Austin 2009; categories:"
        " Yang and Dalton 2012). KS: Kolmogorov-Smirnov distance, 0 to 1. The bundle carries the training patients'"
        " means, deviations and quantiles, no patient."
    )
    return Table("shift", "Shift, column by column", caption, data, pd.DataFrame(shown), long=len(data) > 25)


def _domain(view: View) -> Table:
    data = view.result.external.domain
    shown = {
        "Columns of": data[c.SPACE].replace({CLINICAL: "clinical data"}),
        "Training": counts(data[c.TRAINING]),
        "This cohort": counts(data[c.NEW]),
        "Columns": counts(data[c.COLUMNS]),
        "AUC": intervals(data, c.AUC),
        "p": p_values(data[c.P]),
    }
    caption = (
        "A classifier is asked where each patient comes from, cross-validated, with what each signature's model sees:"
        " AUC 0.5, both cohorts alike; 1, each patient gives the cohort away (Lopez-Paz and Oquab 2017)."
        f" {view.confidence} intervals (DeLong); p by permutation."
    )
    return Table("domain", "Can the cohorts be told apart?", caption, data, pd.DataFrame(shown))


SHIFT = Chapter("shift", "How the cohort differs", shift_parts)
