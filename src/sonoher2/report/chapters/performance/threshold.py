"""What happens at the frozen threshold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sonoher2.core.columns import TRAIN_OOF
from sonoher2.evaluation.classification import confusion_at
from sonoher2.report.chapters.performance.metrics import metric_cells, threshold_metrics
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import number
from sonoher2.report.figures.performance.confusion import confusion_figure
from sonoher2.study.results import columns as c


def threshold_parts(view: View) -> Iterator[Part]:
    """Metrics and confusion matrices at the frozen thresholds; none for a model without thresholds."""
    if view.result.performance.thresholds.empty:
        return
    metrics = threshold_metrics(view.result.performance.signatures)
    if metrics:
        yield _table(view, metrics)
    yield _confusion(view)


def _table(view: View, metrics: list[str]) -> Table:
    data = view.result.performance.signatures
    rows = data[data[c.OUTCOME].isin(view.outcomes)]
    shown = metric_cells(view, rows, metrics).drop(columns=[c.N, "Events"])
    values = [number(view.threshold(s, o), 3) for s, o in zip(rows[c.SIGNATURE], rows[c.OUTCOME], strict=True)]
    shown.insert(2 + view.several, "Threshold", values)
    rules = view.result.performance.thresholds[c.RULE].drop_duplicates().astype(str)
    caption = (
        f"Threshold: {'; '.join(rules)}; learned on training patients' out-of-fold scores, then frozen."
        f" {view.confidence} intervals in brackets. PPV and NPV hold for the share of events in this cohort."
    )
    return Table("thresholds", "At the frozen threshold", caption, view.result.performance.thresholds, shown)


def _confusion(view: View) -> Drawing:
    cells = []
    for outcome in view.outcomes:
        no, yes = ("other", outcome) if view.several else view.result.about.classes[:2]
        for subset, title in view.short_sets.items():
            for signature in view.signatures:
                y, score = view.scores(signature, subset, outcome)
                counts = confusion_at(y, score, view.threshold(signature, outcome))
                cells.append((f"{signature}\n{title}", (no, yes), counts))
    training = (
        " The training matrices rest on out-of-fold scores, from which the threshold itself was learned: they flatter"
        " a little."
        if TRAIN_OOF in view.sets
        else ""
    )
    return Drawing(
        "confusion",
        "Confusion matrices at the frozen threshold",
        f"Patients, and their share of the true class (row).{training}",
        partial(confusion_figure, cells, min(len(view.signatures), 3)),
    )


THRESHOLD = Chapter("threshold", "At the frozen threshold", threshold_parts)
