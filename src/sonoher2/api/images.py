"""The shipped networks on one image."""

from __future__ import annotations

from pathlib import Path

from sonoher2.core.errors import InputError
from sonoher2.enhancement.enhancer import enhanced, load_enhancer
from sonoher2.images.pixels.image import Box, UltrasoundImage
from sonoher2.images.pixels.source import ImageSource
from sonoher2.images.read import read_image
from sonoher2.segmentation.choose import Segmentation, segment_lesion, whole_box, whole_pixels
from sonoher2.segmentation.segmenter import load_segmenter


def segment_image(
    image: ImageSource | UltrasoundImage,
    *,
    at: tuple[int, int] | None = None,
    box: Box | None = None,
    frame: int | None = None,
    weights: str | Path | None = None,
) -> Segmentation:
    """Find the lesion of an image with the segmentation network. Research software, not for clinical use.

    Parameters
    ----------
    image
        Whatever `read_image` takes or gives.
    at, box
        A place within the lesion (row, column), or a box around it (slices of rows and columns).
    frame
        Of an image file with several, counted from 1.
    weights
        Of a segmenter of your own; the shipped ones unless told.

    Returns
    -------
    `mask` (rows, columns) of bool, `confidence` (the Dice to expect, 0 to 1), `found`, and `probability` per pixel.

    Raises
    ------
    InputError
        The image cannot be read, or the place or the box lies outside or is not one of whole pixels.

    Examples
    --------
    >>> import sonoher2
    >>> found = sonoher2.segment_image("images/SYN0001_radial.png")
    >>> found.found, found.mask.shape
    (True, (80, 80))
    """
    at, box = whole_pixels(at), whole_box(box)
    pixels = _opened(image, frame, at).pixels
    segmenter = load_segmenter(_path(weights), prompted=at is not None or box is not None)
    return segment_lesion(segmenter, pixels, at=at, box=box)


def enhance_image(
    image: ImageSource | UltrasoundImage, *, frame: int | None = None, weights: str | Path | None = None
) -> UltrasoundImage:
    """Make an image clearer with the enhancement network: less speckle, sharper edges, the same size.

    Parameters
    ----------
    image, frame
        As in `segment_image`.
    weights
        Of an enhancer of your own; the shipped ones unless told.

    Raises
    ------
    InputError
        The image cannot be read.

    Examples
    --------
    >>> import sonoher2
    >>> given = sonoher2.read_image("images/SYN0001_radial.png")
    >>> clearer = sonoher2.enhance_image(given)
    >>> clearer.shape == given.shape, bool((clearer.pixels != given.pixels).any())
    (True, True)
    """
    return enhanced(_opened(image, frame), load_enhancer(_path(weights)))


def _path(weights: str | Path | None) -> Path | None:
    return None if weights is None else Path(weights)


def _opened(
    image: ImageSource | UltrasoundImage, frame: int | None, at: tuple[int, int] | None = None
) -> UltrasoundImage:
    if not isinstance(image, UltrasoundImage):
        return read_image(image, frame=frame, at=at)
    if frame is not None:
        raise InputError("the image was read before, and is one frame", fix="Give `frame` to `read_image`")
    return image
