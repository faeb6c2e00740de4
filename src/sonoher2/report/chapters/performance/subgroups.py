"""AUC by subgroup, and whether the subgroups differ."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.content.cells import counts, intervals
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import p_value
from sonoher2.report.figures.performance.forest import subgroup_figure
from sonoher2.study.results import columns as c


def subgroup_parts(view: View) -> Iterator[Part]:
    """Forest plot of the test set for each outcome, and a table of all sets."""
    if view.result.performance.subgroups.empty:
        return
    yield from _forests(view)
    yield _table(view)


def _forests(view: View) -> Iterator[Drawing]:
    for place, outcome in enumerate(view.outcomes, start=1):
        rows = view.result.performance.subgroups.query("`set` == @TEST and outcome == @outcome")
        if not rows.empty:
            yield Drawing(
                f"subgroups_{place}" if view.several else "subgroups",
                f"AUC by subgroup, {view.title(TEST, outcome)}",
                f"Bars are {view.confidence} intervals (DeLong). Overlapping intervals of small subgroups say little"
                f"{'; the table gives the training set too' if TRAIN_OOF in view.sets else ''}.",
                partial(subgroup_figure, rows, view.colours),
            )


def _table(view: View) -> Table:
    data = view.result.performance.subgroups
    shown = {
        "Subgroup": data[c.SUBGROUP].astype(str) + ": " + data[c.LEVEL].astype(str),
        "Signature": data[c.SIGNATURE],
        "Set": view.set_names(data),
        **view.outcome_cells(data),
        "n": counts(data[c.N]),
        "Events": counts(data[c.EVENTS]),
        "AUC": intervals(data, c.AUC),
        **_interactions(view),
    }
    caption = f"{view.confidence} intervals in brackets. A dash: too few patients with or without the event."
    if view.validation:
        caption += (
            " Clinical numbers are cut at the median of the training patients where the model knows it, lesion size at"
            " that of this cohort."
        )
    if len(view.result.performance.interactions):
        caption += (
            " p (interaction): that the score means the same in all levels (likelihood ratio test, corrected after Holm"
            " for the subgroups of a signature and set); p (AUC): that it separates equally well in all levels, not"
            " corrected. Both have little power in small subgroups."
        )
    return Table("subgroups", "AUC by subgroup", caption, data, pd.DataFrame(shown), long=len(data) > 15)


def _interactions(view: View) -> dict[str, list[str]]:
    """P values of the tests between the levels of each subgroup, on the row of its first level."""
    tests, rows = view.result.performance.interactions, view.result.performance.subgroups
    if tests.empty:
        return {}
    keys = [c.SUBGROUP, c.SIGNATURE, c.SET, c.OUTCOME]
    found = rows[keys].merge(tests, how="left", on=keys, validate="many_to_one")
    first = ~found.duplicated(keys)
    columns = {"p (interaction)": c.P_HOLM, "p (AUC)": "p_auc"}
    return {
        title: [p_value(p) if shown else "" for p, shown in zip(found[name], first, strict=True)]
        for title, name in columns.items()
    }


SUBGROUPS = Chapter("subgroups", "Subgroups", subgroup_parts)
