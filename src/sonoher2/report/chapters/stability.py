"""The section on stability: what depends on who outlined the lesions."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sonoher2.report.figures.stability import EXCELLENT, GOOD, icc_figure, redrawn_figure
from sonoher2.report.page.parts import Drawing, Part, Table
from sonoher2.report.page.view import View
from sonoher2.report.page.wording import interval, number, percent

_CHANGES = {
    "icc": "all",
    "icc_shift": "shifted",
    "icc_grow": "larger",
    "icc_shrink": "smaller",
    "icc_contour": "contour noise",
    "icc_second_reader": "second reader",
}
_FAMILY = 1
"""Place of the family in a feature's name: ``original_glcm_Idmn``."""


def stability_parts(view: View) -> Iterator[Part]:
    """Tables and figures of the section; none for a study without it."""
    if not view.result.robustness.perturbed.empty:
        yield _draw_redrawn(view)
        yield _redrawn_table(view)
    if not view.result.robustness.feature_icc.empty:
        yield _draw_icc(view)
        yield _icc_table(view)


def outline_names(view: View) -> dict[tuple[str, float], str]:
    """Name of each outline in words, by change and strength, in order."""
    words = {"redraw": "redrawn", "grow": "larger", "shrink": "smaller"}
    keys = view.result.robustness.perturbed[["change", "strength"]].drop_duplicates().itertuples(index=False, name=None)
    return {
        (change, strength): "as given" if strength == 0 else f"{words[change]} by {100 * strength:.3g}%"
        for change, strength in keys
    }


def _draw_redrawn(view: View) -> Drawing:
    table, names = view.result.robustness.perturbed, outline_names(view)
    overlap = table.drop_duplicates(["change", "strength"]).set_index(["change", "strength"])["dice"]
    labels = {key: f"{name}\nDice {overlap[key]:.2f}" for key, name in names.items()}
    return Drawing(
        "redrawn",
        "AUC in the test set, had the lesions been outlined otherwise",
        f"The frozen model on changed outlines; bars are {_confidence(view)} intervals (DeLong), dotted the AUC of the"
        " given outlines. Redrawn: shifted, resized and with an unsteady contour at random, as another reader might"
        " draw; larger and smaller: the whole contour moved. All are shares of the lesion's diameter. Dice: mean"
        " overlap with the given outline.",
        redrawn_figure(table, labels, view.colours),
    )


def _redrawn_table(view: View) -> Table:
    data, names = view.result.robustness.perturbed, outline_names(view)
    keys = zip(data["change"], data["strength"], strict=True)
    shown = pd.DataFrame(
        {
            "Outline": [names[key] for key in keys],
            "Dice": data["dice"].map(number),
            "Signature": data["signature"],
            **({"Outcome": data["outcome"]} if view.several else {}),
            "AUC": [interval(*row) for row in zip(data["auc"], data["auc_low"], data["auc_high"], strict=True)],
            "Difference": [
                interval(value, low, high, 3)
                for value, low, high in zip(data["difference"], data["low"], data["high"], strict=True)
            ],
            "Score moves by": data["moved"].map(lambda value: number(value, 3)),
            "Change sides": data["switched"].map(percent),
        }
    )
    caption = (
        f"{_confidence(view)} intervals in brackets. Difference: AUC minus that of the given outlines (DeLong, same"
        " patients). Score moves by: mean absolute change of the probability. Change sides: patients whose score"
        " crosses the frozen threshold. Signatures that use a network's view of the lesion are not measured anew."
    )
    return Table("redrawn", "Test set under changed outlines", caption, data, shown, long=len(data) > 25)


def families(view: View) -> pd.DataFrame:
    """`feature_icc` with `family` (``ring`` apart) and `selected`."""
    table = view.result.robustness.feature_icc
    ring = table["feature"].str.startswith("ring_")
    names = table["feature"].str.removeprefix("ring_").str.split("_").str[_FAMILY]
    selected = table["feature"].isin(
        view.result.model.coefficients["feature"] if len(view.result.model.coefficients) else []
    )
    return table.assign(family=names.where(~ring, "ring: " + names), selected=selected)


def _draw_icc(view: View) -> Drawing:
    lesions = int(view.result.robustness.feature_icc["lesions"].iloc[0])
    return Drawing(
        "feature_icc",
        "Agreement of the features between outlines",
        f"ICC(2,1) between the given outline and four changed ones (shifted, larger, smaller, contour noise) of"
        f" {lesions:,} training lesions, each changed by {100 * _strength(view):.3g}% of its diameter. Line: 5th to"
        " 95th percentile of the features; box: quartiles; bar: median; dots: features that the final LASSO kept."
        f" Above {GOOD:g} agreement is called good, above {EXCELLENT:g} excellent (Koo and Li 2016, doi"
        " 10.1016/j.jcm.2016.02.012).",
        icc_figure(families(view)),
    )


def _icc_table(view: View) -> Table:
    data = families(view)
    changes = [name for name in _CHANGES if name in data]
    groups = {"all features": data, "selected features": data[data["selected"]]}
    groups |= {str(name): part for name, part in data.groupby("family")}
    rows = []
    for name, part in groups.items():
        if len(part):
            row = {"Features": name, "n": f"{len(part):,}"}
            row |= {f"Median, {_CHANGES[change]}": number(part[change].median()) for change in changes}
            row |= {f"At least {limit:g}": f"{(part['icc'] >= limit).mean():.0%}" for limit in (GOOD, EXCELLENT)}
            rows.append(row)
    caption = (
        "Median ICC(2,1) over the features of a family, for all changes together and for each alone, and the share of"
        " features that reach a limit for all changes together. The file lists every feature." + _filter_text(view)
    )
    return Table("feature_icc", "Agreement of the features between outlines", caption, data, pd.DataFrame(rows))


def _filter_text(view: View) -> str:
    if view.result.about.config.selection.icc is not None:
        return ""
    return " No feature was left out for its ICC; `selection: {icc: 0.75, icc_from: perturbation}` does that."


def _strength(view: View) -> float:
    stability = view.result.about.config.stability
    return float("nan") if stability is None else stability.strength


def _confidence(view: View) -> str:
    return f"{view.result.about.config.evaluation.confidence:.0%}"
