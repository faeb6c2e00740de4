"""The lesion: its mask, read from files, together with its image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.errors import InputError
from sonoher2.images.image import Box, UltrasoundImage, size_text
from sonoher2.images.picture import ONLY_FRAME, SameFrame, errors_name
from sonoher2.images.read import b_mode_box, file_kind, image_of, read_picture

Mask = NDArray[np.bool_]
Several = Literal["union", "largest"]

JPEG_THRESHOLD = 128
"""JPEG smears a mask's edge into black by a few grey levels."""
LARGEST_SHARE = 0.95
"""Of the image; no lesion is larger."""
EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=int)


@dataclass(frozen=True)
class Lesion:
    """An image and the lesion in it.

    Attributes
    ----------
    image
        The image, cropped or whole.
    mask
        (rows, columns) of the image, True in the lesion.
    """

    image: UltrasoundImage
    mask: Mask


def read_lesion(
    image: str | Path,
    masks: Sequence[str | Path],
    *,
    mm_per_pixel: float | None = None,
    frame: int | None = None,
    crop_to_b_mode: bool = False,
    several: Several = "union",
) -> Lesion:
    """Read an image and its masks.

    A crop to the B-mode part is widened where it would cut the lesion. The lesion's centroid says which region of
    a DICOM screen counts.

    Parameters
    ----------
    image, masks
        Paths; the masks have the size of the image file.
    mm_per_pixel
        From the user's table, as in `read_image`.
    frame
        Of the image file, counted from 1, as in `read_image`.
    crop_to_b_mode
        Keep the B-mode part of the screen only.
    several
        What to do with several masks, as in `read_mask`.

    Raises
    ------
    InputError
        As in `read_image` and `read_mask`.
    """
    picture = read_picture(image, frame)
    mask = read_mask(masks, picture.shape, several, SameFrame(frame or 1, picture.frames))
    rows, columns = np.nonzero(mask)
    at = round(float(rows.mean())), round(float(columns.mean()))
    whole = image_of(picture, image, mm_per_pixel, at)
    if not crop_to_b_mode:
        return Lesion(whole, mask)
    cropped = whole.cropped(_widened(b_mode_box(picture, at), rows, columns))
    return Lesion(cropped, cropped.crop(mask))


def read_mask(
    paths: Sequence[str | Path], shape: tuple[int, int], several: Several = "union", frame: SameFrame = ONLY_FRAME
) -> Mask:
    """Read one mask, or several of one image.

    Every pixel that is not black or transparent is lesion; in JPEG every pixel from grey 128; in NIfTI and NRRD
    every pixel that is not 0.

    Parameters
    ----------
    paths
        PNG, BMP, TIFF, JPEG, NIfTI, NRRD or DICOM, also a DICOM segmentation.
    shape
        Rows and columns of the image file.
    several
        ``union`` of the masks, or the one with the ``largest`` area.
    frame
        Of the image. A mask file has one frame, or as many as the image file; then the same one is taken.

    Returns
    -------
    (rows, columns), True in the lesion.

    Raises
    ------
    InputError
        There is no mask, or one cannot be read, has another size, is empty, or is the background.
    """
    if not paths:
        raise InputError("no mask was given", fix="Fill the mask column of the images table")
    masks = [_read_one(Path(path), shape, frame) for path in paths]
    if several == "largest":
        return max(masks, key=lambda mask: int(np.count_nonzero(mask)))
    return np.asarray(np.logical_or.reduce(masks), dtype=bool)


def components(mask: Mask) -> int:
    """Count separate parts; pixels that touch at a corner belong together."""
    return int(ndimage.label(mask, EIGHT_NEIGHBOURS)[1])


def largest_component(mask: Mask) -> Mask:
    """Keep the part of `mask` with the largest area, the first one from the top if several are equal."""
    labels, count = ndimage.label(mask, EIGHT_NEIGHBOURS)
    if count <= 1:
        return mask
    return np.asarray(labels == 1 + np.bincount(labels.ravel())[1:].argmax())


def _read_one(path: Path, shape: tuple[int, int], frame: SameFrame) -> Mask:
    mask = _marked_pixels(path, frame)
    if mask.shape != shape:
        turned = mask.shape == shape[::-1]
        raise InputError(
            f"the mask has {size_text(mask.shape)} and its image {size_text(shape)}",
            where=str(path),
            fix="Transpose the mask" if turned else "Give the mask that was drawn on this image, at its full size",
        )
    if not mask.any():
        raise InputError(
            "the mask is empty", where=str(path), fix="Draw the lesion in white on black, or remove this image"
        )
    if mask.mean() > LARGEST_SHARE or mask[[0, 0, -1, -1], [0, -1, 0, -1]].all():
        raise InputError(
            f"the mask covers {mask.mean():.0%} of the image with all or most of its border",
            where=str(path),
            fix="The lesion must be white and the background black; invert the mask if it is the other way round",
        )
    return mask


def _marked_pixels(path: Path, frame: SameFrame) -> Mask:
    kind = file_kind(path)
    if kind == "DICOM":
        # pydicom takes longer to import than a mask to read
        from sonoher2.images.segmentation import read_segmentation

        segmentation = read_segmentation(path, frame.number)
        if segmentation is not None:
            return segmentation
    if kind not in ("NIfTI", "NRRD"):
        picture = read_picture(path, frame)
        return picture.grey >= JPEG_THRESHOLD if picture.format == "JPEG" else picture.grey > 0
    # SimpleITK takes longer to import than a mask to read
    from sonoher2.images.volume import read_slice

    with errors_name(path, kind):
        values, _ = read_slice(path, kind)
    marked = values != 0
    return np.asarray(marked if marked.ndim == 2 else marked.any(axis=2))


def _widened(box: Box, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Box:
    """Find the smallest box that holds `box` and the pixels at `rows` and `columns`."""
    ends = (
        (part.start, part.stop, int(at.min()), int(at.max()) + 1) for part, at in zip(box, (rows, columns), strict=True)
    )
    height, width = (slice(min(start, first), max(stop, last)) for start, stop, first, last in ends)
    return height, width
