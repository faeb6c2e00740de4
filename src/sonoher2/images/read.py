"""Reading an ultrasound image from any of the formats that clinics and data sets use."""

from __future__ import annotations

import numpy as np

from sonoher2.core.errors import InputError
from sonoher2.images.clean import b_mode_region
from sonoher2.images.content import content_of
from sonoher2.images.dicom.start import START, starts_as_dicom
from sonoher2.images.pixels.decoded import FrameChoice, Picture, errors_name, require_bytes, require_light
from sonoher2.images.pixels.image import Box, UltrasoundImage
from sonoher2.images.pixels.source import Content, ImageSource
from sonoher2.images.pixels.spacing import spacing_problem
from sonoher2.images.pixels.us_regions import common_spacing, regions_at, same_spacing

PixelSize = float | tuple[float, float]
"""Side of a pixel in mm, or height and width."""
GZIP = b"\x1f\x8b"
NIFTI_SIZES = (348, 540)
"""Bytes of a NIfTI header, which its first four bytes say."""


def read_image(
    source: ImageSource,
    *,
    mm_per_pixel: PixelSize | None = None,
    frame: int | None = None,
    crop_to_b_mode: bool = False,
    at: tuple[int, int] | None = None,
    name: str = "",
) -> UltrasoundImage:
    """Read one image.

    Parameters
    ----------
    source
        Path or content of a PNG, JPEG, BMP, TIFF, DICOM, NIfTI or NRRD file; a DICOM dataset (`pydicom.Dataset`); or
        an array (rows, columns) or (rows, columns, 3), white 255, of unsigned 16-bit numbers 65535.
    mm_per_pixel
        What the user knows. It is the pixel size of every format but DICOM, whose own calibration it must match.
    frame
        Frame of a multi-frame DICOM or page of a TIFF, counted from 1; a file of several needs it.
    crop_to_b_mode
        Keep the B-mode part only: the tissue region of a DICOM file, else as `b_mode_region` finds it.
    at
        Row and column of the lesion: says which region of a DICOM screen counts.
    name
        What messages call an image that is no path.

    Raises
    ------
    InputError
        The image cannot be read whole, or `mm_per_pixel` is impossible or contradicts the DICOM file.

    Examples
    --------
    >>> import sonoher2
    >>> image = sonoher2.read_image("images/SYN0001_radial.png", mm_per_pixel=0.2)
    >>> image.shape, image.mm_per_pixel, image.format
    ((80, 80), (0.2, 0.2), 'PNG')
    """
    picture = read_picture(source, frame, name)
    image = image_of(picture, mm_per_pixel, at)
    return image.cropped(b_mode_box(picture, at)) if crop_to_b_mode else image


def read_picture(source: ImageSource, frame: FrameChoice = None, name: str = "") -> Picture:
    """Undo the encoding of an image, which its content tells (of a NIfTI file: its name).

    Parameters
    ----------
    source, frame, name
        As in `read_image`.

    Raises
    ------
    InputError
        The image cannot be read whole.
    """
    # each of these libraries takes longer to import than most images to read
    if isinstance(source, np.ndarray):
        from sonoher2.images.formats.array import read_array

        return read_array(source, name or "array", frame)
    with errors_name(name or "image", "an image"):
        content = content_of(source, name)
    kind = file_kind(content)
    if kind == "DICOM":
        from sonoher2.images.dicom.read import read_dicom

        return read_dicom(content, frame)
    if kind in ("NIfTI", "NRRD"):
        from sonoher2.images.formats.volume import read_volume

        return read_volume(content, kind, frame)
    from sonoher2.images.formats.raster import read_raster

    return read_raster(content, frame)


def file_kind(content: Content) -> str:
    """``DICOM``, ``NIfTI``, ``NRRD``, or ``raster`` for everything else.

    Raises
    ------
    InputError
        The file is missing, empty or cannot be opened.
    """
    with errors_name(content.where, "an image"):
        require_bytes(content)
        with content.open() as stream:
            head = stream.read(START)
    if not head:
        raise InputError("the file is empty", where=content.where, fix="Copy or export it again")
    name = content.where.lower()
    if starts_as_dicom(head) or name.endswith((".dcm", ".dicom")):
        return "DICOM"
    if name.endswith((".nii", ".nii.gz")) or (content.data is not None and _starts_as_nifti(head)):
        return "NIfTI"
    return "NRRD" if head.startswith(b"NRRD") else "raster"


def _starts_as_nifti(head: bytes) -> bool:
    """Whether bytes without a file's name are NIfTI, the only format here that is compressed as a whole."""
    sizes = (int.from_bytes(head[:4], "little"), int.from_bytes(head[:4], "big"))
    return head.startswith(GZIP) or any(size in NIFTI_SIZES for size in sizes)


def image_of(picture: Picture, mm_per_pixel: PixelSize | None, at: tuple[int, int] | None) -> UltrasoundImage:
    """Make an image of the whole picture; parameters and errors as in `read_image`."""
    with errors_name(picture.provenance.where, picture.format):
        require_light(picture.grey, picture.bits)
    return UltrasoundImage(
        picture.grey,
        _spacing(picture, mm_per_pixel, at),
        picture.colour,
        picture.format,
        picture.shape,
        geometry=picture.geometry,
        provenance=picture.provenance,
        regions=picture.regions,
        told=mm_per_pixel is not None,
    )


def b_mode_box(picture: Picture, at: tuple[int, int] | None) -> Box:
    """Rows and columns of the B-mode part: the only tissue region at `at`, else as `b_mode_region` finds it."""
    regions = regions_at(picture.regions, at)
    return regions[0].box if len(regions) == 1 else b_mode_region(picture.grey, picture.colour)


def _height_and_width(size: PixelSize, where: str) -> tuple[float, float]:
    """Sides of a pixel from one number or two."""
    try:
        sides = [float(side) for side in np.atleast_1d(size)]
    except (TypeError, ValueError):
        sides = []
    if len(sides) not in (1, 2):
        fix = "Give the side of a pixel in mm, or height and width"
        raise InputError("mm_per_pixel is not one number or two", where=where, fix=fix)
    return sides[0], sides[-1]


def _spacing(picture: Picture, table: PixelSize | None, at: tuple[int, int] | None) -> tuple[float, float] | None:
    stated, where = common_spacing(regions_at(picture.regions, at)) or picture.spacing, picture.provenance.where
    if table is None:
        return stated
    given = _height_and_width(table, where)
    shown = f"{given[0]:g}" if given[0] == given[1] else f"{given[0]:g} x {given[1]:g}"
    if stated is not None and picture.format == "DICOM":
        if not same_spacing(given, stated):
            raise InputError(
                f"the table says {shown} mm per pixel and the DICOM file {stated[0]:.4g} x {stated[1]:.4g}",
                where=where,
                fix="Correct the table's mm_per_pixel or leave its cell empty",
            )
        return stated
    problem = spacing_problem(given, picture.shape)
    if problem is not None:
        raise InputError(
            f"{shown} mm per pixel is impossible: {problem}", where=where, fix="Give the side of a pixel in mm"
        )
    return given
