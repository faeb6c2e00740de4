"""DICOM files of made-up pictures, whole or broken in one way."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, UltrasoundImageStorage


def picture(rows: int = 60, columns: int = 80) -> np.ndarray:
    """Grey picture without repetition, uint8."""
    return np.random.default_rng(5).integers(0, 256, (rows, columns), dtype=np.uint8)


def write_dicom(
    path: Path,
    data: bytes | Sequence[bytes],
    syntax: UID = ExplicitVRLittleEndian,
    *,
    size: tuple[int, int] = (60, 80),
    without: Sequence[str] = (),
    **more: object,
) -> Path:
    """Write pixel data: bytes as they are, or one compressed stream a frame; `more` sets elements of the header."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = UltrasoundImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.Rows, dataset.Columns = size
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.PlanarConfiguration = 0
    dataset.PixelData = data if isinstance(data, bytes) else encapsulate(list(data))
    dataset["PixelData"].VR = "OB" if more.get("BitsAllocated", 8) == 8 else "OW"
    for name, value in more.items():
        setattr(dataset, name, value)
    for name in without:
        delattr(dataset, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.save_as(path, enforce_file_format=True)
    return path


def region(box: tuple[int, int, int, int], centimetres: float, **more: float) -> Dataset:
    """Calibrated region of tissue: left, top, right and bottom as DICOM counts them, and cm a pixel."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType = 1, 1
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX = item.PhysicalDeltaY = centimetres
    for name, value in more.items():
        setattr(item, name, value)
    return item
