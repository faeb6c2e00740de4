"""Metrics of the signature table, as text."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sonoher2.report.content.cells import counts, intervals, title_of
from sonoher2.report.content.view import View
from sonoher2.study.results import columns as c

_AT_THRESHOLD = (c.ACCURACY, c.BALANCED_ACCURACY, c.SENSITIVITY, c.SPECIFICITY, c.PPV, c.NPV, c.F1, c.MCC)
_KEYS = (c.SIGNATURE, c.SET, c.OUTCOME, c.N, c.EVENTS, c.THRESHOLD)


def overall_metrics(data: pd.DataFrame) -> list[str]:
    """Names of the metrics that need no threshold."""
    return [name for name in _metrics(data) if name not in _AT_THRESHOLD]


def threshold_metrics(data: pd.DataFrame) -> list[str]:
    """Names of the metrics at the frozen threshold."""
    return [name for name in _metrics(data) if name in _AT_THRESHOLD]


def _metrics(data: pd.DataFrame) -> list[str]:
    """Name what is neither a key nor a bound of an interval."""
    return [str(name) for name in data.columns if name not in _KEYS and not name.endswith(("_low", "_high"))]


def metric_cells(view: View, data: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Signature, set, counts and metrics of each row, as text.

    Parameters
    ----------
    view
        The result.
    data
        Rows of the signature table.
    metrics
        Their columns.
    """
    shown = {
        "Signature": data[c.SIGNATURE],
        "Set": view.set_names(data),
        **view.outcome_cells(data),
        "n": counts(data[c.N]),
        # the mean over classes has no count of events
        "Events": counts(data[c.EVENTS]),
        **{title_of(name): intervals(data, name) for name in metrics},
    }
    return pd.DataFrame(shown).reset_index(drop=True)
