"""Running steps: the only place that makes keys, skips what is finished, spreads the rest and keeps it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key
from sonoher2.engine.executors import SERIAL, Executor, Workers, local_executor
from sonoher2.engine.fingerprint import step_fingerprint
from sonoher2.engine.keys import key_of, plain_value
from sonoher2.engine.progress import Event, Listener, ProgressLines, TerminalBar, silent, told_to
from sonoher2.engine.step import Step
from sonoher2.engine.store import ArtifactStore
from sonoher2.engine.work import Jobs, Outcome, Work

Value = TypeVar("Value")


@dataclass(frozen=True)
class Attempt(Generic[Value]):
    """What became of many items.

    Attributes
    ----------
    values
        By position.
    problems
        Why an item has none, by position.
    """

    values: dict[int, Value]
    problems: dict[int, InputError]


@dataclass(frozen=True)
class ExecutionContext:
    """Where values are kept, where they are computed, and who is told.

    Attributes
    ----------
    store
        Finished values.
    executor
        Processes.
    listener
        Told how far each step has come.
    """

    store: ArtifactStore
    executor: Executor = SERIAL
    listener: Listener = silent

    def run(self, step: Step[Value], *given: object) -> Value:
        """Give the value of `step.function(*given)`, kept or computed: in this process, unless others are far.

        Raises
        ------
        InputError
            The function's.
        """
        alone = self if self.executor.far else ExecutionContext(self.store, listener=self.listener)
        return alone.map(step, given[:1], *given[1:])[0]

    def map(
        self, step: Step[Value], items: Sequence[object], *shared: object, cost: Sequence[float] | None = None
    ) -> list[Value]:
        """Give the values of `step.function(item, *shared)`, in the order of the items.

        Each value is kept under what `item` and `shared` hold; equal items are computed once.

        Parameters
        ----------
        step
            What to compute.
        items, shared
            Plain values, settings, arrays and tables (see `keys.key_of`); anything else as `Keyed`.
        cost
            By item: those that take longest are started first.

        Raises
        ------
        InputError
            The first item that cannot be used; what was finished before is kept.
        """
        found = self._attempt(step, items, shared, cost, first_ends=True)
        return [found.values[position] for position in range(len(items))]

    def attempt(
        self, step: Step[Value], items: Sequence[object], *shared: object, cost: Sequence[float] | None = None
    ) -> Attempt[Value]:
        """Do as `map` does, going on where items cannot be used; nothing is kept for those."""
        return self._attempt(step, items, shared, cost, first_ends=False)

    def stream(
        self, step: Step[Value], items: Sequence[object], *shared: object
    ) -> Generator[tuple[int, Value | InputError]]:
        """Do as `attempt` does and yield position and value, in the order of the items, as they are finished.

        For tables of any length: what was yielded is forgotten here.
        """
        keys = self._keys(step, items, shared)
        waiting: dict[str, int] = {}
        for position, key in enumerate(keys):
            if key not in waiting and not self.store.holds(step.name, key, step.codec.suffix):
                waiting[key] = position
        finished: dict[str, Outcome] = {}
        with (
            closing(self._finished(step, items, dict(waiting), shared)) as computed,
            self.store.reader(step.name, step.codec.suffix) as read,
        ):
            for position, key in enumerate(keys):
                while key in waiting and key not in finished:
                    other, result = next(computed)
                    finished[other] = result
                found = finished.get(key) or read(key)
                if not isinstance(found, InputError):
                    # items that are equal find it in the store
                    finished.pop(key, None)
                    waiting.pop(key, None)
                value: Value | InputError = self._value(step, key, items[position], shared, found)
                yield position, value

    def _value(
        self,
        step: Step[Value],
        key: str,
        item: object,
        shared: tuple[object, ...],
        found: Outcome,
    ) -> Value | InputError:
        """Value of an entry; one that is broken is computed anew."""
        if isinstance(found, InputError):
            return found
        try:
            if found is not None:
                return step.codec.decode(found)
        # whatever a reader says to the bytes that a full disk left
        except Exception:
            pass
        [(_, again)] = replace(self, executor=SERIAL)._finished(step, [item], {key: 0}, shared)
        return again if isinstance(again, InputError) else step.codec.decode(again or b"")

    def files(self, step: Step[Any], items: Sequence[object], *shared: object) -> list[Path]:
        """Do as `map` does, and give each value's file in the store: for values that are read where they are used."""
        if step.packed:
            raise ValueError(f"the values of the step {step.name} have no files of their own")
        self.map(step, items, *shared)
        return [self.store.path(step.name, key, step.codec.suffix) for key in self._keys(step, items, shared)]

    def _keys(self, step: Step[Any], items: Sequence[object], shared: tuple[object, ...]) -> list[str]:
        common = [step_fingerprint(step), key_of(shared)]
        return [content_key(common, key_of(item)) for item in items]

    def _attempt(
        self,
        step: Step[Value],
        items: Sequence[object],
        shared: tuple[object, ...],
        cost: Sequence[float] | None,
        first_ends: bool,
    ) -> Attempt[Value]:
        keys = self._keys(step, items, shared)
        positions = dict(zip(reversed(keys), reversed(range(len(keys))), strict=True))
        values = self._kept(step, positions)
        waiting = [position for key, position in sorted(positions.items(), key=_second) if key not in values]
        if cost is not None:
            waiting.sort(key=lambda position: -cost[position])
        problems: dict[str, InputError] = {}
        computed = self._computed(step, items, {keys[position]: position for position in waiting}, shared)
        with closing(computed):
            for key, found in computed:
                if not isinstance(found, InputError):
                    values[key] = found
                elif first_ends:
                    raise found
                else:
                    problems[key] = found
        return Attempt(
            {position: values[key] for position, key in enumerate(keys) if key in values},
            {position: problems[key] for position, key in enumerate(keys) if key in problems},
        )

    def _kept(self, step: Step[Value], keys: Mapping[str, int]) -> dict[str, Value]:
        """Values that are there; a broken one is not."""
        values = {}
        for key, data in self.store.read(step.name, keys, step.codec.suffix):
            try:
                values[key] = step.codec.decode(data)
            # whatever a reader says to the bytes that a full disk left: the value is computed anew
            except Exception:
                continue
        return values

    def _computed(
        self, step: Step[Value], items: Sequence[object], places: Mapping[str, int], shared: tuple[object, ...]
    ) -> Generator[tuple[str, Value | InputError]]:
        """Compute, keep and yield the value of each item, by key, in the order of completion.

        `places`: which items, by key.
        """
        with (
            self.store.reader(step.name, step.codec.suffix) as read,
            closing(self._finished(step, items, places, shared)) as finished,
        ):
            for key, result in finished:
                value: Value | InputError = self._value(
                    step, key, items[places[key]], shared, read(key) if result is None else result
                )
                yield key, value

    def _finished(
        self, step: Step[Any], items: Sequence[object], places: Mapping[str, int], shared: tuple[object, ...]
    ) -> Generator[tuple[str, Outcome]]:
        """Compute and keep the value of each item; yield key and bytes (None: far away, read them in the store)."""
        if not places:
            return
        work = Work(step, tuple(map(plain_value, shared)), self.store.folder.absolute())
        jobs = Jobs(items, places, step.chunk)
        with (
            self._told(step, len(places)) as advance,
            self.store.writer(step.name, step.codec.suffix, step.packed) as keep,
        ):
            for number, results in self.executor.run(work, jobs):
                for key, result in zip(jobs.keys(number), results, strict=True):
                    if result is None:
                        self.store.await_entry(step.name, key, step.codec.suffix)
                    elif not isinstance(result, InputError):
                        keep(key, result)
                    if step.scratch and not isinstance(result, InputError):
                        self.store.drop_scratch(step.name, key)
                    yield key, result
                advance(len(results))

    @contextmanager
    def _told(self, step: Step[Value], total: int) -> Iterator[Callable[[int], None]]:
        """Tell the listener of the beginning, of each advance and of the end, however the step ends."""
        done = 0

        def tell(more: int = 0, ended: bool = False) -> None:
            nonlocal done
            done += more
            if step.label:
                self.listener(Event(step.name, step.label, done, total, ended))

        tell()
        try:
            yield tell
        finally:
            tell(ended=True)


def local_context(folder: Path, workers: Workers = None) -> ExecutionContext:
    """Keep values in a folder, compute them in processes of this machine or of a cluster, and show how far it is.

    Parameters
    ----------
    folder
        Of the entries.
    workers
        Processes; all processors of this machine unless told.
    """
    return ExecutionContext(ArtifactStore(folder), local_executor(workers), told_to(TerminalBar(), ProgressLines()))


def _second(pair: tuple[str, int]) -> int:
    return pair[1]
