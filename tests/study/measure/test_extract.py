"""A table of images with bad rows: the others are measured, and every bad one is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cli.app import run
from sonoher2.study.measure import extract

DONE, BAD_INPUT = 0, 3


def lesion(folder: Path, name: str, radius: float = 15) -> None:
    rows, columns = np.ogrid[:70, :90]
    inside = np.hypot(rows - 35, columns - 45) < radius
    grey = np.random.default_rng(len(name)).integers(60, 200, (70, 90)) - 50 * inside
    Image.fromarray(grey.astype(np.uint8)).save(folder / f"{name}.png")
    Image.fromarray(np.where(inside, 255, 0).astype(np.uint8)).save(folder / f"{name}_mask.png")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    names = ["good", "broken", "missing", "outline", "nomask", "fine"]
    for name in names:
        lesion(tmp_path, name)
    (tmp_path / "broken.png").write_bytes(b"no picture")
    (tmp_path / "missing_mask.png").unlink()
    ring = np.asarray(Image.open(tmp_path / "outline_mask.png")).copy()
    ring[25:46, 35:56] = 0
    Image.fromarray(ring).save(tmp_path / "outline_mask.png")
    rows = [f"P{i},{name}.png,{'' if name == 'nomask' else name + '_mask.png'}" for i, name in enumerate(names)]
    (tmp_path / "t.csv").write_text("patient_id,image,mask\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path / "t.csv"


def test_every_bad_row_is_named_and_the_others_are_measured(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = table.with_name("features.csv")
    assert run(["extract", str(table), "--out", str(out), "--jobs", "1"]) == BAD_INPUT
    said = capsys.readouterr()
    assert pd.read_csv(out)["patient_id"].tolist() == ["P0", "P5"]
    errors = [line for line in said.err.splitlines() if line.startswith("error:")]
    for error, part in zip(errors, ("broken.png", "missing_mask.png", "outline_mask.png", "row 6"), strict=True):
        assert part in error
    assert "2 images" in said.out
    for name in ("broken", "missing", "outline", "nomask"):
        lesion(table.parent, name)
    mended = table.read_text(encoding="utf-8").replace("nomask.png,", "nomask.png,nomask_mask.png")
    table.write_text(mended, encoding="utf-8")
    assert run(["extract", str(table), "--out", str(out), "--jobs", "1"]) == DONE
    assert len(pd.read_csv(out)) == 6


def test_tiny_lesions_are_warned_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lesion(tmp_path, "a", radius=4)
    (tmp_path / "t.csv").write_text("patient_id,image,mask\nP,a.png,a_mask.png\n", encoding="utf-8")
    assert run(["extract", str(tmp_path / "t.csv"), "--out", str(tmp_path / "f.csv"), "--jobs", "1"]) == DONE
    assert "1 of 1 lesions are smaller than 16 pixels across (a.png)" in capsys.readouterr().err


def test_rows_stand_in_the_order_of_the_table_in_every_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extract, "BLOCK_ROWS", 2)
    names = ["b", "a", "c", "d", "e"]
    for name, radius in zip(names, (20, 12, 16, 12, 20), strict=True):
        # noise is drawn by the length of a name: files of one radius are equal
        lesion(tmp_path, name, radius)
    rows = [f"P{i},{name}.png,{name}_mask.png" for i, name in enumerate(names)]
    (tmp_path / "t.csv").write_text("patient_id,image,mask\n" + "\n".join(rows) + "\n", encoding="utf-8")
    for out in ("f.csv", "f.parquet"):
        assert run(["extract", str(tmp_path / "t.csv"), "--out", str(tmp_path / out), "--jobs", "1"]) == DONE
    found, parquet = pd.read_csv(tmp_path / "f.csv"), pd.read_parquet(tmp_path / "f.parquet")
    assert found["patient_id"].tolist() == ["P0", "P1", "P2", "P3", "P4"]
    areas = found["original_shape2D_PixelSurface"]
    # of discs of these radii
    assert areas.tolist() == pytest.approx([np.pi * radius**2 for radius in (20, 12, 16, 12, 20)], rel=0.05)
    assert areas[0] == areas[4]
    assert parquet.columns.tolist() == found.columns.tolist()
    assert np.array_equal(parquet.iloc[:, 2:].to_numpy(), found.iloc[:, 2:].to_numpy(), equal_nan=True)
    assert not (tmp_path / ".f-cache").exists()
