"""Inputs that an earlier version got wrong, one folder a kind, each with its right outcome in `expected.txt`.

What a kind must do is a function `images_<kind>`, `tables_<kind>` or `faults_<kind>` in one of the files in `kinds`
(hyphens become underscores); it gets a copy of the kind's folder, which it may write into.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
Check = Callable[[Path], None]


def _checks() -> dict[str, Check]:
    found: dict[str, Check] = {}
    for file in sorted((HERE / "kinds").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"field_kinds_{file.stem}", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= {
            name: thing for name, thing in vars(module).items() if name.startswith(("images_", "tables_", "faults_"))
        }
    return found


CHECKS = _checks()


def kinds(group: str) -> list[str]:
    return sorted(folder.name for folder in (HERE / group).iterdir() if folder.is_dir())


def judge(group: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = CHECKS.get(f"{group}_{kind.replace('-', '_')}")
    assert check is not None, f"nothing says what must come of {group}/{kind}"
    folder = tmp_path / kind
    shutil.copytree(HERE / group / kind, folder)
    monkeypatch.chdir(folder)
    check(folder)


@pytest.mark.parametrize("kind", kinds("images"))
def test_an_image_is_read_rightly_or_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge("images", kind, tmp_path, monkeypatch)


@pytest.mark.parametrize("kind", kinds("tables"))
def test_a_table_is_read_rightly_or_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge("tables", kind, tmp_path, monkeypatch)


@pytest.mark.parametrize("kind", kinds("faults"))
def test_a_fault_is_one_clear_message(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge("faults", kind, tmp_path, monkeypatch)
