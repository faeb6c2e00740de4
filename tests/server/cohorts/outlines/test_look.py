"""The first look at an image, and the measurement of an outline."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_by_hand import SIDE, disc, write_mask_file
from images.dicom_writer import region, write_dicom
from sonoher2.config.images import FileReading
from sonoher2.core.errors import InputError
from sonoher2.core.files import file_sha256
from sonoher2.lesions.agreement import dice
from sonoher2.segmentation.mask_files import mask_png
from sonoher2.segmentation.segment import segment_file
from sonoher2.server.cohorts.outlines.look import MEASURED, displayed_png, look_at_image, mask_of_png, measure_outline
from sonoher2.server.cohorts.outlines.models import ListedImage
from sonoher2.server.cohorts.outlines.sources import list_images


def image(folder: Path, number: int) -> ListedImage:
    return list_images(folder / "study.yaml").images[number - 1]


def test_a_look_keeps_the_segmenters_outline_and_those_of_the_table(study_folder: Path) -> None:
    found = look_at_image(image(study_folder, 2), FileReading())
    path = study_folder / "pictures" / "P2.png"
    assert (found.rows, found.columns, found.problem, found.mask_problem) == (SIDE, SIDE, "", "")
    assert found.sha256 == file_sha256(path)
    assert found.mm_per_pixel == pytest.approx((0.1, 0.1))
    assert found.given is not None
    assert found.second is not None
    assert np.array_equal(mask_of_png(found.given.png), disc(30, 32, 13))
    assert np.array_equal(mask_of_png(found.second.png), disc(30, 32, 10))
    assert found.given.area == disc(30, 32, 13).sum()
    alone = segment_file(path)
    assert found.confidence == alone.confidence
    assert (found.proposal is not None) == alone.found
    if found.proposal is not None:
        assert np.array_equal(mask_of_png(found.proposal.png), alone.mask)
        assert found.given_dice == dice(alone.mask, disc(30, 32, 13))


def test_the_size_of_a_pixel_is_that_at_the_lesion(study_folder: Path) -> None:
    """The table names a lesion at columns 18 to 46; the file has a scale there, or only to the right of it."""
    for column, expected in ((10, pytest.approx((0.3, 0.4))), (40, None)):
        here = region((column, 0, SIDE - 1, SIDE - 1), 0.04, PhysicalDeltaY=0.03)
        grey = np.asarray(Image.open(study_folder / "pictures" / "P1.png")).tobytes()
        path = write_dicom(study_folder / "P1.dcm", grey, size=(SIDE, SIDE), SequenceOfUltrasoundRegions=[here])
        one = replace(image(study_folder, 1), path=str(path), mm_per_pixel=None)
        found = look_at_image(one, FileReading())
        assert (found.problem, found.mask_problem, found.mm_per_pixel) == ("", "", expected)


def test_the_scales_of_a_screen_are_kept(study_folder: Path) -> None:
    left, right = region((0, 0, 19, SIDE - 1), 0.02), region((20, 0, SIDE - 1, SIDE - 1), 0.04, PhysicalDeltaY=0.03)
    grey = np.asarray(Image.open(study_folder / "pictures" / "P1.png")).tobytes()
    path = write_dicom(study_folder / "P1.dcm", grey, size=(SIDE, SIDE), SequenceOfUltrasoundRegions=[left, right])
    found = look_at_image(replace(image(study_folder, 1), path=str(path), mm_per_pixel=None), FileReading())
    # left, top, right, bottom; mm down and across
    assert found.regions == (
        (0, 0, 20, SIDE, pytest.approx(0.2), pytest.approx(0.2)),
        (20, 0, SIDE, SIDE, pytest.approx(0.3), pytest.approx(0.4)),
    )
    assert found.elsewhere is None
    assert look_at_image(image(study_folder, 1), FileReading()).regions == ()


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(study_folder: Path) -> None:
    write_mask_file(study_folder / "drawn" / "P1.png", disc(5, 5, 3, side=10))
    found = look_at_image(image(study_folder, 1), FileReading())
    assert found.problem == ""
    assert "the mask has 10 rows x 10 columns" in found.mask_problem
    assert found.given is None
    broken = image(study_folder, 3)
    Path(broken.path).write_bytes(b"\x89PNG no picture")
    assert "P3.png" in look_at_image(broken, FileReading()).problem


def test_a_poor_picture_is_named(study_folder: Path) -> None:
    one = image(study_folder, 1)
    write_mask_file(study_folder / "drawn" / "P1.png", disc(30, 32, 5))
    assert "small lesion" in look_at_image(one, FileReading()).quality


def test_an_outline_is_measured_on_its_picture(study_folder: Path) -> None:
    one, mask = image(study_folder, 1), disc(30, 32, 9)
    size = measure_outline(one, mask_png(mask))
    # of a pixel: 0.1 mm x 0.1 mm
    assert size.area_mm2 == pytest.approx(mask.sum() * 0.01)
    assert tuple(size.features) == MEASURED
    grey = np.asarray(Image.open(one.path), dtype=float)
    assert size.features["original_firstorder_Mean"] == pytest.approx(grey[mask].mean())
    assert measure_outline(replace(one, mm_per_pixel=None), mask_png(mask)).area_mm2 is None
    with pytest.raises(InputError):
        measure_outline(replace(one, path=str(study_folder / "gone.png")), mask_png(mask))


def test_the_displayed_picture_is_whole_and_grey(study_folder: Path) -> None:
    one = image(study_folder, 4)
    shown = np.asarray(Image.open(io.BytesIO(displayed_png(one))))
    assert np.array_equal(shown, np.asarray(Image.open(one.path)))
