"""The most doubtful lesions come first, each with its own picture and mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.study.explain.segmented_lesions import doubtful_lesions, listed_lesions


@pytest.fixture
def segmented(tmp_path: Path) -> pd.DataFrame:
    """Three images, grey 10, 20 and 30; no lesion was found in the last."""
    rows = []
    for number, (found, confidence) in enumerate([(True, 0.9), (True, 0.4), (False, 0.95)]):
        grey, mask = tmp_path / f"i{number}.png", tmp_path / f"m{number}.png"
        pixels = np.full((60, 80), 10 * (number + 1), np.uint8)
        pixels[:, ::2] += 1
        Image.fromarray(pixels).save(grey)
        lesion = np.zeros((60, 80), np.uint8)
        lesion[10 : 20 + 10 * number, 20:50] = 255
        Image.fromarray(lesion).save(mask)
        rows.append((f"P{number}", str(grey), np.nan, str(mask), found, confidence))
    columns = ["patient_id", "image", "frame", "mask", "found", "confidence"]
    return pd.DataFrame(rows, columns=columns)


def test_images_without_a_lesion_come_first_and_then_the_least_sure(segmented: pd.DataFrame) -> None:
    lost, doubtful, sure = doubtful_lesions(segmented)
    assert [one.patient_id for one in (lost, doubtful, sure)] == ["P2", "P1", "P0"]
    assert not lost.mask.any()
    assert doubtful.mask.sum() == 20 * 30
    assert sure.mask.sum() == 10 * 30
    assert (sure.confidence, doubtful.confidence) == (0.9, 0.4)
    assert [round(float(one.pixels.mean()), 1) for one in (lost, doubtful, sure)] == [30.5, 20.5, 10.5]
    many = pd.concat([segmented] * 5, ignore_index=True)
    assert len(doubtful_lesions(many)) == 12
    assert doubtful_lesions(segmented[:0]) == ()


def test_the_list_names_files_and_no_mask_where_there_is_no_lesion(segmented: pd.DataFrame) -> None:
    table = listed_lesions(segmented)
    assert table["image"].tolist() == ["i0.png", "i1.png", "i2.png"]
    assert table["mask"].tolist() == ["P0_i0_mask.png", "P1_i1_mask.png", ""]


def test_the_frame_that_was_outlined_is_shown(segmented: pd.DataFrame, tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((60, 80), grey, np.uint8)) for grey in (40, 90)]
    for number, frame in enumerate(frames):
        frame.putpixel((0, 0), number)
    frames[0].save(tmp_path / "cine.tif", save_all=True, append_images=frames[1:])
    two = segmented.iloc[:1].assign(image=str(tmp_path / "cine.tif"), frame=2.0)
    [shown] = doubtful_lesions(two)
    assert np.median(shown.pixels) == 90


def test_a_large_picture_is_thinned_out_and_a_mask_that_cannot_be_read_is_none(
    segmented: pd.DataFrame, tmp_path: Path
) -> None:
    """900 columns: every third one; 400 stay as they are."""
    Image.fromarray(np.full((60, 900), 50, np.uint8)).save(tmp_path / "wide.png")
    Image.fromarray(np.full((60, 400), 50, np.uint8)).save(tmp_path / "own.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    rows = segmented.iloc[:2].assign(
        image=[str(tmp_path / "wide.png"), str(tmp_path / "own.png")], mask=str(tmp_path / "broken.png"),
        confidence=[0.1, 0.2],
    )  # fmt: skip
    wide, own = doubtful_lesions(rows)
    assert (wide.pixels.shape, wide.mask.shape) == ((20, 300), (20, 300))
    assert (own.pixels.shape, own.mask.shape) == ((60, 400), (60, 400))
    assert not wide.mask.any()
    assert wide.found


def test_equally_sure_ones_come_by_the_name_of_the_image(segmented: pd.DataFrame) -> None:
    alike = segmented.iloc[[1, 0]].assign(confidence=0.5)
    assert [one.patient_id for one in doubtful_lesions(alike)] == ["P0", "P1"]
    assert listed_lesions(segmented[:0]).empty
