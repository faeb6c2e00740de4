"""Reading the pixels of a DICOM file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut, convert_color_space

from sonoher2.images.dicom.file import DicomFile, open_dicom
from sonoher2.images.dicom.frame import PixelFormat, frame_values, pixel_format
from sonoher2.images.formats.raster import MaskValues
from sonoher2.images.pixels.decoded import (
    FrameChoice,
    Picture,
    chosen_frame,
    errors_name,
    grey_and_colour,
    require_light,
    require_size,
)
from sonoher2.images.pixels.dicom_values import numbers, whole
from sonoher2.images.pixels.source import Content, DicomReference, Provenance
from sonoher2.images.pixels.spacing import usable_spacing
from sonoher2.images.pixels.us_regions import TissueRegion, same_spacing, tissue_regions

UID = re.compile(r"[0-9.]{1,64}")
"""What an identifier is made of (PS3.5, 9.1)."""
NEAR = 4
"""Levels of 255 within which two values count as equal, or a chroma as grey."""
MOST = 0.5
"""Share of the pixels that must be grey in one reading of the colours."""


def read_dicom(content: Content, frame: FrameChoice) -> Picture:
    """Read one frame, counted from 1.

    The stored values are shown as they are: 0 is black and ``2**BitsStored - 1`` white, the other way round for
    MONOCHROME1. Modality and VOI look-up tables (rescale, window) are not applied: a scanner stores ultrasound as
    it displays it, and a window is a viewer's setting that would change the radiomics.

    Raises
    ------
    InputError
        The file is damaged or its picture not whole, it has no such frame, or several and none is chosen, or it holds
        signed or real-valued pixels.
    """
    with _frame(content, frame) as (file, form, values, index):
        grey, colour = _display_values(file.header, form, values)
        spacing, regions = _scale(file.header, (form.rows, form.columns))
        origin = Provenance(content.where, index + 1, file.frames, _reference(file.header))
        return Picture(grey, colour, "DICOM", spacing, regions, bits=_bits(form), provenance=origin)


def read_dicom_mask(content: Content, frame: FrameChoice) -> MaskValues:
    """Read one frame of a mask, its numbers or colours as they are stored; errors as in `read_dicom`."""
    with _frame(content, frame) as (file, form, values, _):
        if form.photometric == "PALETTE COLOR":
            colours = _palette_colours(file.header, values)
            return MaskValues(colours, labels=values)
        if values.ndim == 3:
            return MaskValues(_rgb(form, values))
        return MaskValues(2**form.stored - 1 - values if form.photometric == "MONOCHROME1" else values)


@contextmanager
def _frame(content: Content, frame: FrameChoice) -> Iterator[tuple[DicomFile, PixelFormat, NDArray[Any], int]]:
    """Open a file and decode one frame; which one it is is counted from 0."""
    with errors_name(content.where, "DICOM"), open_dicom(content) as file:
        form = checked_format(file)
        index = chosen_frame(frame, file.frames) - 1
        values, form = frame_values(file, form, index)
        yield file, form, values, index


def _bits(form: PixelFormat) -> int:
    return 8 if form.photometric == "PALETTE COLOR" else form.stored


def _reference(header: Dataset) -> DicomReference | None:
    """Take the identifiers of the image; None where the header has none that can be."""
    names = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
    found = [str(header.get(name) or "").strip() for name in names]
    known = [one if UID.fullmatch(one) else "" for one in found]
    return DicomReference(*known) if known[0] and known[1] else None


def checked_format(file: DicomFile) -> PixelFormat:
    """Say how a file's pixels are stored, once its size is known to be one that a scanner makes.

    Raises
    ------
    InputError
        There are no pixels, too many, or they have no defined white.
    """
    rows, columns = (whole(file.header, name) for name in ("Rows", "Columns"))
    require_size(rows, columns)
    return pixel_format(file.header)


def _display_values(
    header: Dataset, form: PixelFormat, values: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    if form.photometric == "PALETTE COLOR":
        return grey_and_colour(_palette_colours(header, values), 255)
    grey, colour = grey_and_colour(_rgb(form, values), 2**form.stored - 1)
    if form.photometric == "MONOCHROME1":
        # values of fewer bits than the file's would all be nearly white
        require_light(grey, form.stored)
        grey = 255.0 - grey
    return grey, colour


def _rgb(form: PixelFormat, values: NDArray[Any]) -> NDArray[Any]:
    if values.ndim == 3 and _is_ycbcr(form, values):
        return np.asarray(convert_color_space(values, "YBR_FULL", "RGB"))
    return values


def _is_ycbcr(form: PixelFormat, values: NDArray[Any]) -> bool:
    """Whether the three values of a pixel are luma and two chromas.

    Most of an ultrasound picture is grey. Grey is three equal values in RGB, and two chromas of 128 in YCbCr; where
    only one of the two holds for most pixels, it decides, and not a label that many writers get wrong.
    """
    if form.subsampled or form.stored != 8:
        return form.subsampled
    first, second, third = (values[..., plane].astype(np.int16) for plane in range(3))
    equal = float(((np.abs(second - first) <= NEAR) & (np.abs(third - first) <= NEAR)).mean())
    neutral = float(((np.abs(second - 128) <= NEAR) & (np.abs(third - 128) <= NEAR)).mean())
    if max(equal, neutral) > MOST and equal != neutral:
        return neutral > equal
    return form.photometric.startswith("YBR_FULL") if form.ycbcr is None else form.ycbcr


def _palette_colours(header: Dataset, values: NDArray[Any]) -> NDArray[np.uint8]:
    """Look the colours up: (rows, columns, 3), uint8."""
    colours = apply_color_lut(values, header)[..., :3]
    # 16-bit entries repeat the byte (0xABAB) or leave the lower one empty (0xAB00): the upper byte is right in both;
    # some writers fill only the lower byte although they declare 16 bits
    entries_are_bytes = colours.dtype == np.uint8 or colours.max() <= 255
    return (colours if entries_are_bytes else colours >> 8).astype(np.uint8)


def _scale(header: Dataset, shape: tuple[int, int]) -> tuple[tuple[float, float] | None, tuple[TissueRegion, ...]]:
    """Pixel Spacing, and the tissue regions, which alone count where ultrasound regions are stated.

    Where both state a scale and differ, a program has enlarged the picture and changed one of them: neither counts.
    """
    stated, regions = numbers(header, "PixelSpacing", 2), tissue_regions(header)
    spacing = None if stated is None else usable_spacing(stated[0], stated[1], shape)
    if "SequenceOfUltrasoundRegions" not in header:
        return spacing, regions
    if spacing is not None and not any(same_spacing(spacing, region.mm_per_pixel) for region in regions):
        return None, ()
    return None, regions
