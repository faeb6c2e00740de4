"""Reading the pixels of a DICOM file."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array

from sonoher2.errors import InputError
from sonoher2.images.picture import Picture, errors_name, grey_and_colour, require_frame, require_size, usable_spacing
from sonoher2.images.us_regions import tissue_regions


def read_dicom(path: Path, frame: int) -> Picture:
    """Read one frame.

    The stored values are shown as they are: 0 is black and ``2**BitsStored - 1`` white, the other way round for
    MONOCHROME1. Modality and VOI look-up tables (rescale, window) are not applied: a scanner stores ultrasound as
    it displays it, and a window is a viewer's setting that would change the radiomics.

    Raises
    ------
    InputError
        The file is damaged, has no such frame, or holds signed or real-valued pixels.
    """
    # vendors break the rules on values that are not used here; pydicom warns of each
    with errors_name(path, "DICOM"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path)
        if not all(name in dataset for name in ("Rows", "Columns", "PixelData")):
            raise InputError(
                "the DICOM file holds no image, or was cut short", fix="Give the file of an image, and copy it again"
            )
        require_size(dataset.Rows, dataset.Columns)
        require_frame(frame, int(dataset.get("NumberOfFrames") or 1))
        grey, colour = _display_values(dataset, pixel_array(dataset, index=frame))
        return Picture(grey, colour, "DICOM", _pixel_spacing(dataset), tissue_regions(dataset))


def _display_values(dataset: pydicom.Dataset, values: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        return grey_and_colour(_palette_colours(dataset, values), 255)
    if values.dtype.kind != "u":
        raise InputError(
            f"the pixels are {values.dtype} and have no defined white", fix="Export the image with unsigned pixels"
        )
    white = 2 ** int(dataset.BitsStored) - 1
    # bits above BitsStored may hold an overlay
    grey, colour = grey_and_colour(values & values.dtype.type(white), white)
    return (255.0 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey), colour


def _palette_colours(dataset: pydicom.Dataset, values: NDArray[Any]) -> NDArray[np.uint8]:
    """Look the colours up: (rows, columns, 3), uint8."""
    colours = apply_color_lut(values, dataset)[..., :3]
    # 16-bit entries repeat the byte (0xABAB) or leave the lower one empty (0xAB00): the upper byte is right in both;
    # some writers fill only the lower byte although they declare 16 bits
    entries_are_bytes = colours.dtype == np.uint8 or colours.max() <= 255
    return (colours if entries_are_bytes else colours >> 8).astype(np.uint8)


def _pixel_spacing(dataset: pydicom.Dataset) -> tuple[float, float] | None:
    """Pixel Spacing; where ultrasound regions are stated, only these count."""
    spacing = dataset.get("PixelSpacing")
    if "SequenceOfUltrasoundRegions" in dataset or not spacing or len(spacing) != 2:
        return None
    return usable_spacing(float(spacing[0]), float(spacing[1]))
