"""The METRICS score: what the run secures, and what it could still become."""

from __future__ import annotations

from dataclasses import dataclass

from sonoher2.report.checklists.fill import Filled, Status


@dataclass(frozen=True)
class MetricsScore:
    """Score of METRICS in percent.

    Attributes
    ----------
    low
        If every item that the run does not answer were a no; what a check contradicts is one.
    high
        If every item that a person must answer or complete were a yes.
    undecided
        How many such items there are.
    """

    low: float
    high: float
    undecided: int


def metrics_score(filled: Filled) -> MetricsScore:
    """Weigh the answered items.

    The score is the sum of the weights of the items with a yes over the sum of the weights of those that apply (Kocak
    et al., Insights Imaging 2024, 15:8, doi 10.1186/s13244-023-01572-w, Table 1).
    """

    def weight(*statuses: Status) -> float:
        return sum(answer.item.weight for answer in filled.answers if answer.status in statuses)

    applies = weight("answered", "partly", "yours", "absent", "contradicted")
    sure, possible = weight("answered"), weight("answered", "partly", "yours")
    return MetricsScore(100 * sure / applies, 100 * possible / applies, filled.count("partly") + filled.count("yours"))
