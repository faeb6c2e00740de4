"""What each part adds, by reclassification."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sonoher2.report.content.cells import intervals
from sonoher2.report.content.parts import Chapter, Table
from sonoher2.report.content.view import View
from sonoher2.study.results import columns as c


def reclassification_parts(view: View) -> Iterator[Table]:
    """Net reclassification and integrated discrimination improvement."""
    data = view.result.performance.added_value
    if data.empty:
        return
    shown = {
        "Set": view.set_names(data),
        **view.outcome_cells(data),
        "From": data[c.OLD],
        "To": data[c.NEW],
        "Measure": data[c.MEASURE],
        **{name.capitalize(): intervals(data, name, digits=3) for name in (c.TOTAL, c.CASES, c.CONTROLS)},
    }
    caption = (
        "Secondary: judge added value by the difference in AUC and by the decision curves. NRI: net reclassification"
        " improvement at both signatures' frozen thresholds, here the gain in sensitivity (cases) plus the gain in"
        " specificity (controls); continuous NRI: any rise or fall of the probability counts; IDI: integrated"
        " discrimination improvement. All three can rise when something useless is added, more so with poorly"
        " calibrated probabilities, so no p values are given (Hilden and Gerds 2014, Kerr 2014, Pepe 2015)."
        f" {view.confidence} Wald intervals."
    )
    yield Table("added_value", "Reclassification by nested signatures", caption, data, pd.DataFrame(shown))


RECLASSIFICATION = Chapter("reclassification", "Reclassification (secondary)", reclassification_parts)
