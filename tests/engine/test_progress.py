"""The bar on a terminal stands where the events say, and so do the lines for other programs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from sonoher2.engine import Event, TerminalBar
from sonoher2.engine import progress as module
from sonoher2.engine.progress import ProgressLines, told_to


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []

    def track(items: Iterable[int], label: str, total: int) -> Iterator[int]:
        heard.append(f"{label}: {total}")
        try:
            for item in items:
                yield item
                heard.append("advance")
        finally:
            heard.append("gone")

    monkeypatch.setattr(module, "track", track)
    return heard


def test_the_bar_follows(moves: list[str]) -> None:
    bar = TerminalBar()
    bar(Event("step", "Working", 0, 3))
    assert moves == ["Working: 3"]
    bar(Event("step", "Working", 1, 3))
    assert moves == ["Working: 3", "advance"]
    bar(Event("step", "Working", 3, 3))
    bar(Event("step", "Working", 3, 3, ended=True))
    assert moves == ["Working: 3", "advance", "advance", "advance", "gone"]
    moves.clear()
    bar(Event("other", "More", 0, 1))
    bar(Event("other", "More", 1, 1))
    assert moves == ["More: 1", "advance", "gone"]


def test_the_bar_of_a_step_that_fails_is_gone(moves: list[str]) -> None:
    bar = TerminalBar()
    bar(Event("step", "Working", 0, 3))
    bar(Event("step", "Working", 0, 3, ended=True))
    assert moves == ["Working: 3", "gone"]
    bar(Event("step", "Working", 0, 3))
    bar(Event("step", "Working", 2, 3))
    bar(Event("step", "Working", 2, 3, ended=True))
    assert moves == ["Working: 3", "gone", "Working: 3", "advance", "advance", "gone"]


def test_lines_for_other_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "progress.jsonl"
    monkeypatch.setenv("SONOHER2_PROGRESS", str(file))
    clock = iter([100.0, 100.1, 100.15, 100.4, 100.45, 100.5])
    monkeypatch.setattr(module, "monotonic", lambda: next(clock))
    heard: list[Event] = []
    tell = told_to(ProgressLines(), heard.append)
    events = [Event("fit", "Fitting 模型", done, 4) for done in (0, 1, 2, 3, 4)]
    for event in [*events, Event("fit", "Fitting 模型", 4, 4, ended=True)]:
        tell(event)
    assert [event.done for event in heard] == [0, 1, 2, 3, 4, 4]
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    # of what follows within a fifth of a second only the first and the last are written
    assert [(line["done"], line["total"], line["ended"]) for line in lines] == [
        (0, 4, False), (3, 4, False), (4, 4, False), (4, 4, True)
    ]  # fmt: skip
    assert {(line["kind"], line["label"]) for line in lines} == {("step", "Fitting 模型")}
    assert all(abs(line["time"] - time.time()) < 60 for line in lines)


def test_no_lines_where_no_file_is_named_or_it_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SONOHER2_PROGRESS", raising=False)
    ProgressLines()(Event("fit", "Fitting", 0, 1))
    monkeypatch.setenv("SONOHER2_PROGRESS", str(tmp_path / "no" / "such" / "folder.jsonl"))
    ProgressLines()(Event("fit", "Fitting", 0, 1))
    assert list(tmp_path.iterdir()) == []
