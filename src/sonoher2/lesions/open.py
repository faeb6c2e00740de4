"""Opening a lesion: an image and its mask, cropped and cleared as a study reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.images import ImageReading
from sonoher2.images.pixels.decoded import Picture
from sonoher2.images.pixels.image import Box, UltrasoundImage
from sonoher2.images.pixels.source import ImageSource
from sonoher2.images.pixels.us_regions import common_spacing, regions_at, same_spacing
from sonoher2.images.read import PixelSize, b_mode_box, image_of, read_picture
from sonoher2.lesions.mask import Mask, MaskFrame, Several, centre_of, read_mask
from sonoher2.networks.own import Weights

OUTSIDE = 0.05
"""Share of a lesion that may lie beyond the region of the screen whose scale counts."""


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


def open_lesion(
    image: ImageSource,
    masks: Sequence[ImageSource],
    *,
    reading: ImageReading,
    mm_per_pixel: PixelSize | None = None,
    frame: int | None = None,
    enhancer: Weights | None = None,
) -> Lesion:
    """Read an image with its masks as a study reads it: the one way for studies, tables and predictions.

    Parameters
    ----------
    image, masks
        As in `read_lesion`.
    reading
        Crop, several masks, label, and whether the image is cleared.
    mm_per_pixel
        Side of a pixel, mm, from the user's table; None or NaN lets the file say.
    frame
        Of the image file, counted from 1; a file of several needs it.
    enhancer
        Weights that clear the image, where it is cleared; the shipped ones unless given.

    Raises
    ------
    InputError
        As in `read_lesion`.
    """
    known = None if mm_per_pixel is None or np.isnan(mm_per_pixel).any() else mm_per_pixel
    lesion = read_lesion(
        image,
        masks,
        mm_per_pixel=known,
        frame=frame,
        crop_to_b_mode=reading.crop_to_b_mode,
        several=reading.several_masks,
        label=reading.mask_label,
    )
    return cleared(lesion, enhancer) if reading.enhance == "gan" else lesion


def read_lesion(
    image: ImageSource,
    masks: Sequence[ImageSource],
    *,
    mm_per_pixel: PixelSize | None = None,
    frame: int | None = None,
    crop_to_b_mode: bool = False,
    several: Several = "union",
    label: str | int | None = None,
) -> Lesion:
    """Read an image and its masks.

    Parameters
    ----------
    image, masks
        As in `read_image` and `read_mask`; the masks have the size of the image file.
    mm_per_pixel
        From the user's table, as in `read_image`.
    frame
        Of the image file, counted from 1, as in `read_image`.
    crop_to_b_mode
        As in `lesion_in`.
    several
        What to do with several masks, as in `read_mask`.
    label
        Of the lesion in masks with several labels, as in `read_mask`.

    Raises
    ------
    InputError
        As in `read_image` and `read_mask`.
    """
    picture = read_picture(image, frame)
    mask = read_mask(masks, picture.shape, several, MaskFrame.of(picture), label)
    return lesion_in(picture, mask, mm_per_pixel=mm_per_pixel, crop_to_b_mode=crop_to_b_mode)


def lesion_in(
    picture: Picture, mask: Mask, *, mm_per_pixel: PixelSize | None = None, crop_to_b_mode: bool = False
) -> Lesion:
    """Join an opened image and a mask of its size.

    A crop to the B-mode part is widened where it would cut the lesion. The lesion's centroid says which region of
    a DICOM screen counts.

    Parameters
    ----------
    picture
        From `read_picture`.
    mask
        (rows, columns) of the picture, not empty.
    mm_per_pixel
        As in `read_image`.
    crop_to_b_mode
        Keep the B-mode part of the screen only.

    Raises
    ------
    InputError
        `mm_per_pixel` is impossible or contradicts the DICOM file.
    """
    at = centre_of(mask)
    whole = image_of(picture if _has_one_scale(picture, mask, at) else replace(picture, regions=()), mm_per_pixel, at)
    whole = replace(whole, regions=picture.regions)
    if not crop_to_b_mode:
        return Lesion(whole, mask)
    cropped = whole.cropped(_widened(b_mode_box(picture, at), *np.nonzero(mask)))
    return Lesion(cropped, cropped.crop(mask))


def _has_one_scale(picture: Picture, mask: Mask, at: tuple[int, int] | None) -> bool:
    """Whether (nearly) all of a lesion lies in regions of the screen with the scale that holds at its middle."""
    spacing = common_spacing(regions_at(picture.regions, at))
    if spacing is None:
        return True
    elsewhere = mask.copy()
    for region in picture.regions:
        if same_spacing(region.mm_per_pixel, spacing):
            # a region of a crop may begin above or left of it
            elsewhere[tuple(slice(max(side.start, 0), max(side.stop, 0)) for side in region.box)] = False
    return bool(np.count_nonzero(elsewhere) <= OUTSIDE * np.count_nonzero(mask))


def cleared(lesion: Lesion, weights: Weights | None = None) -> Lesion:
    """Clear the image by the shipped enhancer, or by one of the study's own; the mask stays."""
    # networks are slow to import, and most studies take images as they are
    from sonoher2.enhancement.enhancer import enhanced, load_enhancer, load_own_enhancer

    enhancer = load_own_enhancer(weights) if weights else load_enhancer()
    return replace(lesion, image=enhanced(lesion.image, enhancer))


def _widened(box: Box, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Box:
    """Find the smallest box that holds `box` and the pixels at `rows` and `columns`."""
    ends = (
        (part.start, part.stop, int(at.min()), int(at.max()) + 1) for part, at in zip(box, (rows, columns), strict=True)
    )
    height, width = (slice(min(start, first), max(stop, last)) for start, stop, first, last in ends)
    return height, width
