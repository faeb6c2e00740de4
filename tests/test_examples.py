"""Every study file in `examples` passes its check and runs, on a part of its own data."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.classifiers.candidates import FAMILIES
from sonoher2.cli.app import run
from sonoher2.cohort.load import load_cohort
from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.core.yaml_file import read_yaml
from sonoher2.study.results.saved import open_run
from sonoher2.synthetic.demo import write_demo_cohort

PAPER = Path(__file__).parents[1] / "examples" / "hu2025.yaml"
EXAMPLES = sorted(file for file in PAPER.parent.glob("*.yaml") if file != PAPER)
PYTHON = Path(__file__).parents[1] / "examples" / "api.py"
OF_EACH_CLASS = 25
SHORT = {
    "models": ["logistic"],
    "validation": {"outer_folds": 3, "inner_folds": 2},
    "evaluation": {"bootstrap": 100},
    "stability": None,
}


@pytest.fixture
def example(request: pytest.FixtureRequest, shared: Path, tmp_path: Path) -> Path:
    """The study file `request.param` with few models and few patients: shorter tables beside links to the images."""
    study, settings = load_study(request.param), read_yaml(request.param)
    data = tmp_path / "data"
    data.mkdir()
    for entry in study.data.iterdir():
        (data / entry.name).symlink_to(entry)
    chosen = some_patients(study)
    for name, part in (("images", study.images), ("clinical", study.clinical)):
        if part is not None:
            shorten(data / part.table, settings[name]["patient_id"], chosen, settings[name].get("sheet", "Sheet1"))
    settings = {**settings, **SHORT, "data": str(data)}
    settings["radiomics"] = {**settings.get("radiomics", {}), "filters": ["original"]}
    if "selection" in settings:
        settings["selection"] |= {"bootstraps": 3}
    if "deep" in settings:
        deep = {**settings["deep"], "size": 64}
        settings["deep"] = {**deep, "epochs": 1} if "epochs" in deep else deep
    file = tmp_path / request.param.name
    file.write_text(json.dumps(settings), encoding="utf-8")
    return file


def some_patients(study: StudyConfig) -> set[str]:
    labels = load_cohort(study).patients["label"]
    picked = labels.groupby(labels).sample(OF_EACH_CLASS, random_state=np.random.default_rng(0))
    return set(picked.index)


def shorten(table: Path, patient_id: str, chosen: set[str], sheet: str) -> None:
    """Keep the rows of some patients; what was a link becomes a file of its own."""
    if not table.is_symlink():
        return
    original = table.resolve()
    table.unlink()
    if table.suffix == ".xlsx":
        rows = pd.read_excel(original, dtype=object)
        rows[rows[patient_id].astype(str).isin(chosen)].to_excel(table, sheet_name=sheet, index=False)
        return
    separator = "\t" if table.suffix == ".txt" else ","
    rows = pd.read_csv(original, sep=separator, comment="#" if table.suffix == ".txt" else None, dtype=str)
    rows[rows[patient_id].isin(chosen)].to_csv(table, sep=separator, index=False)


@pytest.mark.examples
def test_python_does_what_the_commands_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(PYTHON))["main"](tmp_path)
    said = capsys.readouterr().out
    assert "102 features; area 6.00 mm²" in said
    assert said.splitlines()[4].split() == ["2", "2+", "amplified", "positive", "IHC", "2+,", "ISH", "positive"]
    signatures = pd.read_csv(tmp_path / "run" / "signatures.csv")
    for name, chance in [line.split()[:2] for line in said.splitlines()[-3:]]:
        assert name in set(signatures["signature"])
        assert 0 < float(chance) < 1
    assert len(PYTHON.read_text(encoding="utf-8").splitlines()) < 60


@pytest.mark.examples
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem, indirect=True)
def test_an_example_is_checked_and_run(
    example: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # explanations take most of such a short run; that they are made at all is what is tried here
    monkeypatch.setattr("sonoher2.explain.feature_shap.ROUNDS", 1)
    monkeypatch.setattr("sonoher2.explain.feature_shap.BACKGROUND", 5)
    monkeypatch.setattr("sonoher2.study.explain.heat_maps.CHECKED", 2)
    monkeypatch.setattr("sonoher2.study.explain.heat_maps.DELETION_STEPS", 3)
    assert run(["check", str(example), "--jobs", "1"]) == 0, capsys.readouterr()
    assert run(["run", str(example), "--out", str(tmp_path / "run"), "--jobs", "1"]) == 0, capsys.readouterr()
    signatures = pd.read_csv(tmp_path / "run" / "signatures.csv")
    deep = "deep" in json.loads(example.read_text(encoding="utf-8"))
    assert ("Deep" in set(signatures["signature"])) == deep
    assert set(signatures["set"]) == {"train_oof", "test"}
    assert signatures["auc"].between(0.2, 1).all()
    settings = json.loads(example.read_text(encoding="utf-8"))
    if "selection" in settings:
        index = open_run(tmp_path / "run").robustness.selection_index.set_index("repeats")
        assert index["runs"]["bootstraps"] == settings["selection"]["bootstraps"]


@pytest.mark.examples
def test_every_line_of_the_paper_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sonoher2.explain.feature_shap.ROUNDS", 1)
    monkeypatch.setattr("sonoher2.explain.feature_shap.BACKGROUND", 5)
    monkeypatch.setattr("sonoher2.study.explain.heat_maps.CHECKED", 1)
    monkeypatch.setattr("sonoher2.study.explain.heat_maps.DELETION_STEPS", 2)
    write_demo_cohort(tmp_path / "cohort", patients=60, size=(96, 96))
    settings = read_yaml(PAPER)
    settings["radiomics"] = {"filters": ["original"], "bin_count": 16}
    settings["selection"] |= {"bootstraps": 3}
    settings["regions"] |= {"training": {"epochs": 24, "size": 64}}
    settings["enhance"] |= {"training": {"epochs": 2, "steps": 1, "patch": 64}}
    settings |= {"stability": None, "evaluation": {"bootstrap": 100}, "data": str(tmp_path / "cohort")}
    settings["validation"] = {"outer_folds": 3, "inner_folds": 2}
    file, out = tmp_path / "hu2025.yaml", tmp_path / "run"
    # networks whose weights are at hand; those of the paper need gigabytes and minutes, even small
    networks = ["EfficientNet-Lite0", "EfficientNet-Lite2"]
    settings["deep"] |= {"network": networks, "size": 64, "epochs": 1}
    file.write_text(json.dumps(settings), encoding="utf-8")
    assert run(["run", str(file), "--out", str(out), "--jobs", "1"]) == 0, capsys.readouterr()
    table = open_run(out).performance.models
    shown = table.groupby("family", sort=False)["model"].unique().map(list).to_dict()
    assert shown["Radiomics"] == [name for name in FAMILIES if name in settings["models"]]
    assert shown["Networks alone"] == networks
    assert shown["DLR + clinical"] == shown["Radiomics"]
    assert {"Clinical", "Radiomics", "Deep", "DLR", "Combined", "Combined (zoo)"} <= set(shown["Signatures"])
    assert set(table["set"]) == {"train_oof", "test"}
