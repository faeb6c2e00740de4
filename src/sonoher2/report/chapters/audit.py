"""The audits in the report: the pipeline on permuted labels and on planted ones."""

from __future__ import annotations

import pandas as pd

from sonoher2.report.figures.audit import null_figure, planted_figure
from sonoher2.report.figures.style import signature_colours
from sonoher2.report.page.parts import Drawing, Part, Table
from sonoher2.report.page.view import View
from sonoher2.report.page.wording import DASH, interval, listing, number, p_value
from sonoher2.study.audits import NullAudit, PlantedAudit


def audit_parts(view: View) -> list[Part]:
    """Figures and tables of the audits that were run."""
    audits = view.result.audits
    parts: list[Part] = []
    if audits.null is not None:
        parts += [draw_null(view, audits.null), null_table(view, audits.null)]
    if audits.planted is not None:
        parts += [draw_planted(view, audits.planted), planted_table(view, audits.planted)]
    return parts


def draw_null(view: View, audit: NullAudit) -> Drawing:
    """Null distributions beside the real AUC."""
    runs = int(audit.summary["runs"].max())
    cheap = (
        " Networks were replaced by a small frozen one, for the real labels too."
        if audit.settings.get("cheap") and audit.settings.get("network")
        else ""
    )
    return Drawing(
        "null",
        "Null audit: the whole pipeline on permuted labels",
        f"Dots: AUC of {runs} runs of the whole pipeline, each with labels permuted among the patients of each set, the"
        " split kept. Black bar: their mean with its 95% interval; without leakage the test mean is 0.5 within its"
        " error. Diamond: the real labels. p: share of permutations that reach it, (1 + reached) / (1 + runs)"
        f" (Phipson and Smyth 2010); with {runs} runs it cannot be below {1 / (runs + 1):.3f}.{cheap}",
        null_figure(audit, view.sets, view.colours),
    )


def null_table(view: View, audit: NullAudit) -> Table:
    """Real AUC, mean of the permuted labels and p value."""
    data = audit.summary
    shown = pd.DataFrame(
        {
            "Signature": data["signature"],
            "Set": data["set"].map(view.short_sets),
            **({"Outcome": data["outcome"]} if view.several else {}),
            "AUC, real labels": data["real"].map(lambda value: number(value, 3)),
            "AUC, permuted labels": [
                interval(mean, low, high, 3)
                for mean, low, high in data[["mean", "mean_low", "mean_high"]].itertuples(index=False, name=None)
            ],
            "Standard error": data["se"].map(lambda value: number(value, 3)),
            "p": data["p"].map(p_value),
        }
    )
    caption = (
        "Permuted labels: mean over the runs, with its 95% interval. Out of fold it may lie a little below 0.5, since"
        " a fold's patients are what the training patients lack (Parker 2007); the real AUC is compared with that."
    )
    return Table("null", "Null audit", caption, data, shown)


def draw_planted(view: View, audit: PlantedAudit) -> Drawing:
    """Share of the planted signal that each signature finds."""
    parts = [f"{name} {weight:g}" for name, weight in audit.settings.get("mixture", {}).items()]
    signatures = tuple(audit.summary["signature"].drop_duplicates())
    return Drawing(
        "planted",
        "Planted-truth audit: how much of a known signal is found",
        "Images and measurements are real, labels were drawn from a logistic model on them (mixture:"
        f" {listing(parts)}; standard deviation of the log-odds {audit.settings.get('strength', 0):g}). 1 is the AUC of"
        f" the true probabilities, 0 is chance. Mean of {int(audit.summary['runs'].max())} runs ± its standard error;"
        " filled: test set, hollow: training, out of fold.",
        planted_figure(audit.summary, view.sets, signature_colours(signatures)),
    )


def planted_table(view: View, audit: PlantedAudit) -> Table:
    """AUC, best possible AUC, share found and gain of fusion."""
    data = audit.summary
    shown = pd.DataFrame(
        {
            "Signature": data["signature"],
            "Set": data["set"].map(view.short_sets),
            "AUC": _with_error(data, "auc"),
            "Best possible": data["best"].map(lambda value: number(value, 3)),
            "Share found": _with_error(data, "share", 2),
            "Gain over the best part": _with_error(data, "gain"),
        }
    )
    caption = (
        "Mean over the runs ± its standard error. Gain: AUC less that of the best of the Clinical, Radiomics and Deep"
        " signatures of the same run, picked afterwards, which flatters that one and understates the gain."
    )
    return Table("planted", "Planted-truth audit", caption, data, shown)


def _with_error(data: pd.DataFrame, name: str, digits: int = 3) -> list[str]:
    rows = data[[name, f"{name}_se"]].itertuples(index=False, name=None)
    return [DASH if pd.isna(value) else f"{number(value, digits)} ± {number(error, digits)}" for value, error in rows]
