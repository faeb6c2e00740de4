"""Every model and network by itself, beside the signatures: a description, by which nothing was chosen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sonoher2.core.columns import TEST
from sonoher2.report.chapters.robustness.audits import cheap_networks
from sonoher2.report.content.cells import counts, intervals, numbers, p_values
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table, Text
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import DASH, interval, number, plural
from sonoher2.report.figures.performance.curves import Line
from sonoher2.report.figures.performance.model_comparison import auc_grid_figure, families_figure, model_looks
from sonoher2.study.analyses.performance.model_comparison import SIGNATURES, as_models
from sonoher2.study.results import columns as c
from sonoher2.study.results.outcomes import outcome_scores
from sonoher2.study.results.predictions import each_part


def comparison_parts(view: View) -> Iterator[Part]:
    """Words, table and figures of the comparison; nothing in a study without one."""
    if view.result.performance.models.empty:
        return
    yield Text(tuple(_words(view)))
    yield _table(view)
    yield from _grid(view)
    for kind, title, caption in (
        ("roc", "Receiver operating characteristic by family of models", "In brackets: AUC. Dashed diagonal: chance."),
        (
            "calibration",
            "Calibration by family of models",
            "LOESS of all patients; in brackets: Brier score. Dashed diagonal: perfect calibration.",
        ),
    ):
        for subset in view.sets:
            for outcome in view.outcomes:
                families = _families(view, subset, outcome, kind)
                if families:
                    looks = model_looks(list(dict.fromkeys(line.name for lines in families.values() for line in lines)))
                    yield Drawing(
                        "_".join(["models", kind, subset, *([outcome] if view.several else [])]),
                        f"{title}: {view.title(subset, outcome)}",
                        caption,
                        partial(families_figure, families, looks, kind),
                    )


def _words(view: View) -> Iterator[str]:
    table = view.result.performance.models
    pairs = table[[c.FAMILY, c.MODEL]].drop_duplicates()
    signatures = int((pairs[c.FAMILY] == SIGNATURES).sum())
    yield (
        f"Each of {plural(len(pairs) - signatures, 'model')} that the signatures chose among is shown as if it had been"
        f" the only one, beside the {plural(signatures, 'signature')}: {len(pairs)} in all. Settings, features and"
        " calibration were learned inside the folds, thresholds on the training patients out of fold."
    )
    yield (
        f"This is a description. Nothing was chosen by it: the main signature, {view.main}, was chosen by the training"
        " patients alone. The best of so many figures is better than it is: look at the whole table, not at its top."
    )
    yield from _by_chance(view, len(pairs))


def _by_chance(view: View, count: int) -> Iterator[str]:
    audit = view.result.audits.null
    best = pd.DataFrame() if audit is None else audit.best
    if audit is None or best.empty:
        yield (
            f"What the best of {count} would be by chance is not known yet: the command sonoher2 audit null runs the"
            " same comparison on permuted labels."
        )
        return
    # a cheap audit has fewer networks than the study
    count = len(audit.models[[c.FAMILY, c.MODEL]].drop_duplicates()) + audit.runs[c.SIGNATURE].nunique()
    tested = best[best[c.SET] == TEST]
    for (outcome,), part in each_part(tested, [c.OUTCOME]):
        null = part.loc[part[c.RUN] > 0, c.AUC]
        real = part.loc[part[c.RUN] == 0, c.AUC]
        named = f" for {outcome}" if view.several else ""
        own = f"; with the real labels it is {number(real.iloc[0])}" if len(real) else ""
        yield (
            f"By chance the best of {count} has a test AUC of {number(float(null.mean()))} on average{named} (mean of"
            f" {plural(len(null), 'run')} on permuted labels; 95% of them stay below"
            f" {number(float(null.quantile(0.95)))}){own}.{cheap_networks(view, audit)}"
        )


def _table(view: View) -> Table:
    data = view.result.performance.models
    shown = {
        "Features": data[c.FAMILY],
        "Model": data[c.MODEL],
        "Set": view.set_names(data),
        **view.outcome_cells(data),
        "n": counts(data[c.N]),
        "Events": counts(data[c.EVENTS]),
        "AUC": intervals(data, c.AUC),
        "Sensitivity": intervals(data, c.SENSITIVITY),
        "Specificity": intervals(data, c.SPECIFICITY),
        "F1": intervals(data, c.F1),
        "Brier score": numbers(data[c.BRIER], 3),
        "Calibration slope": intervals(data, c.CALIBRATION_SLOPE),
        "Calibration intercept": intervals(data, c.CALIBRATION_INTERCEPT),
        "AUC less the best": _differences(data),
        "p (Holm)": p_values(data[c.P_HOLM]),
    }
    averaged = ", averaged over the classes" if view.several else ""
    caption = (
        f"{view.confidence} intervals in brackets; training patients are scored out of fold. Sensitivity, specificity"
        " and F1 at each model's own frozen threshold. The best: the highest AUC of the training patients out of"
        f" fold{averaged}; the others are compared with it by DeLong's test, p (Holm) is corrected for all of a set and"
        " outcome."
    )
    return Table("models", "Comparison of models", caption, data, pd.DataFrame(shown).reset_index(drop=True), long=True)


def _differences(data: pd.DataFrame) -> list[str]:
    rows = zip(data[c.DIFFERENCE], data[c.LOW], data[c.HIGH], strict=True)
    return [DASH if pd.isna(row[0]) else interval(*row) for row in rows]


def _grid(view: View) -> Iterator[Drawing]:
    data = view.result.performance.models
    data = data[data[c.FAMILY].ne(SIGNATURES) & data[c.MODEL].isin(view.result.about.config.models)]
    if data.empty:
        return
    for outcome in view.outcomes:
        panels = {}
        for subset in view.sets:
            rows = data[(data[c.SET] == subset) & (data[c.OUTCOME] == outcome)]
            wide = rows.pivot(index=c.MODEL, columns=c.FAMILY, values=c.AUC)
            order = [list(dict.fromkeys(rows[name])) for name in (c.MODEL, c.FAMILY)]
            panels[view.sets[subset]] = wide.reindex(index=order[0], columns=order[1])
        yield Drawing(
            "_".join(["models_grid", *([outcome] if view.several else [])]),
            f"AUC of each model by what it sees{f': {outcome}' if view.several else ''}",
            "Rows: models, the simplest first. Columns: features. The colour begins at 0.5, which is chance.",
            partial(auc_grid_figure, panels),
        )


def _families(view: View, subset: str, outcome: str, kind: str) -> dict[str, list[Line]]:
    """Lines of each family; none where only one class occurs."""
    performance = view.result.performance
    figures = performance.models[(performance.models[c.SET] == subset) & (performance.models[c.OUTCOME] == outcome)]
    own = as_models(performance.predictions)
    scores = pd.concat([performance.model_predictions, own], ignore_index=True)
    scores = scores[(scores[c.SET] == subset) & (scores[c.OUTCOME] == outcome)]
    told = figures.set_index([c.FAMILY, c.MODEL])[c.AUC if kind == "roc" else c.BRIER]
    families: dict[str, list[Line]] = {}
    for (family, model), rows in each_part(scores, [c.FAMILY, c.MODEL]):
        y, score = outcome_scores(rows, outcome)
        if 0 < y.sum() < len(y):
            legend = f"{model} ({number(told[family, model], 2 if kind == 'roc' else 3)})"
            families.setdefault(family, []).append(Line(model, "", legend, y, score))
    return families


COMPARISON = Chapter("comparison", "Comparison of models", comparison_parts)
