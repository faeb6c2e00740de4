"""A table of images with bad rows: the others are measured, and every bad one is named."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cli.app import run
from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import FindingsError, InputError
from sonoher2.study.measure import extract
from sonoher2.study.measure.lesion_files import LesionFile

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


class Opened:
    """Stands in the place of a context: sizes by image, None for one that cannot be read, and no size for others."""

    def __init__(self, sizes: list[Any]) -> None:
        self.sizes, self.store = sizes, SimpleNamespace(clear=lambda: self.done.append("cleared"))
        self.done: list[str] = []

    def attempt(self, step: Any, files: Any, reading: Any) -> Any:
        assert step is extract.PIXEL_SIZES
        assert len(files) == len(self.sizes)
        known = {i: size for i, size in enumerate(self.sizes) if size is not None}
        problems = {
            i: InputError("it is broken", where=f"row {i}", fix="Mend it")
            for i, s in enumerate(self.sizes)
            if s is None
        }
        return SimpleNamespace(values={i: size or None for i, size in known.items()}, problems=problems)


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Function (rows, sizes, lesions) -> what came of them; a lesion is grey levels, pixels and one feature."""
    for name in "abcdefm":
        (tmp_path / f"{name}.png").write_bytes(name.encode())

    def measure(rows: str, sizes: list[Any], lesions: list[Any]) -> tuple[extract.Extraction, Opened, Any]:
        (tmp_path / "t.csv").write_text("patient_id,image,mask\n" + rows, encoding="utf-8")
        context, asked = Opened(sizes), dict[str, Any]()

        def each(files: list[Any], reading: Any, radiomics: Any, hashes: Any, given: Any) -> Any:
            asked.update(files=[Path(file.image).name for file in files], unit=radiomics.unit, reading=reading)
            assert given is context
            for place, lesion in enumerate(lesions):
                problem = InputError("it is flat", where=f"lesion {place}", fix="Mend it")
                yield place, problem if lesion is None else np.array(lesion, float)

        def opened(folder: Path, workers: object) -> Opened:
            asked.update(folder=folder.name, workers=workers)
            return context

        monkeypatch.setattr(extract, "local_context", opened)
        monkeypatch.setattr(extract, "each_lesion", each)
        monkeypatch.setattr(extract, "feature_names", lambda radiomics: ["f"])
        found = extract.extract_table(
            tmp_path / "t.csv", tmp_path / "out.csv", RadiomicsConfig(), data=None, reading=ImageReading(), workers=3
        )
        return found, context, asked

    return measure


def test_rows_that_cannot_be_measured_are_told_in_the_order_of_the_table(measured: Any, tmp_path: Path) -> None:
    """The second cannot be read, the third has no mask, the fifth is flat; of the fourth the size is unknown."""
    rows = "A,a.png,m.png\nB,b.png,m.png\nC,c.png,\nD,d.png,m.png\nE,e.png,m.png\n"
    found, context, asked = measured(rows, [(0.1, 0.2), None, (), (0.1, 0.1)], [[50, 900, 1.5], [3, 100, 2.5], None])
    assert asked["files"] == ["a.png", "d.png", "e.png"]
    assert (asked["unit"], asked["folder"], asked["workers"]) == ("pixels", ".out-cache", 3)
    assert (found.images, found.unit) == (2, "pixels")
    for problem, word in zip(found.problems, ("broken", "no mask", "flat"), strict=True):
        assert word in str(problem)
    written = pd.read_csv(tmp_path / "out.csv")
    assert written.to_dict("list") == {"patient_id": ["A", "D"], "image": ["a.png", "d.png"], "f": [1.5, 2.5]}
    said = " ".join(str(finding) for finding in found.findings)
    assert "1 of 3 images" in said
    # three grey levels are few, and a hundred pixels are less than 16 across
    assert said.count("d.png") == 3
    assert context.done == []


def test_all_in_mm_and_nothing_kept_where_every_row_is_measured(measured: Any) -> None:
    found, context, asked = measured("A,a.png,m.png\n", [(0.1, 0.2)], [[50, 900, 1.5]])
    assert (found.unit, asked["unit"], found.problems, found.findings) == ("mm", "mm", [], [])
    assert context.done == ["cleared"]


def test_a_table_of_which_nothing_can_be_measured_is_refused_with_all_reasons(measured: Any, tmp_path: Path) -> None:
    with pytest.raises(FindingsError) as refused:
        measured("A,a.png,m.png\nB,b.png,m.png\n", [None, (0.1, 0.1)], [None])
    assert ["broken" in str(refused.value.findings[0]), "flat" in str(refused.value.findings[1])] == [True, True]
    assert not (tmp_path / "out.csv").exists()
    with pytest.raises(FindingsError, match="broken"):
        measured("A,a.png,m.png\n", [None], [])
    with pytest.raises(InputError, match="the table has no rows"):
        measured("", [], [])


@pytest.mark.parametrize(("size", "told"), [((0.1, 0.2), [0.1, 0.2]), (None, None)])
def test_the_size_of_a_pixel_is_read_with_the_lesion_as_the_row_says(
    size: Any, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def opened(image: str, masks: tuple[str, ...], **how: object) -> Any:
        asked.append((image, masks, how))
        return SimpleNamespace(image=SimpleNamespace(mm_per_pixel=size))

    monkeypatch.setattr(extract, "open_lesion", opened)
    reading = ImageReading()
    assert extract._pixel_size(LesionFile("a.png", ("m.png",), 0.3, 2), reading) == told
    assert asked == [("a.png", ("m.png",), {"reading": reading, "mm_per_pixel": 0.3, "frame": 2})]

    def refused(*_: object, **__: object) -> None:
        raise InputError("it is broken", fix="Mend it")

    monkeypatch.setattr(extract, "open_lesion", refused)
    with pytest.raises(InputError, match=r"a\.png: it is broken"):
        extract._pixel_size(LesionFile("a.png", (), 0.3), reading)
