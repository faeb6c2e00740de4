"""Where features leave the selection, and whether it would keep the same ones on other patients."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sonoher2.report.content.cells import counts, intervals, numbers, percents
from sonoher2.report.content.parts import Table
from sonoher2.report.content.view import View
from sonoher2.study.results import columns as c


def selection_stability_parts(view: View) -> Iterator[Table]:
    """Tables of the steps in each fold, of the features that are kept somewhere, and of the index."""
    robustness = view.result.robustness
    if not robustness.selection_steps.empty:
        yield _steps(robustness.selection_steps)
    if not robustness.kept_features.empty:
        yield _features(robustness.kept_features)
    if not robustness.selection_index.empty:
        yield _index(view, robustness.selection_index)


def _steps(data: pd.DataFrame) -> Table:
    order = [list(dict.fromkeys(data[name])) for name in (c.STEP, c.REPEATS)]
    wide = data.pivot(index=c.STEP, columns=c.REPEATS, values=c.FEATURES_OUT).reindex(index=order[0], columns=order[1])
    shown = pd.DataFrame({"Step": order[0], **{name.capitalize(): counts(wide[name]) for name in order[1]}})
    caption = (
        "Features that are left after each step: on all training patients, and without the patients of one outer fold."
    )
    return Table("selection_steps", "Features left after each step", caption, data, shown)


def _features(data: pd.DataFrame) -> Table:
    chosen = data[data[c.LEFT_AT].eq("") | (data[[c.IN_FOLDS, c.IN_BOOTSTRAPS]] > 0).any(axis=1)]
    shown = {
        "Feature": list(chosen[c.FEATURE]),
        "Final selection": ["kept" if step == "" else f"left: {step}" for step in chosen[c.LEFT_AT]],
        "Kept in outer folds": percents(chosen[c.IN_FOLDS]),
    }
    drawn = data[c.IN_BOOTSTRAPS].notna().any()
    if drawn:
        shown["Kept in bootstraps"] = percents(chosen[c.IN_BOOTSTRAPS])
    often = " and of the bootstraps of the training patients" if drawn else ""
    caption = (
        f"Features that are kept at least once, the steadiest first; share of the outer folds{often}. The file says of"
        f" all {len(data):,} features at which step they leave. Of features that tell the same one or another is kept:"
        " a low share does not say that it tells nothing."
    )
    table = pd.DataFrame(shown)
    return Table("kept_features", "How often each feature is kept", caption, data, table, long=len(table) > 15)


def _index(view: View, data: pd.DataFrame) -> Table:
    shown = {
        "Repeated on": data[c.REPEATS],
        "Selections": counts(data[c.RUNS]),
        "Features kept, mean": numbers(data[c.KEPT], 1),
        "Index": intervals(data, c.INDEX),
    }
    caption = (
        f"Nogueira's index (J Mach Learn Res 2018, 18(174):1-54) with its {view.confidence} interval: 1 when the same"
        " features are kept each time, about 0 when they are drawn at random. Selections on draws of the same patients"
        " are not independent, so the interval is too narrow."
    )
    return Table("selection_index", "Stability of the selection", caption, data, pd.DataFrame(shown))
