"""Frames of one file are pictures of their own, in every step that reads or keeps one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.cohort.images.check import image_record
from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.lesions.open import open_lesion
from sonoher2.study.measure.extract import extract_table
from sonoher2.study.measure.lesion_files import lesion_files

SIZE = (60, 70)


@pytest.fixture
def loop(tmp_path: Path) -> Path:
    """A file of three pages, each with another mean, and a mask."""
    rng = np.random.default_rng(0)
    first, *others = (Image.fromarray(rng.integers(low, low + 60, SIZE, dtype=np.uint8)) for low in (20, 80, 140))
    first.save(tmp_path / "loop.tif", save_all=True, append_images=others)
    mask = np.zeros(SIZE, np.uint8)
    mask[20:40, 20:45] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return tmp_path / "loop.tif"


def rows(loop: Path, *frames: float) -> pd.DataFrame:
    mask = str(loop.parent / "mask.png")
    return pd.DataFrame(
        {"image": str(loop), "masks": [(mask,)] * len(frames), "second_mask": None, "mm_per_pixel": np.nan,
         "frame": frames}
    )  # fmt: skip


def test_the_frame_is_part_of_what_a_cache_entry_depends_on(loop: Path) -> None:
    hashes = {str(loop): "a", str(loop.parent / "mask.png"): "b"}
    keys = [repr(file.key(hashes)) for file in lesion_files(rows(loop, 1, 2, np.nan))]
    assert len(set(keys)) == 3


def test_each_row_of_a_table_is_measured_on_its_frame(loop: Path, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("patient_id,image,mask,frame\n1,loop.tif,mask.png,3\n1,loop.tif,mask.png,1\n")
    extract_table(table, tmp_path / "o.csv", RadiomicsConfig(), data=None, reading=ImageReading(), workers=1)
    means = pd.read_csv(tmp_path / "o.csv")["original_firstorder_Mean"]
    pages = [open_lesion(str(loop), [str(tmp_path / "mask.png")], reading=ImageReading(), frame=f) for f in (3, 1)]
    expected = [float(page.image.pixels[page.mask].mean()) for page in pages]
    assert expected[0] - expected[1] > 100
    np.testing.assert_allclose(means, expected)


def test_the_check_looks_at_the_frame_that_is_named(loop: Path) -> None:
    masks = (str(loop.parent / "mask.png"),)
    first, second, unnamed = (
        image_record(str(loop), masks, None, frame, float("nan"), ImageReading()) for frame in (1, 2, None)
    )
    assert first.problem == second.problem == ""
    assert first.thumbnail != second.thumbnail
    assert "the file has 3 frames" in unnamed.problem
