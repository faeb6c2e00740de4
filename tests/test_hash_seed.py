"""No output depends on the order of a set, which Python draws anew in each process (PYTHONHASHSEED)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sonoher2.synthetic.demo import write_demo_cohort

STUDY = """
radiomics: {filters: [original], bin_count: 16}
models: [ridge]
validation: {outer_folds: 2, inner_folds: 2}
evaluation: {bootstrap: 100, subgroups: [site]}
stability: null
"""
COMMANDS = (
    ["init", "demo", "--out", "demo/drafted.yaml"],
    ["check", "demo/study.yaml", "--jobs", "1"],
    ["run", "demo/study.yaml", "--out", "run", "--jobs", "1"],
)
TIMED = ("run.json", "results.json", "ledger.json", ".sonoher2-ledger.json")
"""Files that hold the times of their own making."""
_TIME = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(\+\d\d:\d\d|Z)?|\d+(\.\d+)? s\b")


def outputs(folder: Path, seed: str) -> dict[str, bytes]:
    """All files that the commands leave, and what they print."""
    shutil.rmtree(folder, ignore_errors=True)
    file = write_demo_cohort(folder / "demo", patients=60, seed=0, size=(64, 64))
    file.write_text(file.read_text(encoding="utf-8") + STUDY, encoding="utf-8")
    printed = {}
    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-m", "sonoher2", *command],
            cwd=folder,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        printed[command[0]] = _TIME.sub(b"", done.stdout + done.stderr)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in TIMED)
    return printed | {path.relative_to(folder).as_posix(): _TIME.sub(b"", path.read_bytes()) for path in files}


@pytest.mark.slow
def test_two_processes_with_other_hashes_write_the_same(tmp_path: Path) -> None:
    one, other = outputs(tmp_path / "study", "1"), outputs(tmp_path / "study", "2")
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
