from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from sonoher2.cli.app import run
from sonoher2.cohort.split import load_split
from sonoher2.core.columns import TRAIN

DONE, BAD_INPUT = 0, 3


def picture(rows: int, columns: int) -> NDArray[np.uint8]:
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(rows, columns)), 2)
    return np.uint8(np.clip(120 + 60 * noise / noise.std(), 0, 255))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images of many kinds."""
    folder = tmp_path / "images"
    folder.mkdir()
    grey = picture(70, 90)
    kinds = {
        "grey": grey,
        "rgb": np.dstack([grey] * 3),
        "rgba": np.dstack([grey] * 3 + [np.full_like(grey, 255)]),
        "doppler": np.dstack([grey, grey // 2, grey // 4]),
        "deep": grey.astype(np.uint16) * 257,
        "tiny": picture(64, 64),
        "black": np.zeros((64, 64), np.uint8),
        "white": np.full((64, 64), 255, np.uint8),
    }
    for name, pixels in kinds.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def table(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "enhance.csv", keep_default_na=False).set_index("image")


def test_every_kind_of_image(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(["enhance", str(folder), "--out", str(out), "--side-by-side", "--jobs", "1"]) == DONE
    rows = table(out)
    assert len(rows) == 8
    assert (rows["problem"] == "").all()
    for path, row in rows.iterrows():
        with Image.open(path) as given, Image.open(out / row["enhanced"]) as enhanced:
            assert enhanced.mode == "L"
            assert enhanced.size == given.size
            with Image.open(out / row["side_by_side"]) as beside:
                assert beside.size == (2 * given.width + 8, given.height)
    kinds = rows.set_index(rows["enhanced"].str.removesuffix("_enhanced.png"))
    assert kinds.loc["rgb", "mean_grey_enhanced"] == pytest.approx(kinds.loc["grey", "mean_grey_enhanced"])
    assert kinds.loc["deep", "mean_grey_enhanced"] == pytest.approx(kinds.loc["grey", "mean_grey_enhanced"], abs=0.1)


def test_twice_the_size(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(["enhance", str(folder / "grey.png"), "--out", str(out), "--scale", "2"]) == DONE
    with Image.open(out / "grey_enhanced.png") as enhanced:
        assert enhanced.size == (180, 140)
    assert table(out)[["rows", "columns", "scale"]].to_numpy().tolist() == [[140, 180, 2]]


def test_bad_files_are_listed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "broken.png").write_bytes(b"\x89PNG broken")
    (folder / "empty.jpg").touch()
    out = tmp_path / "out"
    assert run(["enhance", str(folder), "--out", str(out)]) == BAD_INPUT
    said = capsys.readouterr()
    assert "8 images enhanced, 2 not" in said.out
    assert "broken.png" in said.err
    assert "empty.jpg: the file is empty" in said.err


def test_a_second_run_writes_nothing(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["enhance", str(folder / "grey.png"), "--out", str(out)]
    assert run(arguments) == DONE
    written = (out / "grey_enhanced.png").stat().st_mtime_ns
    assert run(arguments) == DONE
    assert (out / "grey_enhanced.png").stat().st_mtime_ns == written
    (out / "grey_enhanced.png").unlink()
    assert run(arguments) == DONE
    assert (out / "grey_enhanced.png").is_file()


def test_dicom_knows_the_size_of_its_pixels(shared: Path, tmp_path: Path) -> None:
    file = shared / "data/dicom/US/OBXXXX1A.dcm"
    assert run(["enhance", str(file), "--out", str(tmp_path), "--scale", "2"]) == DONE
    (row,) = table(tmp_path).to_dict("records")
    assert row["rows"] == 2 * 600
    assert row["mm_per_row"] == pytest.approx(0.262 / 2, abs=0.001)


def test_own_enhancer_from_training_to_use(folder: Path, tmp_path: Path) -> None:
    short = ["--epochs", "1", "--warm-up", "0", "--steps", "1", "--patch", "32"]
    train = ["train-enhancer", str(folder / "grey.png"), "--out", str(tmp_path / "own"), *short]
    assert run(train) == DONE
    weights = tmp_path / "own" / "enhancer.safetensors"
    before = weights.read_bytes()
    assert run(train) == DONE
    assert weights.read_bytes() == before
    own = ["enhance", str(folder / "grey.png"), "--out", str(tmp_path / "out"), "--weights", str(weights)]
    assert run(own) == DONE


def test_a_study_gives_its_training_patients_only(
    small_study_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def stop(path: Path, frame: int | None) -> NDArray[np.uint8]:
        read.append(Path(path).name)
        return picture(64, 64)

    monkeypatch.setattr("sonoher2.enhancement.fit._grey", stop)
    short = ["--epochs", "1", "--warm-up", "1", "--steps", "1", "--patch", "32"]
    assert run(["train-enhancer", str(small_study_file), "--out", str(tmp_path), *short]) == DONE
    sets = load_split(tmp_path / "split.json").sets
    images = pd.read_csv(small_study_file.parent / "images.csv", dtype=str)
    wanted = images.loc[images["patient_id"].map(sets) == TRAIN, "image"]
    assert sorted(read) == sorted(Path(path).name for path in wanted)


def test_weights_that_are_none(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["enhance", str(folder), "--out", str(tmp_path / "out"), "--weights", str(folder / "grey.png")]
    assert run(arguments) == BAD_INPUT
    assert "does not hold the weights of an enhancer" in capsys.readouterr().err
