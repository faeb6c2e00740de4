"""What a folder holds, by names and by content."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from sonoher2.cohort.images.find import FoundImage, find_images, input_files
from sonoher2.cohort.images.kind import Look, look_at

SIZE = (40, 60)


def picture(seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, SIZE).astype(np.uint8)


def lesion(row: int = 20, column: int = 30, radius: int = 10) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return (((rows - row) ** 2 + (columns - column) ** 2 < radius**2) * 255).astype(np.uint8)


def save(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=75) if path.suffix == ".jpg" else Image.fromarray(pixels).save(path)


def save_dicom(path: Path, patient: str, pixels: NDArray[np.uint8] | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.6.1"
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = pydicom.Dataset()
    dataset.file_meta = meta
    dataset.PatientID, dataset.PatientName, dataset.Modality = patient, "LAST^FIRST", "US"
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    if pixels is not None:
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PixelRepresentation = 1, "MONOCHROME2", 0
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
        dataset.PixelData = pixels.tobytes()
    dataset.save_as(path, enforce_file_format=True)


def found(folder: Path) -> dict[str, list[str]]:
    return {one.image.as_posix(): [mask.as_posix() for mask in one.masks] for one in find_images(folder).images}


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("P1.png", "P1_1.png"),
        ("P1.jpg", "P1勾画.png"),
        ("图像/P1.png", "勾画/P1.png"),
        ("原图/P1.png", "标注结果/P1.png"),
        ("a/P1.png", "b/P1.png"),
        ("P1.png", "P1-seg.jpg"),
        ("P1/US/1.png", "P1/ROI/1.png"),
        ("P1/1.png", "P1/mask.png"),
        ("tumor_P1.png", "GT/tumor_P1.png"),
        ("P1.png", "P1Mask.png"),
    ],
)
def test_a_mask_is_known_by_its_content_and_paired_by_its_name(tmp_path: Path, image: str, mask: str) -> None:
    save(tmp_path / image, picture())
    save(tmp_path / mask, lesion())
    assert found(tmp_path) == {image: [mask]}


def test_masks_stay_with_the_patient_whose_folder_or_number_they_have(tmp_path: Path) -> None:
    for name in ("images/benign/1.png", "images/malignant/2.png", "P1.png", "P12.png"):
        save(tmp_path / name, picture())
    for name in ("masks/benign/1.png", "masks/benign/2.png", "P12_1.png"):
        save(tmp_path / name, lesion())
    result = find_images(tmp_path)
    assert found(tmp_path) == {
        "P1.png": [], "P12.png": ["P12_1.png"], "images/benign/1.png": ["masks/benign/1.png"],
        "images/malignant/2.png": [],
    }  # fmt: skip
    assert result.lost_masks == [Path("masks/benign/2.png")]


def test_what_a_file_looks_like(tmp_path: Path) -> None:
    save(tmp_path / "mask.png", lesion())
    save(tmp_path / "mask.jpg", lesion())
    save(tmp_path / "flat.png", np.full(SIZE, 7, np.uint8))
    save(tmp_path / "sixteen.png", (np.arange(2400) % 16).astype(np.uint8).reshape(SIZE))
    save(tmp_path / "seventeen.png", (np.arange(2400) % 17).astype(np.uint8).reshape(SIZE))
    save_dicom(tmp_path / "IM1", " P1 ", picture())
    (tmp_path / "text.png").write_text("text")
    looks = {path.name: look_at(path, named=True) for path in tmp_path.iterdir()}
    assert looks == {
        "mask.png": Look("mask", SIZE),
        "mask.jpg": Look("mask", SIZE),
        "flat.png": Look("picture", SIZE),
        "sixteen.png": Look("mask", SIZE),
        "seventeen.png": Look("picture", SIZE),
        "IM1": Look("picture", SIZE, "P1"),
        "text.png": Look("unknown"),
    }
    assert look_at(tmp_path / "text.png", named=False) == Look("none")


def test_a_mask_of_another_size_is_lost(tmp_path: Path) -> None:
    save(tmp_path / "P1.png", picture())
    save(tmp_path / "P1_mask.png", lesion()[:, :-1])
    assert find_images(tmp_path).lost_masks == [Path("P1_mask.png")]


def test_a_picture_under_the_name_of_a_mask_is_an_image_or_a_drawing(tmp_path: Path) -> None:
    save(tmp_path / "lesion_7.png", picture())
    save(tmp_path / "P1.png", picture())
    save(tmp_path / "P1_contour.png", picture(1))
    result = find_images(tmp_path)
    assert [one.image.name for one in result.images] == ["P1.png", "lesion_7.png"]
    assert result.named_as_masks == [Path("lesion_7.png")]
    assert result.overlays == [Path("P1_contour.png")]


def test_two_outlines_of_a_lesion_are_two_readers_and_two_lesions_are_one_region(tmp_path: Path) -> None:
    for name in ("P1", "P2"):
        save(tmp_path / f"{name}.png", picture())
    save(tmp_path / "P1_mask_a.png", lesion())
    save(tmp_path / "P1_mask_b.png", lesion(radius=9))
    save(tmp_path / "P2_mask_1.png", lesion(column=12))
    save(tmp_path / "P2_mask_2.png", lesion(column=45))
    assert find_images(tmp_path).images == [
        FoundImage(Path("P1.png"), (Path("P1_mask_a.png"),), Path("P1_mask_b.png")),
        FoundImage(Path("P2.png"), (Path("P2_mask_1.png"), Path("P2_mask_2.png"))),
    ]


def test_the_mask_of_the_tumour_goes_before_others(tmp_path: Path) -> None:
    save(tmp_path / "case1.png", picture())
    save(tmp_path / "case1_tumor.png", lesion())
    save(tmp_path / "case1_other1.png", lesion(10, 10, 5))
    result = find_images(tmp_path)
    assert result.images[0].masks == (Path("case1_tumor.png"),)
    assert result.other_findings == [Path("case1_other1.png")]


def test_dicom_needs_no_suffix_and_what_is_no_image_is_told(tmp_path: Path) -> None:
    save_dicom(tmp_path / "P1" / "IM0001", "P1", picture())
    save_dicom(tmp_path / "P1" / "1.2.840.5", "P1", picture())
    save_dicom(tmp_path / "P1" / "SR0001", "P1", None)
    (tmp_path / "notes").write_text("text", encoding="utf-8")
    (tmp_path / "clip.avi").write_bytes(b"x")
    (tmp_path / "all.zip").write_bytes(b"x")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}", encoding="utf-8")
    save(tmp_path / "run" / "figures" / "roc.png", picture())
    result = find_images(tmp_path)
    assert [(one.image.as_posix(), one.patient) for one in result.images] == [
        ("P1/1.2.840.5", "P1"),
        ("P1/IM0001", "P1"),
    ]
    assert {path.as_posix(): reason for path, reason in result.skipped} == {
        "P1/SR0001": "neither an image nor a table",
        "all.zip": "an archive, unpack it first",
        "clip.avi": "a video, export its frames as PNG first",
        "notes": "neither an image nor a table",
        "run": "a folder of results",
    }


def test_links_to_folders_are_told_and_not_followed(tmp_path: Path) -> None:
    save(tmp_path / "P1.png", picture())
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert found(tmp_path) == {"P1.png": []}
    assert find_images(tmp_path).skipped == [(Path("again"), "a link to a folder, which is not followed")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may look everywhere")
def test_a_folder_that_cannot_be_opened_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "closed" / "inside").mkdir(parents=True)
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "closed").chmod(0)
    try:
        files, skipped = input_files(tmp_path)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert files == [Path("a.csv")]
    assert skipped == [(Path("closed"), "a folder that cannot be opened (Permission denied)")]


def test_a_volume_is_a_mask_where_it_has_few_values(tmp_path: Path) -> None:
    for name, values, kind in (("m", lesion(), "mask"), ("p", picture(), "picture")):
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values), str(tmp_path / f"{name}.nii.gz"))
        assert look_at(tmp_path / f"{name}.nii.gz", named=False) == Look(kind, SIZE)
