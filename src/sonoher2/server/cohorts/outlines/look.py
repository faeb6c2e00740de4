"""A first look at an image of the worklist, and the measurement of an outline: what worker processes do."""

from __future__ import annotations

import io
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
from sonoher2.lesions.agreement import dice
from sonoher2.lesions.mask import Mask, MaskFrame, read_mask
from sonoher2.lesions.open import lesion_in
from sonoher2.radiomics.lesion import measure_lesion
from sonoher2.segmentation.mask_files import mask_png
from sonoher2.segmentation.segment import segment_picture
from sonoher2.server.cohorts.outlines.models import DrawnMask, ListedImage, LookedAt, OutlineSize
from sonoher2.server.work.scales import kept_region

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
        found = segment_picture(picture, crop_to_b_mode=reading.crop_to_b_mode)
        given, problem = _given(image.masks, picture, reading)
        lesion = given if given is not None else found.mask
        # the lesion says which scale of a screen counts
        whole = lesion_in(picture, lesion, mm_per_pixel=image.mm_per_pixel).image if lesion.any() else None
        whole = whole or image_of(picture, image.mm_per_pixel, None)
    except InputError as error:
        return LookedAt(problem=str(error))
    second, second_problem = _given((image.second_mask,) if image.second_mask else (), picture, reading)
    quality = problem_codes(image_quality(whole.pixels, lesion)) if lesion.any() else []
    return LookedAt(
        sha256=file_sha256(Path(image.path)),
        rows=picture.shape[0],
        columns=picture.shape[1],
        mm_per_pixel=whole.mm_per_pixel,
        regions=tuple(kept_region(region) for region in picture.regions),
        elsewhere=picture.spacing or (None if image.mm_per_pixel is None else (image.mm_per_pixel, image.mm_per_pixel)),
        quality=tuple(quality),
        confidence=found.confidence,
        proposal=_drawn(found.mask) if found.found else None,
        given=None if given is None else _drawn(given),
        second=None if second is None else _drawn(second),
        mask_problem=problem or second_problem,
        given_dice=dice(found.mask, given) if found.found and given is not None else None,
    )


def _drawn(mask: Mask) -> DrawnMask:
    return DrawnMask(mask_png(mask), int(np.count_nonzero(mask)))


def _given(masks: tuple[str, ...], picture: Picture, reading: FileReading) -> tuple[Mask | None, str]:
    if not masks:
        return None, ""
    try:
        of = MaskFrame.of(picture)
        return read_mask(masks, picture.shape, reading.several_masks, of, reading.mask_label), ""
    except InputError as error:
        return None, str(error)


def read_unchanged(image: ListedImage) -> Picture:
    """Read an image that is as it was at the first look: outlines fit no other.

    Raises
    ------
    InputError
        It cannot be read any more, or was changed.
    """
    picture = read_picture(image.path, image.frame)
    require_unchanged(image)
    return picture


def require_unchanged(image: ListedImage) -> None:
    """Refuse an image whose file is another one than at the first look.

    Raises
    ------
    InputError
        It was changed.
    """
    if was_changed(image):
        raise InputError(
            "the image was changed after it was first looked at, and outlines of it may not fit",
            where=Path(image.path).name,
            fix="Put the former file back, or begin with these images anew",
        )


def was_changed(image: ListedImage) -> bool:
    """Whether the file of an image is another one than at the first look; False where it is gone."""
    path = Path(image.path)
    return bool(image.sha256) and path.is_file() and file_sha256(path) != image.sha256


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
        The image cannot be read any more, or was changed.
    """
    picture = read_unchanged(image)
    lesion = lesion_in(picture, mask_of_png(outline), mm_per_pixel=image.mm_per_pixel)
    values = measure_lesion(lesion, _MEASURE).features
    size = lesion.image.mm_per_pixel
    area = int(np.count_nonzero(lesion.mask)) * size[0] * size[1] if size else None
    return OutlineSize(area, {name: float(values[name]) for name in MEASURED})


def displayed_png(image: ListedImage) -> bytes:
    """Give the picture as it is shown: 8-bit grey, whole, as PNG. Errors as in `read_unchanged`."""
    grey = np.rint(read_unchanged(image).grey).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format="png", compress_level=1)
    return buffer.getvalue()


def mask_of_png(data: bytes) -> Mask:
    """Read an outline that `mask_png` wrote: (rows, columns), True in the lesion."""
    with Image.open(io.BytesIO(data)) as opened:
        return np.asarray(opened) > 127
