"""The audits: the pipeline on permuted labels, and on a simulated signal."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sonoher2.report.content.cells import intervals, numbers, p_values
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.style import signature_colours
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import DASH, listing, number, plural
from sonoher2.report.figures.robustness.audits import null_figure, planted_figure
from sonoher2.study.results import columns as c
from sonoher2.study.results.audits import NullAudit, PlantedAudit


def audit_parts(view: View) -> Iterator[Part]:
    """Figures and tables of the audits that were run."""
    audits = view.result.audits
    if audits.null is not None:
        yield _null_figure(view, audits.null)
        yield _null_table(view, audits.null)
    if audits.planted is not None:
        yield _planted_figure(view, audits.planted)
        yield _planted_table(view, audits.planted)


def cheap_networks(view: View, audit: NullAudit | PlantedAudit) -> str:
    """Say of an audit that it ran with another network than the study; nothing where it did not."""
    if not audit.settings.get("cheap") or view.result.about.config.deep is None:
        return ""
    where = ", for the real labels too" if isinstance(audit, NullAudit) else ""
    return f" Networks were replaced by a small frozen one{where}."


def _null_figure(view: View, audit: NullAudit) -> Drawing:
    count = int(audit.summary[c.RUNS].max())
    runs = plural(count, "run")
    return Drawing(
        "null",
        "Null audit: the whole pipeline on permuted labels",
        f"Dots: AUC of {runs} of the whole pipeline, each with labels permuted among the patients of each set, the"
        " split kept. Black bar: their mean with its 95% interval; without leakage the test mean is 0.5 within its"
        " error. Diamond: the real labels. p: share of permutations that reach it, (1 + reached) / (1 + runs)"
        f" (Phipson and Smyth 2010); with {runs} it cannot be below {1 / (count + 1):.3f}."
        f"{cheap_networks(view, audit)}",
        partial(null_figure, audit, view.sets, view.colours),
    )


def _null_table(view: View, audit: NullAudit) -> Table:
    data = audit.summary
    shown = {
        "Signature": data[c.SIGNATURE],
        "Set": view.set_names(data),
        **view.outcome_cells(data),
        "AUC, real labels": numbers(data[c.REAL], 3),
        "AUC, permuted labels": intervals(data, c.MEAN, digits=3),
        "Standard error": numbers(data[c.SE], 3),
        "p": p_values(data[c.P]),
    }
    caption = (
        "Permuted labels: mean over the runs, with its 95% interval. Out of fold it may lie a little below 0.5, since"
        " a fold's patients are what the training patients lack (Parker 2007); the real AUC is compared with that."
    )
    return Table("null", "Null audit", caption, data, pd.DataFrame(shown))


def _planted_figure(view: View, audit: PlantedAudit) -> Drawing:
    parts = [f"{name} {weight:g}" for name, weight in audit.settings.get("mixture", {}).items()]
    signatures = tuple(audit.summary[c.SIGNATURE].drop_duplicates())
    runs = plural(int(audit.summary[c.RUNS].max()), "run")
    return Drawing(
        "planted",
        "Planted-truth audit: how much of a known signal is found",
        "Images and measurements are real, labels were drawn from a logistic model on them (mixture:"
        f" {listing(parts)}; standard deviation of the log-odds {audit.settings.get('strength', 0):g}). 1 is the AUC of"
        f" the true probabilities, 0 is chance. Mean of {runs} ± its standard error;"
        f" filled: test set, hollow: training, out of fold.{cheap_networks(view, audit)}",
        partial(planted_figure, audit.summary, view.sets, signature_colours(signatures)),
    )


def _planted_table(view: View, audit: PlantedAudit) -> Table:
    data = audit.summary
    shown = {
        "Signature": data[c.SIGNATURE],
        "Set": view.set_names(data),
        "AUC": _with_error(data, c.AUC),
        "Best possible": numbers(data[c.BEST], 3),
        "Share found": _with_error(data, c.SHARE, 2),
        "Gain over the best part": _with_error(data, c.GAIN),
    }
    caption = (
        "Mean over the runs ± its standard error. Gain: AUC less that of the best of the Clinical, Radiomics and Deep"
        " signatures of the same run, picked afterwards, which flatters that one and understates the gain."
    )
    return Table("planted", "Planted-truth audit", caption, data, pd.DataFrame(shown))


def _with_error(data: pd.DataFrame, name: str, digits: int = 3) -> list[str]:
    rows = zip(data[name], data[c.error(name)], strict=True)
    return [DASH if pd.isna(value) else f"{number(value, digits)} ± {number(error, digits)}" for value, error in rows]


AUDITS = Chapter("audits", "Audits", audit_parts)
