"""Curves of the signatures, panel by panel: what several chapters share."""

from __future__ import annotations

from sonoher2.report.content.view import View
from sonoher2.report.content.wording import estimate
from sonoher2.report.figures.performance.curves import Line


def curve_panels(view: View, metric: str) -> dict[str, list[Line]]:
    """Lines of each outcome and set, by the title of their panel; panels without a line are left out.

    Parameters
    ----------
    view
        The result.
    metric
        Told in the legend.
    """
    return {
        view.title(subset, outcome): lines
        for outcome in view.outcomes
        for subset in view.sets
        if (lines := curve_lines(view, subset, outcome, metric))
    }


def curve_lines(view: View, subset: str, outcome: str, metric: str) -> list[Line]:
    """One line per signature; none where only one class occurs, which has no curve."""
    lines = []
    for signature in view.signatures:
        y, score = view.scores(signature, subset, outcome)
        if 0 < y.sum() < len(y):
            row = view.metrics(signature, subset, outcome) or {}
            legend = f"{signature} {estimate(row, metric)}" if metric in row else signature
            lines.append(Line(signature, view.colours[signature], legend, y, score))
    return lines
