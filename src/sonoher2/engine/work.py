"""What a process does for a step: call its function and turn values into bytes; far away it keeps them, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sonoher2.core.errors import InputError
from sonoher2.engine.keys import Keyed, plain_value
from sonoher2.engine.step import Step
from sonoher2.engine.store import ArtifactStore

Outcome: TypeAlias = bytes | InputError | None
"""Of one item: the bytes of its value, why there is none, or None where they were kept far away."""


@dataclass(frozen=True)
class Job:
    """Some items of a step, as they are sent to a process.

    Attributes
    ----------
    keys, items
        Of each.
    verify
        See `Keyed.verify`.
    """

    keys: tuple[str, ...]
    items: list[Any]
    verify: tuple[Callable[[], None], ...]


class Jobs(Sequence[Job]):
    """Jobs of many items, each made when it is sent away.

    Parameters
    ----------
    items
        May be made one by one, too.
    places
        Which of them are meant, by key.
    chunk
        How many make a job.
    """

    def __init__(self, items: Sequence[object], places: Mapping[str, int], chunk: int) -> None:
        self._items, self._places, self._chunk = items, places, chunk
        self._keys = tuple(places)

    def __len__(self) -> int:
        return -(-len(self._keys) // self._chunk)

    def keys(self, number: int) -> tuple[str, ...]:
        """Keys of a job's items."""
        return self._keys[number * self._chunk : (number + 1) * self._chunk]

    def __getitem__(self, number: Any) -> Any:
        if not 0 <= number < len(self):
            raise IndexError(number)
        keys = self.keys(number)
        items = [self._items[self._places[key]] for key in keys]
        checks = [item.verify for item in items if isinstance(item, Keyed)]
        return Job(keys, [plain_value(item) for item in items], tuple(one for one in checks if one))


@dataclass(frozen=True)
class Work:
    """A step with what all its items share; called with a job, it gives the outcome of each item.

    Attributes
    ----------
    step, shared
        The step, and what its items share.
    folder
        Of the store.
    """

    step: Step[Any]
    shared: tuple[Any, ...]
    folder: Path

    def __call__(self, job: Job) -> list[Outcome]:
        """Do a job.

        Raises
        ------
        InputError
            An item is no longer what its key says (`Keyed.verify`). What a function says of an item comes back as its
            outcome.
        """
        step = self.step
        given = job.items if step.chunk > 1 else job.items[0]
        scratch = {"scratch": ArtifactStore(self.folder).scratch(step.name, job.keys[0])} if step.scratch else {}
        result: Any
        try:
            result = step.function(given, *self.shared, **scratch)
        except InputError as error:
            result = [error] * len(job.items) if step.chunk > 1 else error
        for verify in job.verify:
            verify()
        values = result if step.chunk > 1 else [result]
        return [value if isinstance(value, InputError) else step.codec.encode(value) for value in values]

    def many(self, jobs: Sequence[Job]) -> list[list[Outcome]]:
        """Do jobs and keep their values in the store, which this process shares with the one that asked."""
        done: list[list[Outcome]] = []
        with ArtifactStore(self.folder).writer(self.step.name, self.step.codec.suffix, self.step.packed) as keep:
            for job in jobs:
                outcomes = self(job)
                for key, outcome in zip(job.keys, outcomes, strict=True):
                    if isinstance(outcome, bytes):
                        keep(key, outcome)
                done.append([None if isinstance(outcome, bytes) else outcome for outcome in outcomes])
        return done
