"""On a cluster a step gives the same values and entries, whatever becomes of the processes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine_steps import CHANGED, ENDED, ENDED_ONCE, PACKED, RESUMED, SQUARE, SQUARES, SUM, WHERE, refuse
from sonoher2.core.errors import InputError
from sonoher2.engine import ArtifactStore, Event, ExecutionContext, Executor, JoblibExecutor, Keyed
from sonoher2.engine.cluster.environment import this_environment
from sonoher2.engine.cluster.executor import CHUNK_SECONDS, DaskExecutor, Pace

# of distributed's own processes and sockets, whatever the test does
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def context(executor: Executor, tmp_path: Path) -> ExecutionContext:
    return ExecutionContext(ArtifactStore(tmp_path / "cache"), executor)


def test_values_and_entries_are_those_of_one_machine(context: ExecutionContext, tmp_path: Path) -> None:
    here = ExecutionContext(ArtifactStore(tmp_path / "here"), JoblibExecutor(2))
    xs = [float(x) for x in range(100)]
    for step in (SQUARE, PACKED, SQUARES):
        assert np.array_equal(np.stack(context.map(step, xs)), np.stack(here.map(step, xs)))
        # found again, here and elsewhere
        kept = ExecutionContext(ArtifactStore(tmp_path / "cache"))
        assert [value[0] for value in kept.map(step, xs)] == [x * x for x in xs]
    assert [value[0] for _, value in context.stream(PACKED, [7.0, 200.0, 7.0])] == [49, 40000, 49]
    files = {path.name: path.read_bytes() for path in (tmp_path / "cache").rglob("*.npy")}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "here").rglob("*.npy")}


def test_nothing_is_left_to_this_process(context: ExecutionContext) -> None:
    heard: list[Event] = []
    told = replace(context, listener=heard.append)
    pids = {*told.map(replace(WHERE, label="Asking"), list(range(60))), context.run(WHERE, 61)}
    assert len(pids) == 2
    assert os.getpid() not in pids
    assert [heard[0].done, heard[-1].done, heard[-1].ended] == [0, 60, True]


def test_errors_come_back_with_their_place(context: ExecutionContext) -> None:
    found = context.attempt(SQUARE, [-1.0, 2.0, -3.0])
    assert {place: (error.where, error.fix) for place, error in found.problems.items()} == {
        0: ("item -1.0", "Leave it out"), 2: ("item -3.0", "Leave it out")
    }  # fmt: skip
    assert found.values[1][0] == 4.0
    with pytest.raises(InputError, match=r"item -3\.0: it is negative"):
        context.map(SQUARE, [5.0, -3.0])
    with pytest.raises(InputError, match="it was changed"):
        context.attempt(CHANGED, [Keyed(1.0, "one", refuse)])
    assert not list(context.store.folder.rglob("changed/*/*"))


def test_unfinished_work_is_found_again(context: ExecutionContext) -> None:
    assert sorted(context.attempt(RESUMED, [1, 2]).problems) == [0, 1]
    assert context.map(RESUMED, [2, 1]) == [["part 2"], ["part 1"]]
    assert not [path for path in context.store.folder.rglob("*") if path.is_dir() and len(path.name) > 7]


def test_what_all_items_share_may_be_large(context: ExecutionContext) -> None:
    # 800 kB, which do not travel with every chunk
    large = np.arange(100_000.0)
    assert context.map(SUM, [1.0, 2.0, 3.0, 4.0], large) == [4999950001, 4999950002, 4999950003, 4999950004]


def test_a_lost_process_costs_its_chunk_and_nothing_else(context: ExecutionContext, tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    assert context.map(ENDED_ONCE, list(range(20)), str(mark)) == list(range(20))
    assert mark.exists()


def test_work_that_ends_every_process_is_given_up(context: ExecutionContext) -> None:
    with pytest.raises(InputError, match="several processes of the cluster ended while they did the same piece"):
        context.map(ENDED, [1])


def test_a_process_that_came_later_with_other_libraries_is_refused(executor: DaskExecutor, tmp_path: Path) -> None:
    here = this_environment()
    other = replace(here, versions=here.versions | {"numpy": "1.0"})
    context = ExecutionContext(
        ArtifactStore(tmp_path / "cache"),
        DaskExecutor(executor.client, replace(executor.terms, environment=other, mark=str(tmp_path / "other"))),
    )
    with pytest.raises(InputError, match=rf"numpy {here.versions['numpy']} there, 1\.0 here") as caught:
        context.map(SQUARE, [1.0])
    assert here.fingerprint in str(caught.value)
    assert other.fingerprint in str(caught.value)
    assert caught.value.where.startswith("tcp://")


def test_chunks_are_sized_by_time() -> None:
    pace = Pace()
    assert pace.next(1000, 2) == 1
    # 20 ms an item: a chunk of 100 takes two seconds, and it is reached by steps of four
    for size in (4, 16, 64, 100, 100):
        pace.told(pace.size, 0.02 * pace.size)
        assert pace.size == size
    assert CHUNK_SECONDS == 2
    assert pace.next(1000, 2) == 100
    # towards the end each of the two gets two more
    assert [pace.next(left, 2) for left in (40, 7, 1)] == [10, 2, 1]
    slow = Pace()
    slow.told(1, 30.0)
    assert slow.next(1000, 2) == 1
