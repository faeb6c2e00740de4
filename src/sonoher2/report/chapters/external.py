"""Another cohort: each site, how the patients differ from those trained on, and updated probabilities."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sonoher2.core.columns import TEST
from sonoher2.report.figures.calibration import calibration_figure
from sonoher2.report.figures.curves import Line
from sonoher2.report.figures.external import MOST_COLUMNS, shift_figure, site_figure
from sonoher2.report.figures.style import BLUE, GREEN, VERMILLION
from sonoher2.report.page.parts import Drawing, Part, Table, Text
from sonoher2.report.page.view import View
from sonoher2.report.page.wording import interval, number, p_value, percent, plural
from sonoher2.signatures.feature_table import CLINICAL
from sonoher2.study.analyses.shift import IMAGE_FIGURES
from sonoher2.study.analyses.sites import FURTHER, POOLED
from sonoher2.study.analyses.updating import FROZEN, UPDATES
from sonoher2.study.outcomes import outcome_scores

_SEVERAL_SITES = {POOLED: "Pooled", FURTHER: "Expected at a further site"}


def site_parts(view: View) -> list[Part]:
    """AUC by site, and what harmonising the sites changed; nothing for a cohort of one site."""
    data = view.result.performance.sites
    by_site = [] if data.empty else [*_site_figures(view), _site_table(view)]
    return [*by_site, *_harmonisation(view)]


def _harmonisation(view: View) -> Iterator[Part]:
    if view.result.robustness.harmonised.empty:
        return
    reference = view.result.about.config.harmonise.reference if view.result.about.config.harmonise else ""
    data = view.result.robustness.site_effects
    shown = {
        "Set": data["set"].map(view.short_sets),
        "Features": ["harmonised" if done else "as measured" for done in data["harmonised"]],
        "Patients": data["patients"].map("{:,}".format),
        "Sites": data["sites"].astype(str),
        "Variance between sites": data["explained"].map("{:.1%}".format),
        "Features that differ": data["differing"].map(percent),
    }
    yield Table(
        "harmonisation_features",
        "What harmonisation does to the radiomic features",
        f"ComBat towards {reference}, learned on the training patients. Variance between sites: its share in a"
        " feature's variance, median of all features. Features that differ: p < 0.05 (F test); 5 % by chance. A"
        " difference in the share of cases between sites is part of both.",
        data,
        pd.DataFrame(shown),
    )
    data = view.result.robustness.harmonised
    shown = {
        "Signature": data["signature"],
        "Set": data["set"].map(view.short_sets),
        **({"Outcome": data["outcome"]} if view.several else {}),
        "AUC, harmonised": _intervals(data, "auc"),
        "Difference": [interval(*row, 3) for row in zip(data["difference"], data["low"], data["high"], strict=True)],
        "Change sides": data["switched"].map(percent),
    }
    yield Table(
        "harmonisation",
        "What harmonisation does to the results",
        f"{_level(view)} intervals in brackets. Difference: AUC with harmonised features minus that of the same study"
        " without, everything learned anew (DeLong, same patients). Change sides: patients whose score crosses the"
        " threshold. Choose by the training patients: the test set is there to report, not to choose.",
        data,
        pd.DataFrame(shown),
    )


def _site_figures(view: View) -> Iterator[Part]:
    left_out = view.result.about.config.validation.by == "site"
    for subset in view.sets:
        for index, outcome in enumerate(view.outcomes, start=1):
            rows = view.result.performance.sites.query("`set` == @subset and outcome == @outcome")
            if rows.empty or rows["auc"].isna().all():
                continue
            how = " Each training site was left out in turn." if left_out and subset != TEST else ""
            yield Drawing(
                f"sites_{subset}_{index}" if view.several else f"sites_{subset}",
                f"AUC by site: {view.title(subset, outcome)}",
                f"Bars are {_level(view)} intervals (DeLong). Diamond: random-effects mean on the logit scale"
                " (DerSimonian-Laird, interval of Hartung and Knapp). Pale bar: where the AUC of a further site is"
                f" expected; needs three sites.{how}",
                site_figure(rows, view.colours),
            )


def _site_table(view: View) -> Table:
    data = view.result.performance.sites
    shown = {
        "Signature": data["signature"],
        "Set": data["set"].map(view.short_sets),
        **({"Outcome": data["outcome"]} if view.several else {}),
        "Site": data["site"].replace(_SEVERAL_SITES),
        "n": data["n"].astype(str),
        "Events": data["events"].astype(str),
        "AUC": _intervals(data, "auc"),
        "I²": ["" if pd.isna(i2) else f"{i2:.0%}" for i2 in data.get("i2", pd.Series(index=data.index))],
    }
    caption = (
        f"{_level(view)} intervals in brackets; for a further site the prediction interval. I²: share of the variation"
        " that lies between sites. A site with fewer than five events or others shows its counts only."
    )
    return Table("sites", "AUC by site", caption, data, pd.DataFrame(shown))


def shift_parts(view: View) -> list[Part]:
    """How the cohort differs from the training patients; nothing without a summary of these."""
    data = view.result.external.shift
    if data.empty:
        return []
    named = data.assign(column=data["column"].replace(IMAGE_FIGURES))
    parts: list[Part] = []
    if data["difference"].notna().any():
        many = (
            f" At most {MOST_COLUMNS} of each kind are drawn."
            if data["part"].value_counts().max() > MOST_COLUMNS
            else ""
        )
        parts.append(
            Drawing(
                "shift",
                "How the cohort differs from the training patients",
                "Standardised mean difference of each selected feature, clinical column and figure of the images;"
                " categories have no sign. Grey band: less than 0.1, commonly called balanced. A model is asked most"
                f" where the difference is largest.{many}",
                shift_figure(named),
            )
        )
    shown = {
        "Part": named["part"].str.capitalize(),
        "Column": named["column"],
        "Training": named["training"],
        "This cohort": named["new"],
        "Missing, training": named["missing_training"].map(percent),
        "Missing, here": named["missing_new"].map(percent),
        "SMD": named["difference"].map(number),
        "KS": named["distance"].map(number),
    }
    caption = (
        "Mean ± standard deviation, or the commonest level. SMD: standardised mean difference (Austin 2009; categories:"
        " Yang and Dalton 2012). KS: Kolmogorov-Smirnov distance, 0 to 1. The bundle carries the training patients'"
        " means, deviations and quantiles, no patient."
    )
    table = Table("shift", "Shift, column by column", caption, data, pd.DataFrame(shown), long=len(data) > 25)
    return [*parts, table, *_domain(view)]


def _domain(view: View) -> Iterator[Part]:
    data = view.result.external.domain
    if data.empty:
        return
    shown = {
        "Columns of": data["space"].replace({CLINICAL: "clinical data"}),
        "Training": data["training"].astype(str),
        "This cohort": data["new"].astype(str),
        "Columns": data["columns"].astype(str),
        "AUC": _intervals(data, "auc"),
        "p": data["p"].map(p_value),
    }
    caption = (
        "A classifier is asked where each patient comes from, cross-validated, with what each signature's model sees:"
        " AUC 0.5, both cohorts alike; 1, each patient gives the cohort away (Lopez-Paz and Oquab 2017)."
        f" {_level(view)} intervals (DeLong); p by permutation."
    )
    yield Table("domain", "Can the cohorts be told apart?", caption, data, pd.DataFrame(shown))


def updating_parts(view: View) -> list[Part]:
    """Probabilities recalibrated on a share of the cohort, beside the frozen ones, for the other patients."""
    updated = view.result.external.updated
    if updated is None:
        return []
    counts = ", ".join(f"{count} {name}" for name, count in updated.events.items())
    words = (
        f"Updating, not validation: intercept and slope were learned on {plural(updated.learned_on, 'patient')} of this"
        f" cohort ({updated.share:.0%}, drawn within each class: {counts}). Everything in this chapter, frozen or"
        " updated, is of the other patients that no update was learned on; all other chapters are of the frozen model"
        " in all patients. An update changes no ranking, hence no AUC."
    )
    return [Text((words,)), *_updating_figures(view), _updating_table(view)]


def _updating_figures(view: View) -> Iterator[Part]:
    updated = view.result.external.updated
    if updated is None:
        return
    colours = dict(zip((FROZEN, *UPDATES), (VERMILLION, BLUE, GREEN), strict=True))
    rows = []
    for outcome in view.outcomes:
        chosen = updated.predictions.query("signature == @view.main and outcome == @outcome")
        figures = updated.figures.query("signature == @view.main and outcome == @outcome").set_index("update")
        lines = []
        for update, colour in colours.items():
            y, score = outcome_scores(chosen[chosen["update"] == update], outcome)
            row = figures.loc[update].to_dict()
            legend = (
                f"slope {number(row['slope'])}\nintercept {number(row['intercept'])}\nBrier {number(row['brier'], 3)}"
            )
            lines.append(Line(update, colour, legend, y, score))
        rows.append((outcome if view.several else "", lines))
    yield Drawing(
        "updating",
        f"Calibration before and after updating: {view.main}",
        "The same patients in every panel, none of whom the update was learned on. Dots: groups by predicted"
        f" probability with {_level(view)} intervals (Wilson); line: LOESS; dashed: perfect calibration.",
        calibration_figure(rows, view.result.about.config.evaluation.confidence),
    )


def _updating_table(view: View) -> Table:
    updated = view.result.external.updated
    data = pd.DataFrame() if updated is None else updated.figures
    shown = {
        "Signature": data["signature"],
        **({"Outcome": data["outcome"]} if view.several else {}),
        "Probabilities": data["update"],
        "a": data["a"].map(number),
        "b": data["b"].map(number),
        "n": data["n"].astype(str),
        "Events": data["events"].astype(str),
        "AUC": _intervals(data, "auc"),
        "Calibration slope": _intervals(data, "slope"),
        "Calibration intercept": _intervals(data, "intercept"),
        "Expected/observed": data["expected"].map(number),
        "Brier score": data["brier"].map(lambda value: number(value, 3)),
    }
    caption = (
        "New log-odds = a + b × old log-odds (Cox 1958, Steyerberg 2004). Perfect: slope 1, intercept 0,"
        f" expected/observed 1. {_level(view)} intervals in brackets."
    )
    return Table("updating", "Before and after updating", caption, data, pd.DataFrame(shown))


def _intervals(data: pd.DataFrame, name: str) -> list[str]:
    return [interval(*row) for row in zip(data[name], data[f"{name}_low"], data[f"{name}_high"], strict=True)]


def _level(view: View) -> str:
    return f"{view.result.about.config.evaluation.confidence:.0%}"
