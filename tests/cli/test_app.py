"""The command line: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cli.app import run
from sonoher2.config.load import load_study
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.radiomics.extract import feature_names

DONE, USAGE, BAD_INPUT = 0, 2, 3


def test_ctrl_c_has_its_own_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sonoher2.synthetic.demo.write_demo_cohort", stop)
    assert run(["demo", "--out", "nowhere"]) == 4
    assert "the same command resumes" in capsys.readouterr().err


@pytest.fixture
def cohort(small_study_file: Path, tmp_path: Path) -> Path:
    """A copy of the small cohort that a test may spoil; gives its study file."""
    folder = tmp_path / "cohort"
    shutil.copytree(small_study_file.parent, folder)
    return folder / small_study_file.name


def edit(table: Path, change) -> None:
    """Change a CSV table in place; all its cells are text."""
    rows = pd.read_csv(table, dtype=str, keep_default_na=False)
    change(rows)
    rows.to_csv(table, index=False)


def test_help_needs_no_heavy_library() -> None:
    code = (
        "import sys\nfrom sonoher2.cli.app import run\nrun(['--help'])\n"
        "heavy = {'numpy', 'pandas', 'sklearn', 'scipy', 'numba', 'matplotlib', 'pydicom', 'SimpleITK'}\n"
        "sys.exit(','.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "not for clinical use" in done.stdout


@pytest.mark.slow
def test_the_whole_way_on_the_command_line(cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    assert run(["check", str(cohort), "--jobs", "1"]) == DONE
    assert "events per variable" in capsys.readouterr().out
    assert run(["run", str(cohort), "--out", str(out), "--jobs", "1"]) == DONE
    assert "Clinical+Radiomics" in capsys.readouterr().out
    assert (out / "report.html").is_file()
    images = pd.read_csv(cohort.parent / "images.csv").iloc[0]
    image, mask = cohort.parent / images["image"], cohort.parent / images["mask"]
    asked = ["predict", str(out / "bundle"), "--image", str(image), "--mask", str(mask), "--clinical", "age=50"]
    assert run(asked) == BAD_INPUT
    assert "--mm-per-pixel" in capsys.readouterr().err
    asked += ["--mm-per-pixel", str(images["mm_per_pixel"])]
    assert run([*asked, "--json"]) == DONE
    answer = json.loads(capsys.readouterr().out)
    assert {score["signature"] for score in answer["scores"]} == {"Clinical", "Radiomics", "Clinical+Radiomics"}
    assert answer["synthetic"] is True
    assert run(asked) == DONE
    assert "Research software, not for clinical use" in capsys.readouterr().out
    again = tmp_path / "validation"
    assert run(["validate", str(out / "bundle"), str(cohort), "--out", str(again), "--jobs", "1"]) == DONE
    assert (again / "report.html").is_file()


def test_extract_writes_one_row_per_image(cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "features.csv"
    table = cohort.parent / "images.csv"
    assert run(["extract", str(table), "--out", str(out), "--ring-share", "0.3", "--jobs", "1"]) == DONE
    features, images = pd.read_csv(out), pd.read_csv(table)
    assert features["patient_id"].tolist() == images["patient_id"].tolist()
    assert features["image"].tolist() == images["image"].tolist()
    config = RadiomicsConfig.model_validate({"ring": {"share": 0.3}})
    assert features.columns[2:].tolist() == feature_names(config)
    assert np.isfinite(features["original_firstorder_Mean"]).all()
    assert [path.name for path in out.parent.iterdir()] == ["features.csv"]


def test_init_drafts_a_study_that_loads(cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "clinic"
    shutil.copytree(cohort.parent / "images", folder / "images")
    shutil.copytree(cohort.parent / "masks", folder / "masks")
    shutil.copy(cohort.parent / "clinical.csv", folder / "clinical.csv")
    out = tmp_path / "study.yaml"
    assert run(["init", str(folder), "--out", str(out)]) == DONE
    assert "CONFIRM" in out.read_text(encoding="utf-8")
    study = load_study(out)
    assert study.data == folder.resolve()
    assert study.images is not None
    assert run(["init", str(folder), "--out", str(out)]) == USAGE
    assert "exists already" in capsys.readouterr().err


def test_demo_writes_a_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--out", str(tmp_path / "demo"), "--patients", "2"]) == DONE
    assert "synthetic" in capsys.readouterr().out
    assert load_study(tmp_path / "demo" / "study.yaml").synthetic


@pytest.mark.parametrize(
    "arguments", [["runn"], ["run"], ["check", "study.yaml", "--unknown"], ["demo", "--patients", "0"]]
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == USAGE
    assert capsys.readouterr().err


def spoil_image(folder: Path) -> str:
    image = sorted((folder / "images").glob("*.png"))[0]
    image.write_bytes(b"no picture at all")
    return image.name


def spoil_mask_empty(folder: Path) -> str:
    mask = sorted((folder / "masks").glob("*.png"))[0]
    Image.fromarray(np.zeros((80, 80), np.uint8)).save(mask)
    return mask.name


def spoil_mask_size(folder: Path) -> str:
    mask = sorted((folder / "masks").glob("*.png"))[0]
    Image.fromarray(np.eye(70, dtype=np.uint8) * 255).save(mask)
    return mask.name


def spoil_age(folder: Path) -> str:
    edit(folder / "clinical.csv", lambda rows: rows.__setitem__("age", ["250", *rows["age"][1:]]))
    return "'age'"


def spoil_column(folder: Path) -> str:
    rows = pd.read_csv(folder / "clinical.csv", dtype=str, keep_default_na=False)
    rows.rename(columns={"age": "agge"}).to_csv(folder / "clinical.csv", index=False)
    return "agge"


def spoil_label(folder: Path) -> str:
    rows = pd.read_csv(folder / "clinical.csv", dtype=str, keep_default_na=False)
    first = rows.iloc[[0]].assign(her2_ihc="3+", her2_ish="")
    second = rows.iloc[[0]].assign(her2_ihc="0", her2_ish="")
    pd.concat([first, second, rows.iloc[1:]]).to_csv(folder / "clinical.csv", index=False)
    return rows["patient_id"].iloc[0]


def spoil_classes(folder: Path) -> str:
    def all_negative(rows: pd.DataFrame) -> None:
        rows["her2_ihc"], rows["her2_ish"] = "0", ""

    edit(folder / "clinical.csv", all_negative)
    return "only one class"


def spoil_all_but_five(folder: Path) -> str:
    rows = pd.read_csv(folder / "clinical.csv", dtype=str, keep_default_na=False)
    rows.iloc[:5].to_csv(folder / "clinical.csv", index=False)
    return "patients"


def spoil_key(folder: Path) -> str:
    study = folder / "study.yaml"
    study.write_text(study.read_text(encoding="utf-8").replace("title:", "titel:"), encoding="utf-8")
    return "Did you mean 'title'?"


def spoil_yaml(folder: Path) -> str:
    (folder / "study.yaml").write_text("title: [unclosed", encoding="utf-8")
    return "not readable as YAML"


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_image,
        spoil_mask_empty,
        spoil_mask_size,
        spoil_age,
        spoil_column,
        spoil_label,
        spoil_classes,
        spoil_all_but_five,
        spoil_key,
        spoil_yaml,
    ],
)
@pytest.mark.parametrize("command", ["check", "run"])
def test_bad_input_is_one_clear_message(
    spoil, command: str, cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = spoil(cohort.parent)
    out = tmp_path / "run"
    arguments = [command, str(cohort), "--jobs", "1", *(["--out", str(out)] if command == "run" else [])]
    assert run(arguments) == BAD_INPUT
    said = capsys.readouterr().err
    assert named in said
    assert "Traceback" not in said
    assert not (out / "report.html").exists()
    assert run([*arguments, "--debug"]) == BAD_INPUT
    assert "Traceback" in capsys.readouterr().err


def test_ihc_2_without_ish_is_left_out_and_counted(cohort: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def doubt(rows: pd.DataFrame) -> None:
        rows.loc[:3, "her2_ihc"] = "2+"
        rows.loc[:3, "her2_ish"] = ""

    edit(cohort.parent / "clinical.csv", doubt)
    assert run(["check", str(cohort), "--jobs", "1"]) == DONE
    line = next(line for line in capsys.readouterr().out.splitlines() if "left out: HER2 indeterminate" in line)
    assert int(line.split()[-1]) >= 4


def test_output_folder_that_cannot_be_written(cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run(["run", str(cohort), "--out", str(tmp_path / "file" / "run"), "--jobs", "1"]) == BAD_INPUT
    assert "cannot write this file" in capsys.readouterr().err


def test_commands_stand_in_the_order_of_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == DONE
    said = capsys.readouterr().out
    names = ["init", "check", "run", "report", "extract", "predict", "validate", "serve", "demo", "audit"]
    places = [re.search(rf"^\W*{name}\s", said, re.MULTILINE).start() for name in names]
    assert places == sorted(places)


def test_audit_alone_shows_what_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    run(["audit"])
    said = "".join(capsys.readouterr())
    assert "Check whether a pipeline fools its user" in said
    assert all(re.search(rf"^\W*{name}\s", said, re.MULTILINE) for name in ("null", "simulated-signal", "table"))
    assert "planted" not in said
