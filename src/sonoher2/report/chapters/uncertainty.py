"""When the model does not know, and what each part adds by reclassification: figures and tables."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sonoher2.core.columns import TEST
from sonoher2.report.figures.external import coverage_figure, zone_figure
from sonoher2.report.page.parts import Drawing, Part, Table
from sonoher2.report.page.view import View
from sonoher2.report.page.wording import interval, percent


def uncertainty_parts(view: View) -> list[Part]:
    """Show sets of classes, and ruling out and in; nothing for a model whose bundle carries no limits."""
    if view.result.uncertainty.coverage.empty or view.result.uncertainty.zones.empty:
        return []
    return [*_coverage(view), *_zones(view)]


def reclassification_parts(view: View) -> list[Part]:
    """Net reclassification and integrated discrimination improvement."""
    data = view.result.performance.added_value
    if data.empty:
        return []
    columns = {
        "Set": data["set"].map(view.short_sets),
        **({"Outcome": data["outcome"]} if view.several else {}),
        "From": data["old"],
        "To": data["new"],
        "Measure": data["measure"],
        **{name.capitalize(): _intervals(data, name, 3) for name in ("total", "cases", "controls")},
    }
    caption = (
        "Secondary: judge added value by the difference in AUC and by the decision curves. NRI: net reclassification"
        " improvement at both signatures' frozen thresholds, here the gain in sensitivity (cases) plus the gain in"
        " specificity (controls); continuous NRI: any rise or fall of the probability counts; IDI: integrated"
        " discrimination improvement. All three can rise when something useless is added, more so with poorly"
        " calibrated probabilities, so no p values are given (Hilden and Gerds 2014, Kerr 2014, Pepe 2015)."
        f" {_level(view)} Wald intervals."
    )
    title = "Reclassification by nested signatures"
    return [Table("added_value", title, caption, data, pd.DataFrame(columns))]


def _coverage(view: View) -> Iterator[Part]:
    data = view.result.uncertainty.coverage
    asked = float(data["asked"].iloc[0])
    subset = TEST if TEST in set(data["set"]) else str(data["set"].iloc[-1])
    yield Drawing(
        "coverage",
        f"Sets of classes at {asked:.0%} coverage: {view.sets[subset].lower()}",
        f"Each patient gets the set of classes that the scores leave possible, built so that it holds the true class in"
        f" {asked:.0%} of patients of each class (class-conditional conformal prediction). Two classes in the set are"
        " the answer “don’t know”. Decided: sets of one class; right: how often these are right. The limits were"
        f" learned on out-of-fold training scores; bars are {_level(view)} intervals (Wilson) and should reach the"
        " dashed line.",
        coverage_figure(data[data["set"] == subset], asked, view.colours),
    )
    columns = {
        "Signature": data["signature"],
        "Set": data["set"].map(view.short_sets),
        "Class": data["label"],
        "n": data["n"].astype(int).astype(str),
        "Coverage": _intervals(data.rename(columns={"low": "coverage_low", "high": "coverage_high"}), "coverage", 2),
        "One class": data["single"].map(percent),
        "Several": data["several"].map(percent),
        "None": data["empty"].map(percent),
        "Right, of one class": data["right"].map(percent),
    }
    caption = "Several or none: the model does not know."
    if not view.validation:
        caption += (
            " Training rows are out of fold, on the very patients that the limits were learned on, and show only that"
            " these were set as asked."
        )
    yield Table("coverage", "Coverage and size of the sets", caption, data, pd.DataFrame(columns))


def _zones(view: View) -> Iterator[Part]:
    data, limits = view.result.uncertainty.zones, view.result.uncertainty.learned[view.main]
    for number, outcome in enumerate(view.outcomes, start=1):
        cells = [(title, *view.scores(view.main, subset, outcome)) for subset, title in view.short_sets.items()]
        yield Drawing(
            f"zones_{number}" if view.several else "zones",
            f"Ruled out, undecided, ruled in: {view.main}, {outcome}"
            if view.several
            else "Ruled out, undecided, ruled in",
            f"{view.main}: below the first threshold {outcome} is ruled out, sparing {limits.sensitivity:.0%} of the"
            f" {outcome} training patients; from the second on it is ruled in, sparing {limits.specificity:.0%} of the"
            " others; between them the model does not decide. Shares of all patients; events upwards in red, others"
            " downwards in blue.",
            zone_figure(cells, limits.rule_out[outcome], limits.rule_in[outcome], outcome),
        )
    shown = {
        "Signature": data["signature"],
        "Set": data["set"].map(view.short_sets),
        **({"Outcome": data["outcome"]} if view.several else {}),
        "Thresholds": data["rule_out"].map("{:.3f}".format) + " and " + data["rule_in"].map("{:.3f}".format),
        "Ruled out": _intervals(data, "ruled_out", 2),
        "Sensitivity": _intervals(data, "sensitivity", 2),
        "NPV": _intervals(data, "npv", 2),
        "Ruled in": _intervals(data, "ruled_in", 2),
        "Specificity": _intervals(data, "specificity", 2),
        "PPV": _intervals(data, "ppv", 2),
    }
    asked = f"sensitivity {limits.sensitivity:.0%} for ruling out, specificity {limits.specificity:.0%} for ruling in"
    caption = (
        f"Asked of the training patients: {asked}. Sensitivity: cases not ruled out. Specificity: others not ruled in."
        f" NPV and PPV hold for this cohort's share of events. {_level(view)} intervals (Wilson)."
    )
    yield Table("zones", "Decisions at stated error rates", caption, data, pd.DataFrame(shown))


def _intervals(data: pd.DataFrame, name: str, digits: int) -> list[str]:
    columns = (data[name], data[f"{name}_low"], data[f"{name}_high"])
    return [interval(*row, digits=digits) for row in zip(*columns, strict=True)]


def _level(view: View) -> str:
    return f"{view.result.about.config.evaluation.confidence:.0%}"
