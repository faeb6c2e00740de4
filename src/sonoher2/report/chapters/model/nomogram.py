"""Nomograms of the signatures that have one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sonoher2.report.content.parts import Chapter, Drawing
from sonoher2.report.content.view import View
from sonoher2.report.figures.model.nomogram import nomogram_figure


def nomogram_parts(view: View) -> Iterator[Drawing]:
    """One nomogram per signature that has one."""
    for place, (signature, nomogram) in enumerate(view.result.model.nomograms.items(), start=1):
        yield Drawing(
            f"nomogram_{place}",
            f"Nomogram of the {signature} signature",
            "Read the points of each value on the top scale, add them, and read the probability below the total. A"
            " drawing of the frozen model, for understanding it; not for clinical use.",
            partial(nomogram_figure, nomogram, view.outcomes[-1]),
        )


NOMOGRAM = Chapter("nomogram", "Nomogram", nomogram_parts)
