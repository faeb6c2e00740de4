"""How well each signature tells the classes apart."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sonoher2.report.chapters.performance.curves import curve_panels
from sonoher2.report.chapters.performance.metrics import metric_cells, overall_metrics
from sonoher2.report.content.cells import intervals, numbers, p_values
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.report.figures.performance.curves import pr_figure, roc_figure
from sonoher2.report.figures.performance.forest import auc_figure
from sonoher2.study.results import columns as c


def performance_parts(view: View) -> Iterator[Part]:
    """AUC of every signature, all its metrics, comparisons, ROC and precision-recall curves."""
    yield _aucs(view)
    yield _metrics(view)
    if not view.result.performance.comparisons.empty:
        yield _comparisons(view)
    yield from _roc(view)
    yield from _precision_recall(view)


def _aucs(view: View) -> Drawing:
    table = view.result.performance.signatures[
        view.result.performance.signatures[c.OUTCOME].isin([*view.outcomes, "macro"])
    ]
    hollow = " Hollow: training patients, out of fold; filled: test set." if len(view.sets) > 1 else ""
    return Drawing(
        "auc",
        "AUC of each signature",
        f"Bars are {view.confidence} intervals; the dashed line at 0.5 is chance.{hollow}",
        partial(auc_figure, table, view.sets, view.colours),
    )


def _metrics(view: View) -> Table:
    """Discrimination and calibration of each signature in each set; the file holds every metric."""
    data = view.result.performance.signatures
    training = "; training patients are scored out of fold" if len(view.sets) > 1 else ""
    caption = (
        f"{view.confidence} intervals in brackets{training}. AUC: area under the receiver operating characteristic"
        " curve, 0.5 is chance. AUPRC: area under the precision–recall curve, chance is the share of events. Brier"
        " score: mean squared error of the probability, lower is better. Calibration slope 1 and intercept 0 are"
        " perfect."
    )
    if "macro" in set(data[c.OUTCOME]):
        caption += " Macro: mean of the outcomes, each against the rest."
    shown = metric_cells(view, data, overall_metrics(data))
    return Table("signatures", "Performance of the signatures", caption, data, shown)


def _comparisons(view: View) -> Table:
    data = view.result.performance.comparisons
    shown = {
        "Set": view.set_names(data),
        **view.outcome_cells(data),
        "Signatures": data[c.SIGNATURE_A] + " − " + data[c.SIGNATURE_B],
        "Difference in AUC": intervals(data, c.DIFFERENCE, c.LOW, c.HIGH),
        "z": numbers(data[c.Z]),
        "p": p_values(data[c.P]),
        "p (Holm)": p_values(data[c.P_HOLM]),
    }
    caption = (
        f"DeLong's test for correlated curves; {view.confidence} intervals in brackets; p (Holm) is corrected for all"
        " comparisons within a set and outcome. An interval that holds 0 shows no difference, nor does it show"
        " equality."
    )
    return Table("comparisons", "Comparison of AUCs", caption, data, pd.DataFrame(shown))


def _roc(view: View) -> Iterator[Drawing]:
    panels = curve_panels(view, c.AUC)
    if panels:
        training = " Each training patient was scored by models that had not seen that patient."
        yield Drawing(
            "roc",
            "Receiver operating characteristic",
            f"Brackets: {view.confidence} interval of the AUC. Dashed diagonal: chance."
            f"{training if len(view.sets) > 1 else ''}",
            partial(roc_figure, panels),
        )


def _precision_recall(view: View) -> Iterator[Drawing]:
    panels = curve_panels(view, c.AUPRC)
    if panels:
        yield Drawing(
            "pr",
            "Precision and recall",
            f"Brackets: {view.confidence} interval of the area. Dashed line: the share of events, which is what chance"
            " reaches. Says more than the ROC curve where events are rare.",
            partial(pr_figure, panels),
        )


PERFORMANCE = Chapter("performance", "Performance", performance_parts)
