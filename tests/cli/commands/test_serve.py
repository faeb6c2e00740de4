"""`sonoher2 serve`: from options to the settings of the server, and what it says without its packages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from sonoher2.cli.app import run
from sonoher2.cli.commands import serve as module


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Settings of each server that was to start, and whether a page opens."""
    pytest.importorskip("fastapi", reason="the extra `serve` is not installed")
    found: list[Any] = []
    monkeypatch.setattr(
        "sonoher2.server.start.serve", lambda settings, say, open_page: found.append((settings, open_page))
    )
    return found


def test_options_become_settings(started: list[Any], tmp_path: Path) -> None:
    options = ["--home", str(tmp_path), "--port", "9001", "--jobs", "7", "--no-open", "--name", "box.hospital"]
    assert run(["serve", "model", *options]) == 0
    [(settings, open_page)] = started
    assert (settings.home, settings.port, settings.workers, open_page) == (tmp_path, 9001, 7, False)
    assert settings.names == ("box.hospital",)
    assert settings.bundles == (Path("model").absolute(),)


@pytest.mark.parametrize(("processors", "workers"), [(2, 2), (64, 4), (None, 1)])
def test_a_few_processes_unless_told(
    started: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int | None, workers: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert run(["serve", "--home", str(tmp_path)]) == 0
    [(settings, open_page)] = started
    assert (settings.workers, settings.bundles, settings.names, open_page) == (workers, (), (), True)


def test_missing_packages_are_named_with_the_way_to_get_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = module.importlib.util.find_spec
    gone = module.NEEDED[:2]
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None if name in gone else there(name))
    assert run(["serve"]) == 3
    said = " ".join(capsys.readouterr().err.split())
    assert f"not installed ({', '.join(gone)})" in said
    assert "Install the extra: pip install 'sonoher2[serve]'" in said
