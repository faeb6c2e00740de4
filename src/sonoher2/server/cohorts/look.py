"""A first look at an image of the worklist, and the measurement of an outline: what worker processes do."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from sonoher2.config.images import FileReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.core.files import file_sha256
from sonoher2.images.pixels.decoded import Picture
from sonoher2.images.quality import image_quality, problem_codes
from sonoher2.images.read import image_of, read_picture
from sonoher2.lesions.mask import Mask, MaskFrame, read_mask
from sonoher2.lesions.open import lesion_in
from sonoher2.radiomics.lesion import measure_lesion
from sonoher2.segmentation.mask_files import mask_png
from sonoher2.segmentation.segment import segment_picture
from sonoher2.server.cohorts.sources import ListedImage

MEASURED = (
    "original_shape2D_Sphericity",
    "original_shape2D_Elongation",
    "original_firstorder_Mean",
    "original_firstorder_Entropy",
    "original_glcm_Contrast",
    "original_glcm_Correlation",
    "original_glrlm_RunLengthNonUniformityNormalized",
)
"""Features whose agreement is shown: of shape, of grey values, of texture; none has a length in its unit."""
_MEASURE = RadiomicsConfig(filters=["original"], unit="pixels")


@dataclass(frozen=True)
class LookedAt:
    """What a first look at an image found.

    Attributes
    ----------
    problem
        Why the image cannot be opened; empty when it can. Then nothing else is known.
    sha256
        Of the image file.
    rows, columns
        Of the picture.
    mm_per_pixel
        Height and width of a pixel, or None.
    quality
        Codes of `images.quality.PROBLEMS`.
    confidence, proposal
        Of the segmenter, and its outline as PNG; None where it found none.
    given, second
        The outlines that the table names, as PNG.
    mask_problem
        Why one of those cannot be read.
    """

    problem: str = ""
    sha256: str = ""
    rows: int = 0
    columns: int = 0
    mm_per_pixel: tuple[float, float] | None = None
    quality: tuple[str, ...] = ()
    confidence: float = 0.0
    proposal: bytes | None = None
    given: bytes | None = None
    second: bytes | None = None
    mask_problem: str = ""


@dataclass(frozen=True)
class OutlineSize:
    """An outline, measured.

    Attributes
    ----------
    area_mm2
        None where the size of a pixel is not known.
    features
        Of `MEASURED`.
    """

    area_mm2: float | None
    features: dict[str, float]


def look_at_image(image: ListedImage, reading: FileReading) -> LookedAt:
    """Open an image, outline its lesion, and read the outlines that the table names.

    Parameters
    ----------
    image
        Which.
    reading
        How the cohort's files are read.
    """
    try:
        picture = read_picture(image.path, image.frame)
        whole = image_of(picture, image.mm_per_pixel, None)
        found = segment_picture(picture, crop_to_b_mode=reading.crop_to_b_mode)
    except InputError as error:
        return LookedAt(problem=str(error))
    given, problem = _given(image.masks, picture, reading)
    second, second_problem = _given((image.second_mask,) if image.second_mask else (), picture, reading)
    lesion = given if given is not None else found.mask
    quality = problem_codes(image_quality(whole.pixels, lesion)) if lesion.any() else []
    return LookedAt(
        sha256=file_sha256(Path(image.path)),
        rows=picture.shape[0],
        columns=picture.shape[1],
        mm_per_pixel=whole.mm_per_pixel,
        quality=tuple(quality),
        confidence=found.confidence,
        proposal=mask_png(found.mask) if found.found else None,
        given=None if given is None else mask_png(given),
        second=None if second is None else mask_png(second),
        mask_problem=problem or second_problem,
    )


def _given(masks: tuple[str, ...], picture: Picture, reading: FileReading) -> tuple[Mask | None, str]:
    if not masks:
        return None, ""
    try:
        of = MaskFrame.of(picture)
        return read_mask(masks, picture.shape, reading.several_masks, of, reading.mask_label), ""
    except InputError as error:
        return None, str(error)


def measure_outline(image: ListedImage, outline: bytes) -> OutlineSize:
    """Measure an outline that is not empty.

    Parameters
    ----------
    image
        On which it was drawn.
    outline
        PNG of the size of the picture.

    Raises
    ------
    InputError
        The image cannot be read any more, or has another size than the outline.
    """
    picture = read_picture(image.path, image.frame)
    lesion = lesion_in(picture, mask_of_png(outline), mm_per_pixel=image.mm_per_pixel)
    values = measure_lesion(lesion, _MEASURE).features
    size = lesion.image.mm_per_pixel
    area = int(np.count_nonzero(lesion.mask)) * size[0] * size[1] if size else None
    return OutlineSize(area, {name: float(values[name]) for name in MEASURED})


def displayed_png(image: ListedImage) -> bytes:
    """Give the picture as it is shown: 8-bit grey, whole, as PNG."""
    grey = np.rint(read_picture(image.path, image.frame).grey).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format="png", compress_level=1)
    return buffer.getvalue()


def mask_of_png(data: bytes) -> Mask:
    """Read an outline that `mask_png` wrote: (rows, columns), True in the lesion."""
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened) > 127
