"""Pictures and masks that are no DICOM files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import SimpleITK
from PIL import Image

from field.command import BAD_INPUT, DONE, sonoher2
from sonoher2.core.errors import InputError
from sonoher2.images.read import read_image
from sonoher2.lesions.mask import read_mask
from sonoher2.lesions.open import read_lesion


def extracted(table: str) -> pd.DataFrame:
    outcome = sonoher2("extract", table, "--out", "features.csv", "--jobs", "1")
    assert outcome.code == DONE, outcome.text
    return pd.read_csv("features.csv")


def images_bmp_alpha_zero(folder: Path) -> None:
    true = np.asarray(Image.open(folder / "true.png"))
    np.testing.assert_array_equal(read_image(folder / "image.bmp").pixels, true)


def images_dark_uint16(folder: Path) -> None:
    for name in ("uint16-of-8bit", "float01"):
        table = folder / f"{name}.csv"
        table.write_text(f"patient_id,image,mask\nP1,{name}.nii.gz,mask.nii.gz\n", encoding="utf-8")
        for words in (("extract", table, "--out", "f.csv"), ("segment", f"{name}.nii.gz", "--out", "s")):
            outcome = sonoher2(*words, "--jobs", "1")
            assert outcome.code == BAD_INPUT
            assert "of the file's range" in outcome.err


def images_exif_orientation(folder: Path) -> None:
    true = np.asarray(Image.open(folder / "true.png")).astype(float)
    for name in ("exif3.jpg", "exif6.jpg"):
        lesion = read_lesion(folder / name, [folder / "mask.png"])
        assert lesion.image.shape == (300, 220)
        assert np.abs(lesion.image.pixels - true).mean() < 1
    for table in ("t.csv", "t6.csv"):
        inside = true[np.asarray(Image.open(folder / "mask.png")) > 0].mean()
        assert extracted(table)["original_firstorder_Mean"].iloc[0] == pytest.approx(inside, abs=1)


def images_nifti_mask_other_direction(folder: Path) -> None:
    assert extracted("t.csv")["original_firstorder_Mean"].iloc[0] == pytest.approx(45.579, abs=5e-4)


def images_nifti_output_geometry(folder: Path) -> None:
    outcome = sonoher2("segment", "image.nii.gz", "--nifti", "--out", "out", "--jobs", "1")
    assert outcome.code == DONE, outcome.text
    image = SimpleITK.ReadImage(str(folder / "image.nii.gz"))
    mask = SimpleITK.ReadImage(str(folder / "out" / "image_mask.nii.gz"))
    for question in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(mask, question)() == getattr(image, question)()
    drawn = np.asarray(Image.open(folder / "out" / "image_mask.png"))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(mask)[0], drawn // 255)


def images_soft_mask(folder: Path) -> None:
    for name, area, share in (
        ("from-jpeg.png", 3141, 0.01), ("jpeg-in-tiff.tif", 3141, 0.01), ("enlarged-bilinear.png", 3131, 0.02)
    ):  # fmt: skip
        mask = read_mask([folder / name], (220, 300))
        assert np.count_nonzero(mask) == pytest.approx(area, rel=share)


def tables_mask_two_labels(folder: Path) -> None:
    outcome = sonoher2("extract", "images.csv", "--out", "features.csv", "--jobs", "1")
    assert outcome.code == BAD_INPUT
    assert "several labels (1, 2)" in outcome.err
    assert "--label" in outcome.err
    assert sonoher2("extract", "images.csv", "--out", "features.csv", "--label", "1", "--jobs", "1").code == DONE
    # 750 pixels have the value 1
    assert pd.read_csv("features.csv")["original_shape2D_PixelSurface"].iloc[0] == 750


CHILD = """
import resource, sys
from sonoher2.core.errors import InputError
from sonoher2.images.read import read_image, read_picture
import sonoher2.images.formats.raster, sonoher2.images.formats.volume, sonoher2.images.formats.nifti
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_image(sys.argv[1])
except InputError:
    pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def megabytes(path: Path) -> float:
    """Memory that reading an image takes at its peak, above what the program takes itself."""
    done = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, check=True, text=True)
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return int(done.stdout) / unit


def faults_nifti_gzip_bomb(folder: Path) -> None:
    assert megabytes(folder / "image.nii.gz") < 100
    assert read_image(folder / "image.nii.gz").shape == (16, 16)


def faults_nrrd_long_header_line(folder: Path) -> None:
    path = folder / "image.nrrd"
    for read in (lambda: read_image(path), lambda: read_mask([path], (20, 20))):
        with pytest.raises(InputError, match=r"image\.nrrd: "):
            read()
    Path("t.csv").write_text("patient_id,image,mask\nP1,image.nrrd,image.nrrd\n", encoding="utf-8")
    outcome = sonoher2("extract", "t.csv", "--out", "features.csv", "--jobs", "1")
    assert outcome.code == BAD_INPUT
    assert "image.nrrd" in outcome.err


def faults_png_88_megapixels(folder: Path) -> None:
    assert megabytes(folder / "image.png") < 2000
