"""Kernels where nothing can be written: a read-only package and no home folder, as in containers and on clusters."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sonoher2
from sonoher2.radiomics import jit

CODE = """
import numpy as np
from sonoher2.radiomics.discretise import write_levels
levels, counts = np.zeros(2, np.uint16), np.zeros(3, np.int64)
print(write_levels(np.array([0.0, 5.0]), np.array([0.0, 1.0, 6.0]), np.array([0, 1]), levels, counts))
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder with a copy of the package that cannot be written, and a temporary folder."""
    package = tmp_path / "sonoher2"
    left_out = shutil.ignore_patterns("__pycache__", "weights", "templates")
    shutil.copytree(Path(sonoher2.__file__).parent, package, ignore=left_out)
    (tmp_path / "tmp").mkdir()
    for path in [*package.rglob("*"), package]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield tmp_path
    for path in [package, *package.rglob("*")]:
        path.chmod(0o755)


def obey() -> None:
    """Take from the administrator the right to write where the folder does not allow it."""
    if os.getuid() == 0:
        libc = ctypes.CDLL(None)
        for right in (1, 2):
            assert libc.prctl(24, right, 0, 0, 0) == 0


def run(place: Path, temporary: Path) -> subprocess.CompletedProcess[str]:
    """Import and call a kernel where the package and the home folder cannot be written."""
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(place), "TMPDIR": str(temporary)}
    known["HOME"] = str(place / "sonoher2" / "none")
    code = [sys.executable, "-W", "always", "-c", CODE]
    return subprocess.run(code, env=known, cwd=temporary, preexec_fn=obey, capture_output=True, text=True, check=False)


def test_kernels_are_kept_in_a_private_folder(place: Path) -> None:
    temporary = place / "tmp"
    for _ in range(2):
        done = run(place, temporary)
        assert done.stdout == "2\n", done.stderr
        assert done.stderr.count("compiled kernels cannot be kept") == 1
        (kept,) = temporary.glob("sonoher2-kernels-*")
        assert kept.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_write_is_not_used(place: Path) -> None:
    """What is kept is run: somebody else's kernels are not."""
    temporary = place / "tmp"
    planted = temporary / f"sonoher2-kernels-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    done = run(place, temporary)
    assert done.stdout == "2\n", done.stderr
    assert done.stderr.count("compiled anew by every process") == 1
    assert not list(planted.iterdir())


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's temporary folder, and an environment that is put back."""
    monkeypatch.setattr(jit.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(jit.numba.config, "CACHE_DIR", "before")
    for name in ("NUMBA_CACHE_DIR", "SONOHER2_KERNELS_NOT_KEPT"):
        monkeypatch.setenv(name, "before")
        monkeypatch.delenv(name)
    return tmp_path


def test_the_folder_is_made_once_and_told_to_later_processes(temporary: Path) -> None:
    place = temporary / f"sonoher2-kernels-{os.getuid()}"
    for _ in range(2):
        with pytest.warns(RuntimeWarning, match=f"they are kept in {place}. Set NUMBA_CACHE_DIR to a folder that can"):
            assert jit._keep_elsewhere() is True
    assert os.environ["NUMBA_CACHE_DIR"] == jit.numba.config.CACHE_DIR == str(place)
    assert "SONOHER2_KERNELS_NOT_KEPT" not in os.environ


def test_nowhere_is_told_once(temporary: Path) -> None:
    (temporary / f"sonoher2-kernels-{os.getuid()}").write_text("a file")
    with pytest.warns(RuntimeWarning, match="they are compiled anew by every process"):
        assert jit._keep_elsewhere() is False
    # a second warning would be an error here
    assert jit._keep_elsewhere() is False
    assert os.environ["SONOHER2_KERNELS_NOT_KEPT"] == "1"
    assert "NUMBA_CACHE_DIR" not in os.environ


@pytest.mark.parametrize(("owner", "mode", "used"), [(7, 0o700, True), (8, 0o700, False), (7, 0o740, False)])
def test_only_a_folder_of_the_user_alone_is_used(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, owner: int, mode: int, used: bool
) -> None:
    monkeypatch.setattr(jit.os, "getuid", lambda: owner)
    place = temporary / f"sonoher2-kernels-{owner}"
    place.mkdir()
    place.chmod(mode)
    about = list(place.lstat())
    about[4] = 7
    monkeypatch.setattr(Path, "lstat", lambda _: os.stat_result(about))
    assert jit._private_folder() == (place if used else None)


def test_kernels_round_as_written_unless_they_only_sum() -> None:
    def add(x: float) -> float:
        return x / 0.0

    strict, summing = jit.kernel(add), jit.summing_kernel(add)
    assert strict.targetoptions.get("fastmath", False) is False
    assert summing.targetoptions["fastmath"] == {"reassoc", "contract", "nsz", "nnan", "ninf"}
    for found in (strict, summing):
        assert found.targetoptions["nogil"]
        assert found.targetoptions["error_model"] == "numpy"


def test_kernels_give_the_same_bytes_where_they_are_compiled_and_where_they_are_read(tmp_path: Path) -> None:
    # a summing kernel that stays a function of its own is compiled twice, in two orders of sums
    code = """
import numpy as np
from sonoher2.radiomics.firstorder import firstorder_features
values, out = np.random.default_rng(3).gamma(2.0, 40.0, 5003), np.empty(18)
firstorder_features(values, values.min(), values.max(), np.array([0, 5003]), 0.01, out)
print(out.tobytes().hex())
"""
    run = [sys.executable, "-c", code]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    said = [subprocess.run(run, env=environment, capture_output=True, check=True).stdout for _ in range(2)]
    assert len(said[0].strip()) == 2 * 18 * 8
    assert said[0] == said[1]
