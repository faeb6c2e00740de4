"""What a worker on another machine trusts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sonoher2.engine.cluster.environment import this_environment
from sonoher2.engine.cluster.worker import Terms, _keep_kernels, _refusal


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where kernels are kept for this user; no kernel was compiled yet."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", "none")
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    return tmp_path / f"sonoher2-kernels-{os.getuid()}"


def test_kernels_are_kept_where_only_their_owner_can_look(kept: Path) -> None:
    _keep_kernels(str(kept.parent / "worker"))
    assert os.environ["NUMBA_CACHE_DIR"] == str(kept)
    assert kept.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o710, 0o720, 0o740, 0o701, 0o702, 0o704])
def test_kernels_are_not_taken_from_a_folder_that_others_reach(kept: Path, mode: int) -> None:
    kept.mkdir()
    kept.chmod(mode)
    _keep_kernels(str(kept.parent / "worker"))
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_kernels_are_not_taken_from_somebody_else(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.mkdir(mode=0o700)
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    kept.rename(kept.with_name(f"sonoher2-kernels-{other}"))
    _keep_kernels(str(kept.parent / "worker"))
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_kernels_are_not_taken_through_a_link(kept: Path) -> None:
    (kept.parent / "real").mkdir(mode=0o700)
    kept.symlink_to(kept.parent / "real")
    _keep_kernels(str(kept.parent / "worker"))
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_what_was_told_stays(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/own")
    _keep_kernels(str(kept.parent / "worker"))
    assert os.environ["NUMBA_CACHE_DIR"] == "/own"
    assert not kept.exists()


def test_what_keeps_a_worker_from_its_work_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "mark"
    seen.touch()
    here = this_environment()
    assert _refusal(Terms(here, str(seen), 0.0), 1) == ""
    assert _refusal(Terms(here, str(seen), 0.0), 2).startswith("this process has 2 threads")
    elsewhere = tmp_path / "another disk"
    assert _refusal(Terms(here, str(elsewhere / "mark"), 0.0), 1) == (
        f"this process does not see the results in {elsewhere}"
    )
    assert _refusal(Terms(here, str(tmp_path / "unseen"), 0.0), 1).endswith(f"the results in {tmp_path}")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    written = tmp_path / "another mark"
    written.touch()
    assert _refusal(Terms(here, str(written), 0.0), 1) == f"this process cannot write into {tmp_path}"
