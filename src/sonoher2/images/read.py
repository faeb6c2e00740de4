"""Reading an ultrasound image from any of the formats that clinics and data sets use."""

from __future__ import annotations

from pathlib import Path

from sonoher2.core.errors import InputError
from sonoher2.images.clean import b_mode_region
from sonoher2.images.dicom.start import START, starts_as_dicom
from sonoher2.images.dicom.us_regions import common_spacing, regions_at, same_spacing
from sonoher2.images.formats.decoded import FrameChoice, Picture, errors_name, require_bytes, require_light
from sonoher2.images.image import Box, UltrasoundImage
from sonoher2.images.spacing import spacing_problem


def read_image(
    path: str | Path,
    *,
    mm_per_pixel: float | None = None,
    frame: int | None = None,
    crop_to_b_mode: bool = False,
    at: tuple[int, int] | None = None,
) -> UltrasoundImage:
    """Read one image.

    Parameters
    ----------
    path
        PNG, JPEG, BMP, TIFF, DICOM, NIfTI or NRRD.
    mm_per_pixel
        From the user's table. It is the pixel size of every format but DICOM, whose own calibration it must match.
    frame
        Frame of a multi-frame DICOM or page of a TIFF, counted from 1; a file of several needs it.
    crop_to_b_mode
        Keep the B-mode part only: the tissue region of a DICOM file, else as `b_mode_region` finds it.
    at
        Row and column of the lesion: says which region of a DICOM screen counts.

    Raises
    ------
    InputError
        The file cannot be read whole, or `mm_per_pixel` is impossible or contradicts the DICOM file.
    """
    picture = read_picture(path, frame)
    image = image_of(picture, path, mm_per_pixel, at)
    return image.cropped(b_mode_box(picture, at)) if crop_to_b_mode else image


def read_picture(path: str | Path, frame: FrameChoice = None) -> Picture:
    """Undo the encoding of a file, which its content tells (NIfTI: its name).

    Raises
    ------
    InputError
        The file cannot be read whole.
    """
    path = Path(path)
    kind = file_kind(path)
    # each of these libraries takes longer to import than most images to read
    if kind == "DICOM":
        from sonoher2.images.dicom.read import read_dicom

        return read_dicom(path, frame)
    if kind in ("NIfTI", "NRRD"):
        from sonoher2.images.formats.volume import read_volume

        return read_volume(path, kind, frame)
    from sonoher2.images.formats.raster import read_raster

    return read_raster(path, frame)


def file_kind(path: Path) -> str:
    """``DICOM``, ``NIfTI``, ``NRRD``, or ``raster`` for everything else.

    Raises
    ------
    InputError
        The file is missing, empty or cannot be opened.
    """
    with errors_name(path, "an image"):
        require_bytes(path)
        with path.open("rb") as stream:
            head = stream.read(START)
    if not head:
        raise InputError("the file is empty", where=str(path), fix="Copy or export it again")
    name = path.name.lower()
    if starts_as_dicom(head) or name.endswith((".dcm", ".dicom")):
        return "DICOM"
    if name.endswith((".nii", ".nii.gz")):
        return "NIfTI"
    return "NRRD" if head.startswith(b"NRRD") else "raster"


def image_of(
    picture: Picture, path: str | Path, mm_per_pixel: float | None, at: tuple[int, int] | None
) -> UltrasoundImage:
    """Make an image of the whole picture; parameters and errors as in `read_image`."""
    with errors_name(Path(path), picture.format):
        require_light(picture.grey, picture.bits)
    spacing = _spacing(picture, mm_per_pixel, at, str(path))
    return UltrasoundImage(
        picture.grey, spacing, picture.colour, picture.format, picture.shape, geometry=picture.geometry
    )


def b_mode_box(picture: Picture, at: tuple[int, int] | None) -> Box:
    """Rows and columns of the B-mode part: the only tissue region at `at`, else as `b_mode_region` finds it."""
    regions = regions_at(picture.regions, at)
    return regions[0].box if len(regions) == 1 else b_mode_region(picture.grey, picture.colour)


def _spacing(
    picture: Picture, table: float | None, at: tuple[int, int] | None, where: str
) -> tuple[float, float] | None:
    stated = common_spacing(regions_at(picture.regions, at)) or picture.spacing
    if table is None:
        return stated
    given = float(table), float(table)
    if stated is not None and picture.format == "DICOM":
        if not same_spacing(given, stated):
            raise InputError(
                f"the table says {table:g} mm per pixel and the DICOM file {stated[0]:.4g} x {stated[1]:.4g}",
                where=where,
                fix="Correct the table's mm_per_pixel or leave its cell empty",
            )
        return stated
    problem = spacing_problem(given, picture.shape)
    if problem is not None:
        raise InputError(
            f"{table:g} mm per pixel is impossible: {problem}", where=where, fix="Give the side of a pixel in mm"
        )
    return given
