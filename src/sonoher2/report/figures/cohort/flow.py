"""Flow of patients into the sets, after STARD 2015 (doi 10.1136/bmj.h5527)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.core.spelling import plural
from sonoher2.report.content.style import GREY, INK, MM

# millimetres of the sheet
_WIDTH, _LINE, _PADDING, _GAP = 150.0, 4.1, 4.5, 7.0
_MAIN, _ASIDE = 42.0, 112.0
_BOX, _ASIDE_BOX, _SET_BOX = 62.0, 66.0, 62.0


def flow_figure(flow: Sequence[FlowStep], sets: Mapping[str, Mapping[str, int]], title: str) -> Figure:
    """Draw who was left out and why, and who is in which set.

    Parameters
    ----------
    flow
        Steps in order; a step that leaves nobody out is drawn only when it is the first or the last.
    sets
        Patients by label, for each set by name.
    title
        Of the first box.
    """
    steps = list(flow)
    texts = [_patients(title if index == 0 else "Patients left", step) for index, step in enumerate(steps)]
    asides = [_aside(step) if step.left_out else "" for step in steps]
    shown = [i for i in range(len(steps)) if i == 0 or asides[i]]
    if shown:
        texts[shown[-1]] = _patients("Analysed" if len(shown) > 1 else title, steps[shown[-1]])
    feet = [_set_text(name, counts) for name, counts in sets.items()]
    drawn = [(texts[i], asides[i]) for i in shown]
    height = _height(drawn, feet)
    figure, axes = _sheet(height)
    last = _draw_steps(axes, drawn, height)
    _draw_sets(axes, feet, last)
    return figure


def _patients(title: str, step: FlowStep) -> str:
    images = f"\n{plural(step.images, 'image')}" if step.images else ""
    return f"{title}\n{plural(step.patients, 'patient')}{images}"


def _aside(step: FlowStep) -> str:
    reason = textwrap.fill(step.reason, 38)
    return f"Left out: {step.left_out:,}\n{reason}"


def _set_text(name: str, counts: Mapping[str, int]) -> str:
    lines = [f"{label}: {count:,}" for label, count in counts.items()]
    return "\n".join([f"{textwrap.fill(name, 34)}", plural(sum(counts.values()), "patient"), *lines])


def _sheet(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH * MM, height * MM))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, _WIDTH), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def _box_height(text: str) -> float:
    return _LINE * (text.count("\n") + 1) + _PADDING


def _height(drawn: Sequence[tuple[str, str]], feet: Sequence[str]) -> float:
    main = sum(_box_height(text) for text, _ in drawn)
    gaps = sum(_gap(aside) for _, aside in drawn[1:])
    return main + gaps + 1.5 * _GAP + max(map(_box_height, feet), default=0) + 2


def _gap(aside: str) -> float:
    """Room between two boxes: enough for the box beside the arrow."""
    return max(_GAP, _box_height(aside) + 3) if aside else _GAP


def _draw_steps(axes: Axes, drawn: Sequence[tuple[str, str]], top: float) -> float:
    """Draw the column of boxes from the top; return the lower edge of the last."""
    y = top - 1
    for index, (text, aside) in enumerate(drawn):
        if index:
            gap = _gap(aside)
            _arrow(axes, (_MAIN, y), (_MAIN, y - gap))
            if aside:
                _arrow(axes, (_MAIN, y - gap / 2), (_ASIDE - _ASIDE_BOX / 2, y - gap / 2))
                _box(axes, aside, _ASIDE, y - gap / 2 + _box_height(aside) / 2, _ASIDE_BOX, "#f4f4f4")
            y -= gap
        y = _box(axes, text, _MAIN, y, _BOX, "white")
    return y


def _draw_sets(axes: Axes, feet: Sequence[str], y: float) -> None:
    middle = y - 0.5 * _GAP
    for index, text in enumerate(feet):
        x = _MAIN + index * (_ASIDE - _MAIN)
        axes.plot([_MAIN, _MAIN, x], [y, middle, middle], color=GREY, lw=0.9)
        _arrow(axes, (x, middle), (x, y - 1.5 * _GAP))
        _box(axes, text, x, y - 1.5 * _GAP, _SET_BOX, "#e8f1f8")


def _box(axes: Axes, text: str, centre: float, top: float, width: float, fill: str) -> float:
    """Draw a box whose upper edge is `top`; return its lower edge."""
    height = _box_height(text)
    corner = (centre - width / 2, top - height)
    axes.add_patch(
        FancyBboxPatch(corner, width, height, boxstyle="round,pad=0,rounding_size=1", fc=fill, ec=INK, lw=0.7)
    )
    head, _, rest = text.partition("\n")
    y = top - _PADDING / 2 - _LINE / 2
    axes.text(centre, y, head, ha="center", va="center", fontsize=8, fontweight="bold")
    for index, line in enumerate(rest.splitlines(), start=1):
        axes.text(centre, y - index * _LINE, line, ha="center", va="center", fontsize=8)
    return top - height


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": GREY, "lw": 0.9, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)
