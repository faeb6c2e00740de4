"""What is told of work under way, and the listeners that show it to a user and to other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TypeAlias

from sonoher2.core.progress import track
from sonoher2.core.progress_lines import write_line

LINE_SECONDS = 0.2
"""Between two lines of one step; its first and its last are always written."""


@dataclass(frozen=True)
class Event:
    """How far a step has come.

    Attributes
    ----------
    step, label
        Name of the step, and what a user reads.
    done, total
        Items that are finished, and all that had to be computed. The first event of a step has `done` 0.
    ended
        True in the last event of a step, also when it failed: then `done` is less than `total`.
    """

    step: str
    label: str
    done: int
    total: int
    ended: bool = False


Listener: TypeAlias = Callable[[Event], None]
"""Told of every event, in the process that runs the study."""


def silent(_: Event) -> None:
    """Tell nobody."""


class TerminalBar:
    """Draw a bar with the time left on a terminal; plain silence elsewhere."""

    def __init__(self) -> None:
        self._bar: Iterator[int] | None = None
        self._shown = 0

    def __call__(self, event: Event) -> None:
        """Move the bar to where the event says."""
        if event.done == 0 and not event.ended:
            self._bar, self._shown = track(range(event.total), event.label, event.total), -1
        while self._bar is not None and self._shown < event.done:
            # the bar moves when the next item is asked for, the last time when there is none
            next(self._bar, None)
            self._shown += 1
        if event.ended and self._bar is not None:
            # of a generator: ends the bar where it stands
            self._bar.close()  # type: ignore[attr-defined]
            self._bar = None


class ProgressLines:
    """Write a line for other programs (see `core.progress_lines`); silence where no file is named."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, event: Event) -> None:
        """Write where the step stands, unless it did a moment ago."""
        now = monotonic()
        if 0 < event.done < event.total and not event.ended and now - self._last < LINE_SECONDS:
            return
        self._last = now
        write_line("step", label=event.label, done=event.done, total=event.total, ended=event.ended)


def told_to(*listeners: Listener) -> Listener:
    """Make one listener of several."""

    def tell(event: Event) -> None:
        for listener in listeners:
            listener(event)

    return tell
