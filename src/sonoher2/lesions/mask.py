"""Masks: which pixels of an image are the lesion, from files, bytes, DICOM datasets or arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.core.errors import InputError
from sonoher2.images.content import content_of
from sonoher2.images.formats.raster import MaskValues, read_raster_mask
from sonoher2.images.pixels.decoded import ONLY_FRAME, Picture, SameFrame, errors_name
from sonoher2.images.pixels.geometry import Geometry, in_order_of_pixels, onto
from sonoher2.images.pixels.image import size_text
from sonoher2.images.pixels.source import Content, DicomReference, ImageSource
from sonoher2.images.read import file_kind
from sonoher2.lesions.drawn_line import require_filled
from sonoher2.lesions.marked import marked_pixels

Mask = NDArray[np.bool_]
Several = Literal["union", "largest"]

LARGEST_SHARE = 0.95
"""Of the image; no lesion is larger."""
MUCH, HOLE = 0.3, 0.005
"""Shares of the image: of a mask that is looked at for a hole, and of a hole that is rather the lesion itself.

On 487 masks of BUS-BRA and BrEaST all holes together are less than 0.0006 of the mask.
"""
SPECK, HOLES = 0.02, 0.005
"""Share of the largest part below which another one is a speck, and share of a mask above which its holes are told."""
EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=int)


@dataclass(frozen=True)
class MaskFrame:
    """What a mask must fit besides the image's size.

    Attributes
    ----------
    frame
        Of the image. A mask file has one frame, or as many as the image file; then the same one is taken.
    geometry
        Of the image, if it is a NIfTI or NRRD file: a mask with such a header is brought onto it.
    turned
        Whether the image was turned as a tag of its file asks.
    dicom
        How a DICOM segmentation refers to the image, where that is known.
    """

    frame: SameFrame = ONLY_FRAME
    geometry: Geometry | None = None
    turned: bool = False
    dicom: DicomReference | None = None

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """Take from an opened image what its mask must fit."""
        origin = picture.provenance
        return cls(SameFrame(origin.frame, origin.frames), picture.geometry, picture.turned, origin.dicom)


def read_mask(
    sources: Sequence[ImageSource],
    shape: tuple[int, int],
    several: Several = "union",
    of: MaskFrame | None = None,
    label: str | int | None = None,
) -> Mask:
    """Read one mask, or several of one image; `marked_pixels` says which of their pixels are lesion.

    Parameters
    ----------
    sources
        PNG, BMP, TIFF, JPEG, NIfTI, NRRD or DICOM files, also DICOM segmentations; or arrays, of yes and no or of
        numbers.
    shape
        Rows and columns of the image file.
    several
        ``union`` of the masks, or the one with the ``largest`` area.
    of
        More of the image file.
    label
        Of the lesion, in masks with several labels or colours: a number, or a colour such as ``#ff0000``.

    Returns
    -------
    (rows, columns), True in the lesion.

    Raises
    ------
    InputError
        There is no mask, or one cannot be read, has another size or place, is empty, only an outline, or the
        background, or has several labels and none is chosen.
    """
    if not sources:
        raise InputError("no mask was given", fix="Fill the mask column of the images table")
    wanted = _label_text(label)
    masks = [_read_one(source, shape, of or MaskFrame(), wanted) for source in sources]
    if several == "largest":
        return max(masks, key=lambda mask: int(np.count_nonzero(mask)))
    return np.asarray(np.logical_or.reduce(masks), dtype=bool)


MASK_PROBLEMS = {
    "specks": "the mask has specks apart from the lesion",
    "parts": "the mask has several parts",
    "holes": "the mask has holes",
}
"""What may be wrong with a mask that can be used."""


def mask_problem_codes(mask: Mask) -> tuple[str, ...]:
    """Codes of `MASK_PROBLEMS` that a mask has: one forgotten pixel changes its diameter, and a hole its texture."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return ()
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    labels, _ = ndimage.label(box, EIGHT_NEIGHBOURS)
    areas = np.sort(np.bincount(labels.ravel())[1:])[::-1]
    small = areas[1:] < SPECK * areas[0]
    holes = np.count_nonzero(ndimage.binary_fill_holes(box)) - areas.sum()
    found = {"specks": small.any(), "parts": (~small).any(), "holes": holes > HOLES * areas.sum()}
    return tuple(name for name, is_so in found.items() if is_so)


