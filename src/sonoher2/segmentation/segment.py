"""Segmenting the lesion of an opened image: the one way for studies and predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sonoher2.core.errors import InputError
from sonoher2.images.pixels.decoded import Picture
from sonoher2.images.pixels.source import ImageSource
from sonoher2.images.read import b_mode_box, image_of, read_picture
from sonoher2.lesions.mask import Mask
from sonoher2.networks.own import Weights
from sonoher2.segmentation.choose import segment_lesion
from sonoher2.segmentation.segmenter import load_own_segmenter, load_segmenter


@dataclass(frozen=True)
class PictureSegmentation:
    """The lesion that the segmenter finds in an image.

    Attributes
    ----------
    mask
        (rows, columns) of the whole picture, True in the lesion; nowhere when none was found.
    confidence
        As in `choose.Segmentation`.
    found
        Whether there is a lesion.
    """

    mask: Mask
    confidence: float
    found: bool


def segment_picture(
    picture: Picture, *, crop_to_b_mode: bool = False, weights: Weights | None = None
) -> PictureSegmentation:
    """Find the lesion of an opened image.

    Parameters
    ----------
    picture
        From `read_picture`.
    crop_to_b_mode
        Look for the lesion in the B-mode part of the screen only.
    weights
        Of a segmenter of the study's own; the shipped ones unless given.

    Raises
    ------
    InputError
        The image has no defined white, or the weights cannot be read.
    """
    image, segmenter = image_of(picture, None, None), load_own_segmenter(weights) if weights else load_segmenter()
    if crop_to_b_mode:
        image = image.cropped(b_mode_box(picture, None))
    try:
        found = segment_lesion(segmenter, image.pixels)
    except InputError as error:
        raise error.at(picture.provenance.where) from error
    mask = np.zeros(image.file_shape, dtype=bool)
    mask[image.box] = found.mask
    return PictureSegmentation(mask, found.confidence, found.found)


def segment_file(
    source: ImageSource, *, frame: int | None = None, crop_to_b_mode: bool = False, weights: Weights | None = None
) -> PictureSegmentation:
    """Read an image and find its lesion; parameters as in `read_image` and `segment_picture`."""
    return segment_picture(read_picture(source, frame), crop_to_b_mode=crop_to_b_mode, weights=weights)
