"""Studies of other kinds than the usual one: three classes, a second reader, a biopsy study, clinical data alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation

from sonoher2.bundle.load import load_bundle
from sonoher2.config.load import load_study
from sonoher2.core.errors import InputError
from sonoher2.report.page.html import write_report
from sonoher2.study.run import run_study


def variant(file: Path, name: str, *changes: tuple[str, str]) -> Path:
    """Write a changed copy of a study file beside it."""
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = file.with_name(f"{name}.yaml")
    path.write_text(text, encoding="utf-8")
    return path


def test_three_classes(tmp_path: Path) -> None:
    # HER2 zero, low and positive at random ages: the youngest are zero, the oldest positive, with noise
    rng = np.random.default_rng(0)
    status = np.resize([0, 1, 2], 150)
    table = pd.DataFrame(
        {
            "patient_id": [f"P{i}" for i in range(150)],
            "age": (45 + 8 * status + rng.normal(0, 8, 150)).round(1),
            "ihc": np.array(["0", "1+", "3+"])[status],
        }
    )
    table.to_csv(tmp_path / "clinical.csv", index=False)
    study = tmp_path / "study.yaml"
    study.write_text(
        "clinical:\n  table: clinical.csv\n  columns:\n    age: {kind: number, timing: pre-biopsy, unit: years}\n"
        "target: {ihc: ihc, rule: ASCO/CAP 2023, task: zero-low-positive}\n"
        "evaluation: {bootstrap: 100}\n",
        encoding="utf-8",
    )
    result = run_study(load_study(study), tmp_path / "run", jobs=1)
    assert result.about.classes == ("zero", "low", "positive")
    assert set(result.performance.signatures["outcome"]) == {"zero", "low", "positive", "macro"}
    auc = result.performance.signatures.set_index(["set", "outcome"])["auc"]
    assert auc["test", "zero"] > 0.65
    assert auc["test", "positive"] > 0.65
    assert auc["test", "macro"] == pytest.approx(np.mean([auc["test", name] for name in result.about.classes]))
    assert load_bundle(tmp_path / "run" / "bundle").schema.outcomes == {"zero": 0, "low": 1, "positive": 2}
    assert write_report(result, tmp_path / "run").is_file()


def test_second_readers_masks_filter_features(small_study_file: Path, tmp_path: Path) -> None:
    images = pd.read_csv(small_study_file.parent / "images.csv", dtype=str)
    second = tmp_path / "second"
    second.mkdir()
    for row in images.itertuples():
        mask = np.asarray(Image.open(small_study_file.parent / row.mask)) > 0
        Image.fromarray(binary_dilation(mask, iterations=2).astype(np.uint8) * 255).save(second / Path(row.mask).name)
    images.assign(second=[str(second / Path(mask).name) for mask in images["mask"]]).to_csv(
        small_study_file.with_name("images2.csv"), index=False
    )
    study = variant(
        small_study_file,
        "second",
        ("table: images.csv", "table: images2.csv\n  second_mask: second"),
        ("timing: pre-biopsy\nsplit", "selection: {icc: 0.8}\ntiming: pre-biopsy\nsplit"),
    )
    result = run_study(load_study(study), tmp_path / "run", jobs=1)
    step = result.model.selection.iloc[0]
    assert step["step"] == "ICC(2,1) >= 0.8"
    assert 0 < step["features_out"] < step["features_in"]


def test_icc_without_second_masks_is_refused(small_study_file: Path) -> None:
    study = variant(
        small_study_file,
        "no-second",
        ("timing: pre-biopsy\nsplit", "selection: {icc: 0.8}\ntiming: pre-biopsy\nsplit"),
    )
    with pytest.raises(InputError, match="no second reader is named"):
        load_study(study)


def test_biopsy_study_reports_with_and_without_biopsy_columns(small_study_file: Path, tmp_path: Path) -> None:
    study = variant(
        small_study_file,
        "biopsy",
        ("nodes: {kind: ordered, timing: pre-biopsy", "nodes: {kind: ordered, timing: biopsy"),
        ("timing: pre-biopsy\nsplit", "timing: biopsy\nsplit"),
    )
    result = run_study(load_study(study), tmp_path / "run", jobs=1)
    names = set(result.performance.signatures["signature"])
    assert names == {
        "Clinical",
        "Radiomics",
        "Clinical+Radiomics",
        "Clinical (pre-biopsy)",
        "Clinical+Radiomics (pre-biopsy)",
    }


def test_biopsy_column_in_a_pre_biopsy_study_is_refused(small_study_file: Path) -> None:
    study = variant(
        small_study_file,
        "late",
        ("nodes: {kind: ordered, timing: pre-biopsy", "nodes: {kind: ordered, timing: biopsy"),
    )
    with pytest.raises(InputError, match="cannot use nodes"):
        load_study(study)


def test_lesions_with_few_grey_levels_are_a_warning(small_study_file: Path, finished, tmp_path: Path) -> None:
    assert not [finding for finding in finished.result.checks.findings if "grey levels" in finding.what]
    study = variant(small_study_file, "wide", ("bin_count: 16", "bin_width: 60"))
    findings = run_study(load_study(study), tmp_path / "run", jobs=1).checks.findings
    [warning] = [finding for finding in findings if "grey levels" in finding.what]
    assert warning.severity == "warning"
    assert "fewer than 8 grey levels" in warning.what
