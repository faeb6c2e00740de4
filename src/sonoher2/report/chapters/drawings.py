"""Which figures the report shows, and what the reader is told below each."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.evaluation.classification import confusion_at
from sonoher2.report.figures.calibration import calibration_figure
from sonoher2.report.figures.confusion import confusion_figure
from sonoher2.report.figures.curves import Line, Panels, decision_figure, pr_figure, roc_figure
from sonoher2.report.figures.flow import flow_figure
from sonoher2.report.figures.forest import auc_figure, subgroup_figure
from sonoher2.report.figures.heatmap import MOST_FEATURES, heatmap_figure
from sonoher2.report.figures.nomogram import nomogram_figure
from sonoher2.report.figures.selection import MOST_BARS, coefficient_figure, lasso_figure
from sonoher2.report.page.parts import Drawing
from sonoher2.report.page.view import View
from sonoher2.report.page.wording import interval, listing, number


def draw_flow(view: View) -> Iterator[Drawing]:
    """Flow of patients."""
    if not view.result.cohort.flow:
        return
    patients = view.result.cohort.patients
    counts = {
        title: {
            label: int(((patients["set"] == name) & (patients["label"] == label)).sum())
            for label in view.result.about.classes
        }
        for name, title in view.short_sets.items()
    }
    yield Drawing(
        "flow",
        "Flow of patients",
        "From the tables to the sets, with the reason for each exclusion (after STARD 2015).",
        flow_figure(view.result.cohort.flow, counts, "Patients in the tables"),
    )


def draw_aucs(view: View) -> Iterator[Drawing]:
    """AUC of every signature, set and outcome."""
    table = view.result.performance.signatures[
        view.result.performance.signatures["outcome"].isin([*view.outcomes, "macro"])
    ]
    hollow = " Hollow: training patients, out of fold; filled: test set." if len(view.sets) > 1 else ""
    yield Drawing(
        "auc",
        "AUC of each signature",
        f"Bars are {_confidence(view)} intervals; the dashed line at 0.5 is chance.{hollow}",
        auc_figure(table, view.sets, view.colours),
    )


def draw_roc(view: View) -> Iterator[Drawing]:
    """ROC curves."""
    yield from _curves(
        view,
        roc_figure,
        Drawing(
            "roc",
            "Receiver operating characteristic",
            f"Brackets: {_confidence(view)} interval of the AUC. Dashed diagonal: chance. Each training patient was"
            " scored"
            " by models that had not seen that patient."
            if len(view.sets) > 1
            else f"Brackets: {_confidence(view)} interval of the AUC. Dashed diagonal: chance.",
            Figure(),
        ),
        "auc",
    )


def draw_pr(view: View) -> Iterator[Drawing]:
    """Precision-recall curves."""
    caption = (
        f"Brackets: {_confidence(view)} interval of the area. Dashed line: the share of events, which is what chance"
        " reaches. Says more than the ROC curve where events are rare."
    )
    yield from _curves(view, pr_figure, Drawing("pr", "Precision and recall", caption, Figure()), "auprc")


def draw_decision(view: View) -> Iterator[Drawing]:
    """Decision curves."""
    caption = (
        "Net benefit: true positives per patient, less false positives weighted by the odds of the threshold"
        " probability,"
        " the risk at which one would act. A signature helps only where it lies above both “all” and “none”."
    )
    yield from _curves(view, decision_figure, Drawing("decision", "Decision curves", caption, Figure()), "auc")


def _curves(view: View, draw: Callable[[Panels], Figure], words: Drawing, metric: str) -> Iterator[Drawing]:
    shown = {
        view.title(subset, outcome): lines
        for outcome in view.outcomes
        for subset in view.sets
        if (lines := _lines(view, subset, outcome, metric))
    }
    if shown:
        yield Drawing(words.name, words.title, words.caption, draw(shown))


def _lines(view: View, subset: str, outcome: str, metric: str) -> list[Line]:
    """One line per signature; none where only one class occurs, which has no curve."""
    lines = []
    for signature in view.signatures:
        y, score = view.scores(signature, subset, outcome)
        if 0 < y.sum() < len(y):
            legend = f"{signature} {_metric(view, signature, subset, outcome, metric)}".rstrip()
            lines.append(Line(signature, view.colours[signature], legend, y, score))
    return lines


def _metric(view: View, signature: str, subset: str, outcome: str, metric: str) -> str:
    row = view.metrics(signature, subset, outcome)
    if row is None or metric not in row:
        return ""
    return interval(row[metric], row.get(f"{metric}_low", np.nan), row.get(f"{metric}_high", np.nan))


def draw_calibration(view: View) -> Iterator[Drawing]:
    """One figure of calibration per set."""
    for subset, title in view.sets.items():
        rows = [
            (outcome if view.several else "", _calibration_lines(view, subset, outcome)) for outcome in view.outcomes
        ]
        rows = [(name, lines) for name, lines in rows if lines]
        if rows:
            yield Drawing(
                f"calibration_{subset}",
                f"Calibration: {title}",
                "Dots: groups of patients by predicted probability, with the observed share of events and its"
                f" {_confidence(view)} interval (Wilson). Line: LOESS of all patients. Dashed: perfect calibration."
                " Below:"
                " number of patients by predicted probability, events upwards in colour, others downwards in grey.",
                calibration_figure(rows, view.result.about.config.evaluation.confidence),
            )


def _calibration_lines(view: View, subset: str, outcome: str) -> list[Line]:
    lines = _lines(view, subset, outcome, "auc")
    texts = [_calibration_text(view, line.name, subset, outcome) for line in lines]
    return [Line(x.name, x.colour, text, x.outcome, x.score) for x, text in zip(lines, texts, strict=True)]


def _calibration_text(view: View, signature: str, subset: str, outcome: str) -> str:
    row = view.metrics(signature, subset, outcome)
    names = {"slope": "calibration_slope", "intercept": "calibration_intercept", "Brier": "brier"}
    shown = [f"{name} {number(row[key])}" for name, key in names.items() if row is not None and key in row]
    return "\n".join(shown)


def draw_confusion(view: View) -> Iterator[Drawing]:
    """Confusion matrices at the frozen thresholds."""
    if view.result.performance.thresholds.empty:
        return
    cells = []
    for outcome in view.outcomes:
        no, yes = ("other", outcome) if view.several else view.result.about.classes[:2]
        for subset, title in view.short_sets.items():
            for signature in view.signatures:
                y, score = view.scores(signature, subset, outcome)
                counts = confusion_at(y, score, view.threshold(signature, outcome))
                cells.append((f"{signature}\n{title}", (no, yes), counts))
    training = (
        " The training matrices rest on out-of-fold scores, from which the threshold itself was learned: they flatter"
        " a little."
        if TRAIN_OOF in view.sets
        else ""
    )
    yield Drawing(
        "confusion",
        "Confusion matrices at the frozen threshold",
        f"Patients, and their share of the true class (row).{training}",
        confusion_figure(cells, min(len(view.signatures), 3)),
    )


def draw_subgroups(view: View) -> Iterator[Drawing]:
    """One forest plot of the test set per outcome."""
    table = view.result.performance.subgroups
    if table.empty:
        return
    for number_of, outcome in enumerate(view.outcomes, start=1):
        rows = table.query("`set` == @TEST and outcome == @outcome")
        if not rows.empty:
            yield Drawing(
                f"subgroups_{number_of}" if view.several else "subgroups",
                f"AUC by subgroup, {view.title(TEST, outcome)}",
                f"Bars are {_confidence(view)} intervals (DeLong). Overlapping intervals of small subgroups say little"
                f"{'; the table gives the training set too' if TRAIN_OOF in view.sets else ''}.",
                subgroup_figure(rows, view.colours),
            )


def draw_lasso(view: View) -> Iterator[Drawing]:
    """LASSO path and error."""
    if view.result.model.lasso is not None:
        yield Drawing(
            "lasso",
            "LASSO path and cross-validated error",
            "Each line is one candidate feature; features that are kept at the chosen penalty (dashed) are"
            " coloured: positive"
            " in vermillion, negative in blue. Final fit on all training patients.",
            lasso_figure(view.result.model.lasso),
        )


def draw_coefficients(view: View) -> Iterator[Drawing]:
    """Coefficients of the selected features."""
    table = view.result.model.coefficients
    if not table.empty:
        more = f" The largest {MOST_BARS} of {len(table)}." if len(table) > MOST_BARS else ""
        yield Drawing(
            "coefficients",
            "Selected features",
            f"A positive coefficient raises the probability of {listing(view.outcomes, 'or')}.{more}"
            if not view.several
            else f"Length of the vector of class coefficients.{more}",
            coefficient_figure(table),
        )


def draw_heatmap(view: View) -> Iterator[Drawing]:
    """Heat map of the selected features."""
    values = view.result.model.heatmap
    if values.empty:
        return
    outcome = view.outcomes[-1]
    score = view.result.performance.predictions.query("signature == @view.main and outcome == @outcome")
    patients = pd.DataFrame(view.result.cohort.patients[["set", "label"]]).loc[values.index]
    patients["score"] = score.set_index("patient_id")["score"].reindex(values.index)
    more = f" The first {MOST_FEATURES} of {values.shape[1]} features." if values.shape[1] > MOST_FEATURES else ""
    yield Drawing(
        "heatmap",
        "Selected features of all patients",
        f"One column per patient, ordered by label (colour strip) and {view.main} score (probability of {outcome})."
        " Colours end"
        f" at three standard deviations.{more}",
        heatmap_figure(values, patients, view.sets, view.result.about.classes),
    )


def draw_nomograms(view: View) -> Iterator[Drawing]:
    """One nomogram per signature that has one."""
    for index, (signature, nomogram) in enumerate(view.result.model.nomograms.items(), start=1):
        yield Drawing(
            f"nomogram_{index}",
            f"Nomogram of the {signature} signature",
            "Read the points of each value on the top scale, add them, and read the probability below the total. A"
            " drawing of"
            " the frozen model, for understanding it; not for clinical use.",
            nomogram_figure(nomogram, view.outcomes[-1]),
        )


def _confidence(view: View) -> str:
    return f"{view.result.about.config.evaluation.confidence:.0%}"
