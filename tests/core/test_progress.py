"""A bar on a terminal, silence elsewhere."""

from __future__ import annotations

import io
import re
import sys

import pytest

from sonoher2.core.progress import track


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_many_are_done_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    assert list(track(iter("abc"), "Reading", 3)) == ["a", "b", "c"]
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue())
    assert re.search(r"Reading +━+ +3/3 +0:00:\d\d +left +0:00:00", shown)
    assert capsys.readouterr().out == ""


def test_elsewhere_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track([1, 2], "Reading", 2)) == [1, 2]
    assert capsys.readouterr() == ("", "")


def test_an_item_is_taken_when_it_is_asked_for() -> None:
    taken: list[int] = []
    items = track((taken.append(number) or number for number in range(3)), "Reading", 3)
    assert next(items) == 0
    assert taken == [0]
