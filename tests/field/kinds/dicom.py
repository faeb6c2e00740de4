"""DICOM files and files of several frames: read rightly, or refused with a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from field.command import BAD_INPUT, DONE, sonoher2
from sonoher2.core.errors import InputError
from sonoher2.images.read import read_image
from sonoher2.lesions.mask import read_mask
from sonoher2.lesions.open import read_lesion

LESION_MEAN = 45.579
"""Mean grey of the lesion of every field picture, from the expected texts."""


def lesion_mean(image: Path, folder: Path, frame: int | None = None) -> float:
    lesion = read_lesion(image, [folder / "mask.png"], frame=frame)
    return float(lesion.image.pixels[lesion.mask].mean())


def assert_equals_true(folder: Path, within: float = 0.0) -> None:
    difference = read_image(folder / "image.dcm").pixels - read_image(folder / "true.png").pixels
    assert np.abs(difference).max() <= within


def images_absurd_mm(folder: Path) -> None:
    for name in ("one-mm.dcm", "mm-written-as-cm.dcm"):
        assert read_image(folder / name).mm_per_pixel is None
        assert read_lesion(folder / name, [folder / "mask.png"]).image.mm_per_pixel is None


def images_blank_calibration(folder: Path) -> None:
    assert read_image(folder / "image.dcm").mm_per_pixel is None
    assert_equals_true(folder)


def images_cine(folder: Path) -> None:
    table, out = folder / "t.csv", folder / "out.csv"
    refused = sonoher2("extract", table, "--out", out)
    assert refused.code == BAD_INPUT
    assert "the file has 3 frames" in refused.err
    rows = pd.read_csv(table, dtype=str)
    rows.assign(frame="2").to_csv(table, index=False)
    assert sonoher2("extract", table, "--out", out).code == DONE
    assert pd.read_csv(out)["original_firstorder_Mean"].item() == pytest.approx(LESION_MEAN, abs=0.001)
    np.testing.assert_array_equal(
        read_image(folder / "cine.dcm", frame=2).pixels, read_image(folder / "true.png").pixels
    )


def images_dicom_seg_second_segment(folder: Path) -> None:
    with pytest.raises(InputError, match="the segmentation has 2 segments"):
        read_mask([folder / "mask.dcm"], (220, 300))


def images_frame_cut_short(folder: Path) -> None:
    for name in ("half-with-end-marker.jpg", "jpeg-50.dcm", "jpegls-50.dcm"):
        with pytest.raises(InputError, match="cut short"):
            read_image(folder / name)


def images_high_bit_15(folder: Path) -> None:
    assert_equals_true(folder, within=1)


def images_jpeg_lossless_signed(folder: Path) -> None:
    assert_equals_true(folder)
    out = folder / "out.csv"
    assert sonoher2("extract", folder / "t.csv", "--out", out).code == DONE
    assert pd.read_csv(out)["original_firstorder_Mean"].item() == pytest.approx(LESION_MEAN, abs=0.001)


def images_no_preamble(folder: Path) -> None:
    assert_equals_true(folder)


def images_ycbcr_labelled_rgb(folder: Path) -> None:
    assert lesion_mean(folder / "image.dcm", folder) == pytest.approx(45.5, abs=0.5)
    assert read_image(folder / "image.dcm").colour.mean() == pytest.approx(0.03, abs=0.005)


def faults_dicom_j2k_codestream_size(folder: Path) -> None:
    with pytest.raises(InputError, match="the compressed picture has 40000 x 40000 pixels"):
        read_image(folder / "image.dcm")
