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
