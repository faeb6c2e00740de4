"""What depends on who outlined the lesions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import pandas as pd

from sonoher2.report.content.cells import intervals, numbers, percents
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.style import EXCELLENT, GOOD
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import number, plural
from sonoher2.report.figures.robustness.stability import icc_figure, redrawn_figure
from sonoher2.study.results import columns as c

_CHANGES = {
    c.ICC: "all",
    "icc_shift": "shifted",
    "icc_grow": "larger",
    "icc_shrink": "smaller",
    "icc_contour": "contour noise",
    c.ICC_SECOND_READER: "second reader",
}
_WORDS = {"redraw": "redrawn", "grow": "larger", "shrink": "smaller"}
_FAMILY = 1
"""Place of the family in a feature's name: ``original_glcm_Idmn``."""
_AGREEMENT = "Agreement of the features between outlines"

OutlineNames = Mapping[tuple[str, float], str]


def stability_parts(view: View) -> Iterator[Part]:
    """Results and features under changed outlines; none for a study without them."""
    if not view.result.robustness.perturbed.empty:
        names = outline_names(view.result.robustness.perturbed)
        yield _redrawn_figure(view, names)
        yield _redrawn_table(view, names)
    if not view.result.robustness.feature_icc.empty:
        data = with_families(view)
        yield _icc_figure(view, data)
        yield _icc_table(view, data)


def outline_names(data: pd.DataFrame) -> OutlineNames:
    """Name of each outline in words, by change and strength, in order."""
    keys = data[[c.CHANGE, c.STRENGTH]].drop_duplicates().itertuples(index=False, name=None)
    return {
        (change, strength): "unchanged" if strength == 0 else f"{_WORDS[change]} by {100 * strength:.3g}%"
        for change, strength in keys
    }


def _redrawn_figure(view: View, names: OutlineNames) -> Drawing:
    table = view.result.robustness.perturbed
    overlap = table.drop_duplicates([c.CHANGE, c.STRENGTH]).set_index([c.CHANGE, c.STRENGTH])[c.DICE]
    labels = {key: f"{name}\nDice {overlap[key]:.2f}" for key, name in names.items()}
    return Drawing(
        "redrawn",
        "AUC in the test set, had the lesions been outlined otherwise",
        f"The frozen model on changed outlines; bars are {view.confidence} intervals (DeLong), dotted the AUC of the"
        " unchanged outlines. Redrawn: shifted, resized and with an unsteady contour at random, as another reader might"
        " draw; larger and smaller: the whole contour moved. All are shares of the lesion's diameter. Dice: mean"
        " overlap with the unchanged outline.",
        partial(redrawn_figure, table, labels, view.colours),
    )


def _redrawn_table(view: View, names: OutlineNames) -> Table:
    data = view.result.robustness.perturbed
    shown = {
        "Outline": [names[key] for key in zip(data[c.CHANGE], data[c.STRENGTH], strict=True)],
        "Dice": numbers(data[c.DICE]),
        "Signature": data[c.SIGNATURE],
        **view.outcome_cells(data),
        "AUC": intervals(data, c.AUC),
        "Difference": intervals(data, c.DIFFERENCE, c.LOW, c.HIGH, 3),
        "Score moves by": numbers(data[c.MOVED], 3),
        "Change sides": percents(data[c.SWITCHED]),
    }
    caption = (
        f"{view.confidence} intervals in brackets. Difference: AUC minus that of the unchanged outlines (DeLong, same"
        " patients). Score moves by: mean absolute change of the probability. Change sides: patients whose score"
        " crosses the frozen threshold. Signatures that use a network's view of the lesion are not measured anew."
    )
    title = "Test set under changed outlines"
    return Table("redrawn", title, caption, data, pd.DataFrame(shown), long=len(data) > 25)


def with_families(view: View) -> pd.DataFrame:
    """ICC of the features with `family` (``ring`` apart) and `selected`."""
    table = view.result.robustness.feature_icc
    ring = table[c.FEATURE].str.startswith("ring_")
    names = table[c.FEATURE].str.removeprefix("ring_").str.split("_").str[_FAMILY]
    coefficients = view.result.model.coefficients
    selected = table[c.FEATURE].isin(coefficients[c.FEATURE] if len(coefficients) else [])
    return table.assign(**{c.FAMILY: names.where(~ring, "ring: " + names)}).assign(**{c.SELECTED: selected})


def _icc_figure(view: View, data: pd.DataFrame) -> Drawing:
    stability = view.result.about.config.stability
    strength = float("nan") if stability is None else stability.strength
    lesions = plural(int(data[c.LESIONS].iloc[0]), "image")
    return Drawing(
        "feature_icc",
        _AGREEMENT,
        f"ICC(2,1) between the outline and four changed ones (shifted, larger, smaller, contour noise) of"
        f" {lesions} of training patients, each changed by {100 * strength:.3g}% of the lesion's diameter."
        " Line: 5th to 95th percentile of the features; box: quartiles; bar: median; dots: features that the final"
        f" LASSO kept. Above {GOOD:g} agreement is called good, above {EXCELLENT:g} excellent (Koo and Li 2016, doi"
        " 10.1016/j.jcm.2016.02.012).",
        partial(icc_figure, data),
    )


def _icc_table(view: View, data: pd.DataFrame) -> Table:
    changes = [name for name in _CHANGES if name in data]
    groups = {"all features": data, "selected features": data[data[c.SELECTED]]}
    groups |= {str(name): part for name, part in data.groupby(c.FAMILY)}
    rows = []
    for name, part in groups.items():
        if len(part):
            row = {"Features": name, "n": f"{len(part):,}"}
            row |= {f"Median, {_CHANGES[change]}": number(part[change].median()) for change in changes}
            row |= {f"At least {limit:g}": f"{(part[c.ICC] >= limit).mean():.0%}" for limit in (GOOD, EXCELLENT)}
            rows.append(row)
    caption = (
        "Median ICC(2,1) over the features of a family, for all changes together and for each alone, and the share of"
        " features that reach a limit for all changes together. The file lists every feature."
    )
    if view.result.about.config.selection.icc is None:
        caption += " No feature was left out for its ICC; `selection: {icc: 0.75, icc_from: perturbation}` does that."
    return Table("feature_icc", _AGREEMENT, caption, data, pd.DataFrame(rows))


STABILITY = Chapter("stability", "Stability", stability_parts)
