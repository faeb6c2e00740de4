"""What `import sonoher2` offers: these names, loaded when they are used, each with an example that runs."""

from __future__ import annotations

import ast
import doctest
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sonoher2

NAMES = [
    "Case",
    "ImageInput",
    "InputError",
    "PatientInput",
    "auc_delong",
    "calibration_curve",
    "calibration_slope_intercept",
    "check_study",
    "delong_test",
    "enhance_image",
    "extract_radiomics",
    "her2_status",
    "her2_statuses",
    "load_bundle",
    "load_study",
    "net_benefit",
    "open_run",
    "predict_patient",
    "read_image",
    "run_study",
    "segment_image",
    "split_patients",
    "validate_bundle",
    "write_demo_cohort",
    "write_report",
]
SLOW = {"write_report": pytest.mark.slow}


def test_these_names_and_no_others() -> None:
    assert sonoher2.__all__ == sorted([*NAMES, "__version__"])
    assert dir(sonoher2) == sonoher2.__all__
    with pytest.raises(AttributeError, match="no attribute 'predictt'"):
        _ = sonoher2.predictt


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(inspect.getfile(sonoher2)).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == {name: f"sonoher2.{home}" for name, home in sonoher2._HOMES.items()}
    assert sorted(seen) == NAMES


def test_the_import_loads_nothing_heavy() -> None:
    code = "import sys, sonoher2\nprint(*(name for name in sys.modules if name.startswith('sonoher2')))\n" + (
        "heavy = {'numpy', 'pandas', 'pydantic', 'sklearn', 'scipy', 'torch', 'typer', 'yaml'}\n"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {"sonoher2", "sonoher2.core", "sonoher2.core.version"}


def test_the_documentation_lists_every_name() -> None:
    text = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
    listed = [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")]
    assert sorted(name for name in listed if not name.startswith("result.")) == NAMES


@pytest.fixture(scope="module")
def workspace(finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small study and of its run, as the examples have them beside themselves."""
    folder = tmp_path_factory.mktemp("examples") / "work"
    shutil.copytree(finished.file.parent, folder)
    shutil.copytree(finished.run, folder / "run")
    return folder


@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, ())) for name in NAMES])
def test_the_example_runs(name: str, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace)
    offered = getattr(sonoher2, name)
    (test,) = doctest.DocTestFinder(recurse=False).find(offered, name, globs={})
    assert test.examples
    said: list[str] = []
    outcome = doctest.DocTestRunner().run(test, out=said.append)
    assert outcome.failed == 0, "".join(said)
