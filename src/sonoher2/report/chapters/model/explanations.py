"""Heat maps and their checks, SHAP values, nomogram points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import pandas as pd

from sonoher2.core.natural import natural_keys
from sonoher2.report.content.cells import numbers
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import interval, number
from sonoher2.report.figures.model.effects import MOST_ROWS, swarm_figure
from sonoher2.report.figures.model.heat_maps import case_figure, shares_figure, trust_figure
from sonoher2.signatures.registry import RADIOMICS_SIGNATURE
from sonoher2.study.explain.heat_maps import share_summary
from sonoher2.study.results import columns as c
from sonoher2.study.results.explanations import Attribution, HeatFindings

_STACKED = (
    " Clinical columns and signatures of the image are the parts; the signatures' log-odds are linear in them, so that"
    " these are their Shapley values."
)


def explanation_parts(view: View) -> Iterator[Part]:
    """All parts of the chapter; none where nothing was explained."""
    found = view.result.explanations
    if found is None:
        return
    if found.heat is not None:
        yield from _heat(view, found.heat)
    yield from _swarms(view, found.attributions)
    if not found.points.empty:
        yield _points(view, found.points)


def _heat(view: View, heat: HeatFindings) -> Iterator[Part]:
    if heat.cases:
        called = "the class with the highest score" if view.several else "a class by its frozen threshold"
        yield Drawing(
            "heat_cases",
            "What the network looks at",
            f"Test patients of whom the Deep signature was surest, rightly and wrongly; it calls {called}. Left:"
            " what the network saw, with the outline of the lesion; right: where it speaks for the predicted"
            " class (Grad-CAM, the gradient of the Deep signature's log-odds taken back through its model to the"
            f" network's maps; for a vision transformer attention relevance). Score: {_score_of(view)}.",
            partial(case_figure, heat.cases),
        )
    yield from _heat_shares(view, heat.shares)
    yield Drawing(
        "heat_trust",
        "Whether the heat maps can be believed",
        f"{heat.deletion[c.PATIENT_ID].nunique()} test patients, spread over the range of scores. Left: log-odds of the"
        " predicted class as the picture is blurred away, mean ± 1 standard error; a useful map falls faster than"
        " chance (Petsiuk 2018). Right: likeness to the true map as the model's weights are replaced by noise from the"
        " classifier down; a map that stayed alike would show edges, not reasons (Adebayo 2018).",
        partial(trust_figure, heat.deletion, heat.randomised),
    )


def _heat_shares(view: View, shares: pd.DataFrame) -> Iterator[Part]:
    """Where the heat lies, of the patients who have some; nothing where nobody has."""
    warm = int(shares[c.LESION].notna().sum())
    if not warm:
        return
    config, whom = view.result.about.config, f"All {warm:,} test patients"
    if warm < len(shares):
        whom = f"{warm:,} of {len(shares):,} test patients; in the others nothing speaks for the predicted class"
    summary = share_summary(shares, config.evaluation.confidence, config.seed)
    yield Drawing(
        "heat_shares",
        "Where the heat lies",
        f"{whom}; bars are {view.confidence} bootstrap intervals of the mean. The ring"
        " is 20% of the lesion's diameter wide. A share of the heat above the share of the area says that the network"
        " prefers the region; a network that pools inside and around the lesion does so in part by its build.",
        partial(shares_figure, summary),
    )
    yield _share_table(view, summary)


def _score_of(view: View) -> str:
    return "Deep probability of the predicted class" if view.several else f"probability of {view.outcomes[-1]}"


def _share_table(view: View, summary: pd.DataFrame) -> Table:
    shown = {
        "Region": summary[c.REGION],
        "Share of heat": [
            f"{number(value, 1)}% ({number(low, 1)}–{number(high, 1)})"
            for value, low, high in _percent(summary, c.HEAT)
        ],
        "Share of area": [f"{number(100 * value, 1)}%" for value in summary[c.AREA]],
        "Difference, percentage points": [interval(*row, digits=1) for row in _percent(summary, c.DIFFERENCE)],
    }
    caption = f"Means over patients, {view.confidence} bootstrap intervals in brackets."
    return Table("heat_shares", "Where the heat lies", caption, summary, pd.DataFrame(shown))


def _percent(table: pd.DataFrame, name: str) -> list[tuple[float, float, float]]:
    columns = [100 * table[f"{name}{end}"] for end in ("", "_low", "_high")]
    return list(zip(*columns, strict=True))


def _swarms(view: View, attributions: Mapping[str, Attribution]) -> Iterator[Drawing]:
    outcome = view.result.about.classes[-1]
    for place, (name, found) in enumerate(attributions.items(), start=1):
        how = " SHAP values by sampled permutations." if name == RADIOMICS_SIGNATURE else _STACKED
        rest = f" The first {MOST_ROWS} of {found.effects.shape[1]}." if found.effects.shape[1] > MOST_ROWS else ""
        yield Drawing(
            f"effects_{place}",
            f"What adds to the {name} signature",
            f"One dot per test patient: what a part adds to the log-odds of {outcome}, against the mean training"
            f" patient.{how}{rest}"
            " Colour: the patient's own value; grey where it has no order.",
            partial(swarm_figure, found.effects, found.values, outcome),
        )


def _points(view: View, points: pd.DataFrame) -> Table:
    """Points of the main signature on the page, of all of them in the file."""
    names = list(points[c.SIGNATURE].drop_duplicates())
    name = view.main if view.main in names else names[-1]
    rows = points[points[c.SIGNATURE] == name]
    wide = rows.pivot(index=[c.PATIENT_ID, c.LABEL], columns=c.VARIABLE, values=c.POINTS)
    wide = wide.loc[sorted(wide.index, key=natural_keys), list(rows[c.VARIABLE].drop_duplicates())]
    keys = wide.index.to_frame(index=False)
    shown = pd.DataFrame({"Patient": keys[c.PATIENT_ID], "Label": keys[c.LABEL]})
    for variable in wide:
        shown["Total" if variable == c.TOTAL else str(variable)] = numbers(wide[variable], 1)
    caption = (
        f"Test patients on the nomogram of {name}; the file holds all nomograms. What is missing counts as the model"
        " counts it."
    )
    return Table("nomogram_points", "Nomogram points of each patient", caption, points, shown, long=True)


EXPLANATIONS = Chapter("explanations", "Explanations", explanation_parts)
