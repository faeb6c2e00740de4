from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from sonoher2.cli.app import run
from sonoher2.lesions.mask import read_mask
from sonoher2.segmentation.batch import Outlining
from sonoher2.segmentation.segmenter import SHIPPED_SHA256, load_segmenter

DONE, USAGE, BAD_INPUT = 0, 2, 3


def picture(rows: int = 80, columns: int = 110) -> NDArray[np.uint8]:
    """A dark disc on speckle."""
    noise = gaussian_filter(np.random.default_rng(0).normal(size=(rows, columns)), 0.7)
    y, x = np.ogrid[:rows, :columns]
    lesion = (y - rows * 0.45) ** 2 + (x - columns * 0.4) ** 2 < (0.2 * rows) ** 2
    return np.uint8(np.clip(np.where(lesion, 30, 130) + 20 * noise / noise.std(), 0, 255))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images of many kinds, of the same lesion where there is one."""
    folder = tmp_path / "images"
    folder.mkdir()
    grey = picture()
    doppler = np.dstack([grey] * 3)
    doppler[50:60, 80:100] = (220, 40, 20)
    kinds = {
        "grey": grey,
        "rgb": np.dstack([grey] * 3),
        "rgba": np.dstack([grey] * 3 + [np.full_like(grey, 255)]),
        "doppler": doppler,
        "deep": grey.astype(np.uint16) * 257,
        "tiny": picture(64, 64),
        "black": np.zeros((64, 64), np.uint8),
        "white": np.full((64, 64), 255, np.uint8),
    }
    for name, pixels in kinds.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def segment(*arguments: object) -> int:
    return run(["segment", *map(str, arguments), "--jobs", "1"])


def rows(out: Path) -> pd.DataFrame:
    table = pd.read_csv(out / "segment.csv", keep_default_na=False, dtype=str)
    return table.set_index(table["image"].map(lambda path: Path(path).stem))


def test_every_kind_of_image(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert segment(folder, "--out", out, "--nifti") == DONE
    table = rows(out)
    assert len(table) == 8
    assert (table["problem"] == "").all()
    assert (table["weights"] == SHIPPED_SHA256).all()
    for name, row in table.iterrows():
        given = np.asarray(Image.open(folder / f"{name}.png"))
        mask = np.asarray(Image.open(out / f"{name}_mask.png"))
        assert mask.shape == given.shape[:2]
        assert set(np.unique(mask)) <= {0, 255}
        assert np.count_nonzero(mask) == int(row["area_pixels"])
        with Image.open(out / row["overlay"]) as overlay:
            assert (overlay.mode, overlay.size) == ("RGB", mask.shape[::-1])
        volume = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(out / row["nifti"])))
        assert np.array_equal(volume, mask // 255)
    assert (table.loc[["black", "white"], "found"] == "no").all()
    assert (table.drop(index=["black", "white"])["found"] == "yes").all()
    assert table["area_pixels"][["rgb", "rgba", "deep"]].eq(table["area_pixels"]["grey"]).all()
    assert "6 lesions, 2 images without one, 0 not read" in capsys.readouterr().out


def test_the_mask_can_be_read_as_a_given_one(folder: Path, tmp_path: Path) -> None:
    assert segment(folder / "grey.png", "--out", tmp_path / "out") == DONE
    row = rows(tmp_path / "out").loc["grey"]
    mask = read_mask([tmp_path / "out" / "grey_mask.png"], (80, 110))
    found_rows, found_columns = np.nonzero(mask)
    assert [found_rows.min(), found_columns.min()] == [int(row["top"]), int(row["left"])]
    assert [found_rows.max() + 1, found_columns.max() + 1] == [int(row["bottom"]), int(row["right"])]
    assert mask[36, 44]


def test_a_batch_gives_what_each_image_gives_alone(folder: Path, tmp_path: Path) -> None:
    assert segment(folder, "--out", tmp_path / "all") == DONE
    assert segment(folder / "tiny.png", "--out", tmp_path / "one") == DONE
    alone, together = (rows(tmp_path / name).loc["tiny"] for name in ("one", "all"))
    assert alone.drop("key").equals(together.drop("key"))
    assert (tmp_path / "one/tiny_mask.png").read_bytes() == (tmp_path / "all/tiny_mask.png").read_bytes()


def test_a_second_run_does_only_what_is_missing(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert segment(folder, "--out", out, "--no-overlay") == DONE
    times = {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")}
    (out / "tiny_mask.png").unlink()
    assert segment(folder, "--out", out, "--no-overlay") == DONE
    again = {path.name: path.stat().st_mtime_ns for path in out.glob("*.png")}
    assert {name for name in again if again[name] != times[name]} == {"tiny_mask.png"}


def test_a_bad_file_is_listed_and_the_others_go_on(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.png").write_bytes(b"\x89PNG no more")
    assert segment(folder, "--out", tmp_path / "out") == BAD_INPUT
    table = rows(tmp_path / "out")
    assert "cannot be read" in table.loc["broken", "problem"]
    assert (table.drop(index="broken")["problem"] == "").all()
    assert "broken.png" in capsys.readouterr().err


def test_images_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.fromarray(picture()).save(tmp_path / name / "1.png")
    assert segment(tmp_path / "a", tmp_path / "b", "--out", tmp_path / "out") == DONE
    assert {path.name for path in (tmp_path / "out").glob("*_mask.png")} == {"a_1_mask.png", "b_1_mask.png"}


def test_a_click_finds_what_lies_under_it(folder: Path, tmp_path: Path) -> None:
    assert segment(folder / "grey.png", "--out", tmp_path / "on", "--click", "36,44") == DONE
    assert segment(folder / "grey.png", "--out", tmp_path / "off", "--click", "2,108") == DONE
    assert rows(tmp_path / "on").loc["grey", "found"] == "yes"
    assert rows(tmp_path / "off").loc["grey", "found"] == "no"


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--click", "here"], USAGE, "--click takes ROW,COLUMN"),
        (["--box", "1,2,3"], USAGE, "--box takes TOP,LEFT,BOTTOM,RIGHT"),
        (["--click", "500,3"], BAD_INPUT, "lies outside the image of 80 rows x 110 columns"),
        (["--weights", "absent.safetensors"], BAD_INPUT, "no such file of weights"),
    ],
)
def test_wrong_options(
    folder: Path, tmp_path: Path, options: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert segment(folder / "grey.png", "--out", tmp_path / "out", *options) == code
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_click_is_for_one_image(folder: Path, tmp_path: Path) -> None:
    assert segment(folder, "--out", tmp_path / "out", "--click", "3,3") == USAGE


def training_table(folder: Path) -> Path:
    lines = ["patient_id,image,mask,group"]
    for number in range(8):
        grey = picture(60 + number, 80)
        Image.fromarray(grey).save(folder / f"t{number}.png")
        Image.fromarray(np.uint8(255 * (grey < 70))).save(folder / f"t{number}_mask.png")
        mask = "none" if number == 7 else f"t{number}_mask.png"
        lines.append(f"p{number},t{number}.png,{mask},{'A' if number < 5 else 'B'}")
    lines.append("p9,t0.png,,A")
    table = folder / "train.csv"
    table.write_text("\n".join(lines), encoding="utf-8")
    return table


TINY = ["--network", "EfficientNet-Lite0", "--encoder-weights", "none", "--size", "32", "--warm-up-size", "32"]


def test_training_from_a_table(tmp_path: Path) -> None:
    out = tmp_path / "trained"
    options = ["--out", str(out), *TINY, "--epochs", "1", "--warm-up", "0", "--validation", "0.2"]
    assert run(["train-segmenter", str(training_table(tmp_path)), *options]) == DONE
    card = load_segmenter(out / "segmenter.safetensors").card
    assert card["images"] == {"A": 5, "B": 3}
    assert card["schedule"]["epochs"] == 1
    assert pd.read_csv(out / "curve.csv")["epoch"].tolist() == [1]
    weights = out / "segmenter.safetensors"
    assert segment(tmp_path / "t0.png", "--out", tmp_path / "masks", "--weights", weights) == DONE


@pytest.mark.slow
def test_training_from_a_study_takes_its_training_patients(small_study_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "trained"
    options = ["--out", str(out), *TINY, "--epochs", "1", "--warm-up", "1"]
    assert run(["train-segmenter", str(small_study_file), *options]) == DONE
    card = load_segmenter(out / "segmenter.safetensors").card
    assert 0 < sum(card["patients"].values()) < 50


def test_a_table_without_masks_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "t.csv"
    table.write_text("patient_id,image\np1,a.png\n", encoding="utf-8")
    assert run(["train-segmenter", str(table), "--out", str(tmp_path / "out")]) == BAD_INPUT
    assert "no column `mask`" in capsys.readouterr().err


def test_click_box_and_switches_reach_the_segmenter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def nothing(images: object, out: Path, how: Outlining, workers: int | None) -> pd.DataFrame:
        given.extend([how, out, workers])
        return pd.DataFrame({"found": ["no"], "problem": [""]})

    monkeypatch.setattr("sonoher2.segmentation.batch.segment_images", nothing)
    Image.fromarray(picture()).save(tmp_path / "a.png")
    options = ["--no-overlay", "--nifti", "--weights", "w"]
    for prompt, at, box in (
        (["--click", "3, 4"], (3, 4), None),
        (["--box", "1,2,30,40"], None, (slice(1, 30), slice(2, 40))),
    ):
        given.clear()
        assert segment(tmp_path / "a.png", "--out", tmp_path / "o", *prompt, *options) == DONE
        assert given == [Outlining(at, box, False, True, Path("w")), tmp_path / "o", 1]


def test_a_click_and_a_box_are_one_too_many(folder: Path, tmp_path: Path) -> None:
    image, out = str(folder / "grey.png"), str(tmp_path / "out")
    assert run(["segment", image, "--out", out, "--click", "10,10", "--box", "0,0,20,20"]) == USAGE
    assert not (tmp_path / "out").exists()


def test_a_mask_that_was_drawn_beside_the_image_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    Image.fromarray(picture()).save(tmp_path / "X.png")
    Image.fromarray(np.uint8(255) * (picture() < 60)).save(tmp_path / "X_mask.png")
    drawn = (tmp_path / "X_mask.png").read_bytes()
    assert run(["segment", str(tmp_path), "--out", str(tmp_path)]) == BAD_INPUT
    assert "X_mask.png. Choose another folder" in capsys.readouterr().err
    assert (tmp_path / "X_mask.png").read_bytes() == drawn