def _label_text(label: object) -> str | None:
    if label is None or isinstance(label, str):
        return label
    if isinstance(label, int | np.integer) and not isinstance(label, bool):
        return str(int(label))
    raise InputError(
        f"a label of a mask cannot be of type {type(label).__name__}", fix="Give its number, or a colour as '#ff0000'"
    )


def components(mask: Mask) -> int:
    """Count separate parts; pixels that touch at a corner belong together."""
    return int(ndimage.label(mask, EIGHT_NEIGHBOURS)[1])


def _read_one(source: ImageSource, shape: tuple[int, int], of: MaskFrame, label: str | None) -> Mask:
    values, where = _mask_values(source, of, label)
    with errors_name(where, "a mask"):
        if values.values.shape[:2] != shape:
            raise _other_size(values, shape, of.turned)
        mask = marked_pixels(values, label)
        require_lesion(mask)
    return mask


def centre_of(mask: Mask) -> tuple[int, int] | None:
    """Row and column of the middle of a lesion, which says what scale counts; None of an empty mask."""
    rows, columns = np.nonzero(mask)
    return (round(float(rows.mean())), round(float(columns.mean()))) if rows.size else None


def require_lesion(mask: Mask) -> None:
    """Refuse a mask that cannot be a lesion's.

    Raises
    ------
    InputError
        It is empty, only an outline, or the background.
    """
    if not mask.any():
        raise InputError("the mask is empty", fix="Draw the lesion in white on black, or remove this image")
    if mask.mean() > LARGEST_SHARE or mask[[0, 0, -1, -1], [0, -1, 0, -1]].all() or _is_background(mask):
        raise InputError(
            f"the mask covers {mask.mean():.0%} of the image and looks like the background of a lesion",
            fix="The lesion must be white and the background black; invert the mask if it is the other way round",
        )
    require_filled(mask)


def _is_background(mask: Mask) -> bool:
    """Whether a mask covers much of the image and has the lesion as a hole in it."""
    return bool(mask.mean() > MUCH and (ndimage.binary_fill_holes(mask) & ~mask).mean() > HOLE)


def _other_size(values: MaskValues, of_image: tuple[int, int], image_turned: bool) -> InputError:
    shape = values.values.shape[:2]
    what = f"the mask has {size_text(shape)} and its image {size_text(of_image)}"
    fix = "Give the mask that was drawn on this image, at its full size"
    if values.turned or image_turned:
        whose = "image" if image_turned else "mask"
        what += f", and an orientation tag (Exif) in the {whose}'s file turns what is stored there"
        fix = "Save the image upright without the tag, and draw the mask on that"
    elif shape == of_image[::-1]:
        fix = "Transpose the mask"
    return InputError(what, fix=fix)


def _mask_values(source: ImageSource, of: MaskFrame, label: str | None) -> tuple[MaskValues, str]:
    """Read the stored values, and say what messages call the mask."""
    if isinstance(source, np.ndarray):
        from sonoher2.images.formats.array import array_mask

        return array_mask(source, "mask"), "mask"
    with errors_name("mask", "a mask"):
        content = content_of(source, "mask")
    return _file_values(content, of, label), content.where


def _file_values(content: Content, of: MaskFrame, label: str | None) -> MaskValues:
    kind = file_kind(content)
    if kind == "raster":
        return read_raster_mask(content, of.frame)
    if kind == "DICOM":
        # pydicom takes longer to import than a mask to read
        from sonoher2.images.dicom.read import read_dicom_mask
        from sonoher2.images.dicom.segmentation import read_segmentation

        segmentation = read_segmentation(content, of.frame, label, of.dicom)
        if segmentation is not None:
            return MaskValues(np.where(segmentation, np.uint8(255), np.uint8(0)))
        return read_dicom_mask(content, of.frame)
    from sonoher2.images.formats.volume import read_slice

    with errors_name(content.where, kind):
        read = read_slice(content, kind)
        if of.geometry is not None and (of.geometry.forms or read.geometry.forms):
            return MaskValues(onto(read.values, read.geometry, of.geometry))
        if not in_order_of_pixels(read.geometry):
            raise InputError(
                "the mask's header turns or mirrors its pixels, and the image has no such header to compare with",
                fix="Save the mask as PNG, or give the image as NIfTI or NRRD too",
            )
    return MaskValues(read.values)
