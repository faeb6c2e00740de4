"""The bar on a terminal stands where the events say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from sonoher2.engine import Event, TerminalBar
from sonoher2.engine import progress as module


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
