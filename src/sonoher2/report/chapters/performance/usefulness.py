"""What acting on the model would bring."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sonoher2.report.chapters.performance.curves import curve_panels
from sonoher2.report.content.parts import Chapter, Drawing
from sonoher2.report.content.view import View
from sonoher2.report.figures.performance.curves import decision_figure
from sonoher2.study.results import columns as c


def usefulness_parts(view: View) -> Iterator[Drawing]:
    """Decision curves."""
    panels = curve_panels(view, c.AUC)
    if panels:
        yield Drawing(
            "decision",
            "Decision curves",
            "Net benefit: true positives per patient, less false positives weighted by the odds of the threshold"
            " probability, the risk at which one would act. A signature helps only where it lies above both “all” and"
            " “none”.",
            partial(decision_figure, panels),
        )


USEFULNESS = Chapter("usefulness", "Clinical usefulness", usefulness_parts)
