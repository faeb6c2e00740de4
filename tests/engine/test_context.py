"""What the context promises: computed once, kept whole, found again, and the same values wherever it was computed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import engine_steps
from engine_steps import CALLS, ENDED, GROWN, PACKED, RECORD, RESUMED, SQUARE, SQUARES, TABLE, WHERE, Record
from sonoher2.core.errors import InputError
from sonoher2.engine import (
    ARRAY,
    ArtifactStore,
    Event,
    ExecutionContext,
    JoblibExecutor,
    Keyed,
    SerialExecutor,
    Step,
    local_executor,
)
from sonoher2.engine import store as store_module


@pytest.fixture(autouse=True)
def no_calls() -> None:
    CALLS.clear()


@pytest.fixture(params=["files", "packs"])
def step(request: pytest.FixtureRequest) -> Step[np.ndarray]:
    return {"files": SQUARE, "packs": PACKED}[request.param]


@pytest.fixture
def context(tmp_path: Path) -> ExecutionContext:
    return ExecutionContext(ArtifactStore(tmp_path / "cache"))


def again(context: ExecutionContext) -> ExecutionContext:
    """Open the same folder as another process would, that has nothing in memory."""
    return ExecutionContext(ArtifactStore(context.store.folder))


def entries(context: ExecutionContext) -> list[Path]:
    return sorted(path for path in context.store.folder.rglob("*") if path.is_file())


def test_values_come_in_order_and_are_computed_once(context: ExecutionContext, step: Step[np.ndarray]) -> None:
    first = context.map(step, [3.0, 1.0, 3.0, 2.0], 0.5)
    assert [value.tolist() for value in first] == [[9.5, 3.1], [1.5, 1.1], [9.5, 3.1], [4.5, 2.1]]
    assert CALLS == [3.0, 1.0, 2.0]
    for other in (context, again(context)):
        second = other.map(step, [2.0, 4.0, 3.0], 0.5)
        assert [value.tolist() for value in second] == [[4.5, 2.1], [16.5, 4.1], [9.5, 3.1]]
    assert CALLS == [3.0, 1.0, 2.0, 4.0]


def test_all_that_the_function_is_given_is_in_the_key(context: ExecutionContext, step: Step[np.ndarray]) -> None:
    assert context.run(step, 2.0, 1.0)[0] == 5.0
    assert context.run(step, 2.0, 2.0)[0] == 6.0
    assert context.run(step, 2.0)[0] == 4.0
    assert CALLS == [2.0, 2.0, 2.0]


def test_an_item_that_is_keyed_is_known_by_its_key(context: ExecutionContext, step: Step[np.ndarray]) -> None:
    values = context.map(step, [Keyed(2.0, "a"), Keyed(3.0, "a"), Keyed(2.0, "b")])
    assert [value[0] for value in values] == [4.0, 4.0, 4.0]
    assert CALLS == [2.0, 2.0]
    assert context.map(step, [2.0], Keyed(5.0, "five"))[0][0] == 9.0


def test_steps_of_other_names_and_functions_keep_apart(context: ExecutionContext) -> None:
    assert context.run(SQUARE, 2.0).tolist() == [4.0, 2.1]
    twin = Step("square", engine_steps.table, engine_steps.TABLE.codec)
    assert isinstance(context.run(twin, 2.0), pd.DataFrame)
    assert context.run(SQUARE, 2.0).tolist() == [4.0, 2.1]
    assert CALLS == [2.0]


def test_a_kept_value_is_the_computed_one(context: ExecutionContext) -> None:
    for other in (context, again(context)):
        pd.testing.assert_frame_equal(other.run(TABLE, 1.5), engine_steps.table(1.5))
        assert other.map(RECORD, ["none", "é"]) == [Record("none", None), Record("é", 1.5)]
    assert CALLS == ["none", "é"]


@pytest.mark.parametrize("count", [1, 3, 7])
def test_items_of_one_chunk_have_their_own_entries(context: ExecutionContext, count: int) -> None:
    xs = [float(x) for x in range(count)]
    assert np.concatenate(context.map(SQUARES, xs)).tolist() == [x * x for x in xs]
    assert sum(map(len, CALLS)) == count
    assert max(map(len, CALLS)) <= 3
    CALLS.clear()
    assert np.concatenate(again(context).map(SQUARES, [5.0, *xs, 9.0])).tolist() == [25, *(x * x for x in xs), 81]
    assert sorted(x for xs in CALLS for x in xs) == ([5.0, 9.0] if count < 6 else [9.0])


def test_bad_items_are_named_by_position_and_nothing_is_kept_for_them(
    context: ExecutionContext, step: Step[np.ndarray]
) -> None:
    found = context.attempt(step, [-1.0, 2.0, -3.0, -1.0, 2.0])
    assert {place: value[0] for place, value in found.values.items()} == {1: 4.0, 4: 4.0}
    assert {place: error.where for place, error in found.problems.items()} == {
        0: "item -1.0", 2: "item -3.0", 3: "item -1.0"
    }  # fmt: skip
    CALLS.clear()
    again(context).attempt(step, [-1.0, 2.0])
    assert CALLS == [-1.0]


def test_bad_items_of_a_chunk(context: ExecutionContext) -> None:
    found = context.attempt(SQUARES, [1.0, -2.0, 3.0, -4.0])
    assert {place: value.tolist() for place, value in found.values.items()} == {0: [1.0], 2: [9.0]}
    assert {place: error.where for place, error in found.problems.items()} == {1: "-2.0", 3: "-4.0"}


def test_the_first_bad_item_ends_a_map_and_what_was_finished_is_kept(
    context: ExecutionContext, step: Step[np.ndarray]
) -> None:
    with pytest.raises(InputError, match=r"item -3\.0: it is negative"):
        context.map(step, [1.0, -3.0, 2.0])
    assert CALLS == [1.0, -3.0]
    again(context).map(step, [1.0, 2.0])
    assert CALLS == [1.0, -3.0, 2.0]


def test_a_file_that_changed_while_it_was_read_is_told_and_not_kept(context: ExecutionContext, tmp_path: Path) -> None:
    changed: list[str] = []

    def verify(name: str) -> None:
        if name in changed:
            raise InputError("changed while", where=name)

    def named(name: str) -> Keyed[float]:
        return Keyed(float(ord(name)), name, lambda: verify(name))

    changed.append("b")
    for attempt in (context.map, context.attempt):
        with pytest.raises(InputError, match="b: changed while"):
            attempt(SQUARE, [named("a"), named("b"), named("c")])
    assert len(entries(context)) == 1
    changed.clear()
    CALLS.clear()
    context.map(SQUARE, [named("a"), named("b"), named("c")])
    assert CALLS == [98.0, 99.0]


def test_the_longest_are_started_first(context: ExecutionContext) -> None:
    values = context.map(SQUARE, [1.0, 2.0, 3.0, 4.0], cost=[1, 5, 5, 9])
    assert CALLS == [4.0, 2.0, 3.0, 1.0]
    assert [value[0] for value in values] == [1, 4, 9, 16]


@pytest.mark.parametrize("kind", ["cut", "empty", "garbage"])
def test_a_broken_entry_is_computed_anew(context: ExecutionContext, step: Step[np.ndarray], kind: str) -> None:
    context.map(step, [2.0, 3.0])
    for path in entries(context):
        data = path.read_bytes()
        path.write_bytes({"cut": data[: len(data) - 9], "empty": b"", "garbage": b"x" * len(data)}[kind])
    for _ in range(2):
        assert [value[0] for value in again(context).map(step, [2.0, 3.0])] == [4.0, 9.0]
    assert CALLS == [2.0, 3.0, 2.0, 3.0]


def test_one_broken_entry_of_a_pack_costs_no_other(context: ExecutionContext) -> None:
    context.map(PACKED, [2.0, 3.0])
    (pack,) = entries(context)
    place = pack.read_bytes().index(np.array([4.0]).tobytes())
    data = bytearray(pack.read_bytes())
    data[place] ^= 1
    pack.write_bytes(data)
    for _ in range(2):
        assert [value[0] for value in again(context).map(PACKED, [2.0, 3.0])] == [4.0, 9.0]
    assert CALLS == [2.0, 3.0, 2.0]


def test_small_entries_stand_together(context: ExecutionContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "PACK_ENTRIES", 4)
    names = [f"image {number}" for number in range(10)]
    context.map(RECORD, names)
    assert [path.suffix for path in entries(context)] == [".zip"] * 3
    assert [one.name for one in again(context).map(RECORD, names[::-1])] == names[::-1]
    assert len(CALLS) == 10


def test_large_entries_lie_in_folders_by_two_digits(context: ExecutionContext) -> None:
    context.run(SQUARE, 2.0)
    (path,) = entries(context)
    assert path.parent.parent == context.store.folder / "square"
    assert path.parent.name == path.stem[:2]
    assert len(path.stem) == 64
    assert path.suffix == ".npy"


def test_unfinished_work_is_found_again_and_removed_at_the_end(context: ExecutionContext) -> None:
    found = context.attempt(RESUMED, [1, 2])
    assert sorted(found.problems) == [0, 1]
    assert again(context).map(RESUMED, [2, 1]) == [["part 2"], ["part 1"]]
    assert [path.suffix for path in entries(context)] == [".json", ".json"]
    assert not [path for path in context.store.folder.rglob("*") if path.is_dir() and len(path.name) > 7]


def test_several_processes_give_the_same_values(context: ExecutionContext, tmp_path: Path) -> None:
    other = ExecutionContext(ArtifactStore(tmp_path / "other"), JoblibExecutor(2))
    xs = [float(x) for x in range(7)]
    for step in (SQUARE, PACKED, SQUARES):
        one, two = context.map(step, xs), other.map(step, xs)
        assert np.array_equal(np.stack(one), np.stack(two))
    assert [path.name for path in entries(context) if path.suffix == ".npy"] == [
        path.name for path in entries(other) if path.suffix == ".npy"
    ]
    found = other.attempt(SQUARE, [-1.0, 2.0, -3.0], 0.25)
    assert {place: error.where for place, error in found.problems.items()} == {0: "item -1.0", 2: "item -3.0"}
    assert found.problems[0].fix == "Leave it out"
    assert found.values[1][0] == 4.25


def test_the_work_is_done_in_other_processes_and_single_values_here(tmp_path: Path) -> None:
    context = ExecutionContext(ArtifactStore(tmp_path), JoblibExecutor(2))
    assert os.getpid() not in context.map(WHERE, list(range(8)))
    assert context.run(WHERE, 9) == os.getpid()


def test_a_process_that_is_ended_is_told_without_a_flag(tmp_path: Path) -> None:
    context = ExecutionContext(ArtifactStore(tmp_path), JoblibExecutor(2))
    with pytest.raises(InputError, match="fewer processes; what is finished is kept") as caught:
        context.map(ENDED, [1, 2, 3])
    assert "--" not in str(caught.value)


def test_processes_that_grow_once_live_on(tmp_path: Path) -> None:
    # psutil is installed with the tests, and loky measures with it every second
    pytest.importorskip("psutil")
    context = ExecutionContext(ArtifactStore(tmp_path), JoblibExecutor(2))
    pids = context.map(GROWN, list(range(12)))
    assert len(set(pids)) == 2


def test_how_many_processes() -> None:
    assert local_executor(1) == SerialExecutor()
    assert local_executor(3) == JoblibExecutor(3)


def test_the_listener_hears_of_what_is_computed(tmp_path: Path) -> None:
    heard: list[Event] = []
    context = ExecutionContext(ArtifactStore(tmp_path), listener=heard.append)
    context.map(SQUARES, [1.0, 2.0, 3.0, 4.0])
    assert [(event.done, event.total, event.ended) for event in heard] == [
        (0, 4, False), (3, 4, False), (4, 4, False), (4, 4, True)
    ]  # fmt: skip
    assert {(event.step, event.label) for event in heard} == {("squares", "Squaring, some at a time")}
    heard.clear()
    context.map(SQUARES, [1.0, 4.0])
    context.run(TABLE, 1.0)
    assert heard == []
    with pytest.raises(InputError):
        context.map(SQUARE, [1.0, -1.0, 2.0])
    assert [(event.done, event.total, event.ended) for event in heard] == [(0, 3, False), (1, 3, False), (1, 3, True)]


KILLED = """
import os, signal, sys
from pathlib import Path
from engine_steps import PACKED, SQUARE
from sonoher2.engine import ArtifactStore, ExecutionContext

