"""What harmonising the sites changed: two tables of the chapter on sites."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sonoher2.report.content.cells import counts, intervals, percents
from sonoher2.report.content.parts import Table
from sonoher2.report.content.view import View
from sonoher2.study.results import columns as c


def harmonisation_parts(view: View) -> Iterator[Table]:
    """Effect on the features and on the results; none for a study that harmonised nothing."""
    if view.result.robustness.harmonised.empty:
        return
    yield _features(view)
    yield _results(view)


def _features(view: View) -> Table:
    reference = view.result.about.config.harmonise.reference if view.result.about.config.harmonise else ""
    data = view.result.robustness.site_effects
    shown = {
        "Set": view.set_names(data),
        "Features": ["harmonised" if done else "as measured" for done in data[c.HARMONISED]],
        "Patients": counts(data[c.PATIENTS]),
        "Sites": counts(data[c.SITES]),
        "Variance between sites": data[c.EXPLAINED].map("{:.1%}".format),
        "Features that differ": percents(data[c.DIFFERING]),
    }
    return Table(
        "harmonisation_features",
        "What harmonisation does to the radiomic features",
        f"ComBat towards {reference}, learned on the training patients. Variance between sites: its share in a"
        " feature's variance, median of all features. Features that differ: p < 0.05 (F test); 5 % by chance. A"
        " difference in the share of cases between sites is part of both.",
        data,
        pd.DataFrame(shown),
    )


def _results(view: View) -> Table:
    data = view.result.robustness.harmonised
    shown = {
        "Signature": data[c.SIGNATURE],
        "Set": view.set_names(data),
        **view.outcome_cells(data),
        "AUC, harmonised": intervals(data, c.AUC),
        "Difference": intervals(data, c.DIFFERENCE, c.LOW, c.HIGH, 3),
        "Change sides": percents(data[c.SWITCHED]),
    }
    return Table(
        "harmonisation",
        "What harmonisation does to the results",
        f"{view.confidence} intervals in brackets. Difference: AUC with harmonised features minus that of the same"
        " study without, everything learned anew (DeLong, same patients). Change sides: patients on another side of the"
        " threshold, each score at that of its own study. Choose by the training patients: the test set is there to"
        " report, not to choose.",
        data,
        pd.DataFrame(shown),
    )