def listener(event):
    if event.done == 3:
        os.kill(os.getpid(), signal.SIGKILL)

context = ExecutionContext(ArtifactStore(Path(sys.argv[1])), listener=listener)
context.map({"files": SQUARE, "packs": PACKED}[sys.argv[2]], [1.0, 2.0, 3.0, 4.0, 5.0])
"""


def streamed(context: ExecutionContext, step: Step[np.ndarray], xs: list[float]) -> list[tuple[int, object]]:
    found = context.stream(step, xs)
    return [(place, one.where if isinstance(one, InputError) else one[0]) for place, one in found]


def test_a_stream_has_the_order_of_the_items_whatever_was_kept(
    context: ExecutionContext, step: Step[np.ndarray]
) -> None:
    context.map(step, [3.0, 5.0])
    CALLS.clear()
    xs = [2.0, -1.0, 3.0, 2.0, -1.0, 4.0, 5.0]
    values = [4.0, "item -1.0", 9.0, 4.0, "item -1.0", 16.0, 25.0]
    for other in (context, again(context)):
        assert streamed(other, step, xs) == list(enumerate(values))
    # what could not be used is tried anew, the rest is found
    assert CALLS == [2.0, -1.0, 4.0, -1.0]


def test_a_stream_computes_no_further_than_it_is_asked(context: ExecutionContext, step: Step[np.ndarray]) -> None:
    found = context.stream(step, [1.0, 2.0, 3.0])
    assert [next(found)[0], next(found)[0]] == [0, 1]
    assert CALLS == [1.0, 2.0]
    found.close()
    assert [value[0] for value in again(context).map(step, [1.0, 2.0, 3.0])] == [1, 4, 9]
    assert CALLS == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("kind", ["cut", "garbage"])
def test_a_stream_computes_broken_entries_anew(context: ExecutionContext, step: Step[np.ndarray], kind: str) -> None:
    context.map(step, [2.0, 3.0])
    for path in entries(context):
        data = path.read_bytes()
        path.write_bytes({"cut": data[: len(data) - 9], "garbage": b"x" * len(data)}[kind])
    assert streamed(again(context), step, [2.0, 3.0]) == [(0, 4.0), (1, 9.0)]
    assert CALLS == [2.0, 3.0, 2.0, 3.0]


def test_a_stream_over_processes_and_many_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "PACK_ENTRIES", 2)
    monkeypatch.setattr(store_module, "OPEN_PACKS", 2)
    context = ExecutionContext(ArtifactStore(tmp_path), JoblibExecutor(2))
    xs = [float(x % 11) for x in range(40)]
    for _ in range(2):
        assert streamed(context, PACKED, xs) == [(place, x * x) for place, x in enumerate(xs)]
    assert len(list(tmp_path.rglob("*.zip"))) == 6


@pytest.mark.parametrize(("kind", "kept"), [("files", 3), ("packs", 0)])
def test_a_killed_run_resumes(context: ExecutionContext, kind: str, kept: int) -> None:
    tests = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, *sys.path])}
    run = [sys.executable, "-c", KILLED, str(context.store.folder), kind]
    assert subprocess.run(run, env=environment, check=False).returncode == -9
    values = context.map({"files": SQUARE, "packs": PACKED}[kind], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert [value[0] for value in values] == [1, 4, 9, 16, 25]
    # what a pack had not written yet is lost, and nothing else
    assert [1.0, 2.0, 3.0, 4.0, 5.0][kept:] == CALLS


def test_a_pack_does_not_wait_for_long(context: ExecutionContext, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(0, 1000, 4))
    monkeypatch.setattr(store_module, "monotonic", lambda: float(next(now)))
    with context.store.writer("step", ".npy", packed=True) as keep:
        for key in "abc":
            keep(key * 64, b"data")
        there = dict(ArtifactStore(context.store.folder).read("step", ["a" * 64, "b" * 64, "c" * 64], ".npy"))
    assert 0 < len(there) < 4
    after = dict(ArtifactStore(context.store.folder).read("step", ["a" * 64, "b" * 64, "c" * 64], ".npy"))
    assert after == {key * 64: b"data" for key in "abc"}


def test_what_another_process_is_writing_is_no_entry_yet(context: ExecutionContext) -> None:
    context.map(PACKED, [2.0])
    (pack,) = entries(context)
    pack.rename(pack.with_name(".abc-1.part.zip"))
    assert [value[0] for value in again(context).map(PACKED, [2.0])] == [4.0]
    assert CALLS == [2.0, 2.0]


def test_an_entry_of_another_machine_is_waited_for(context: ExecutionContext, monkeypatch: pytest.MonkeyPatch) -> None:
    other = again(context).store
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            with other.writer("step", ".npy", packed=True) as keep:
                keep("a" * 64, b"data")

    monkeypatch.setattr(store_module, "sleep", pause)
    context.store.await_entry("step", "a" * 64, ".npy")
    assert len(pauses) == 3
    with context.store.reader("step", ".npy") as read:
        assert (read("a" * 64), read("b" * 64)) == (b"data", None)
    monkeypatch.setattr(store_module, "SEEN_SECONDS", 0.0)
    with pytest.raises(InputError, match="a folder that all machines share"):
        context.store.await_entry("step", "b" * 64, ".npy")


def test_a_cleared_store_holds_nothing(context: ExecutionContext, step: Step[np.ndarray]) -> None:
    context.run(step, 2.0)
    context.store.clear()
    assert entries(context) == []
    assert context.run(step, 2.0)[0] == 4.0
    assert CALLS == [2.0, 2.0]


def test_functions_that_no_process_could_import_are_refused() -> None:
    with pytest.raises(ValueError, match="top level"):
        Step("inner", lambda x: x, ARRAY)
    with pytest.raises(ValueError, match="one folder each"):
        Step("both", engine_steps.resumed, ARRAY, chunk=2, scratch=True)


def test_a_pack_damaged_in_any_byte_of_its_directory_is_computed_anew(context: ExecutionContext) -> None:
    expected = [value.tolist() for value in context.map(PACKED, [1.0, 2.0], 0.5)]
    [pack] = [path for path in entries(context) if path.suffix == ".zip"]
    whole = pack.read_bytes()
    start = whole.index(b"PK\x01\x02")
    for place in range(start, len(whole)):
        pack.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert [value.tolist() for value in again(context).map(PACKED, [1.0, 2.0], 0.5)] == expected, place
        pack.write_bytes(whole)
        for other in set(entries(context)) - {pack}:
            other.unlink()


def test_what_others_keep_in_the_folder_of_a_store_stays(context: ExecutionContext) -> None:
    context.map(SQUARE, [1.0], 0.5)
    context.map(PACKED, [1.0], 0.5)
    mine, notes = context.store.folder / "mine.txt", context.store.folder / "notes" / "a.txt"
    notes.parent.mkdir()
    for path in (mine, notes):
        path.write_text("x", encoding="utf-8")
    context.store.clear()
    assert entries(context) == [mine, notes]
    for path in (mine, notes):
        path.unlink()
    notes.parent.rmdir()
    context.store.clear()
    assert not context.store.folder.exists()
