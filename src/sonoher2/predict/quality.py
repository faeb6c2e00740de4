"""Whether a new patient's images are fit to be measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sonoher2.config.images import ImageReading
from sonoher2.images.quality import image_quality, quality_problems
from sonoher2.lesions.open import open_lesion


def poor_images(images: Sequence[tuple[Path, Sequence[Path], int | None]], reading: ImageReading) -> list[str]:
    """One warning for each problem of each image, as it came from the machine.

    Parameters
    ----------
    images
        Each with its masks and its frame.
    reading
        How to read; an enhancer is left out.
    """
    as_taken = reading.model_copy(update={"enhance": "none"})
    warnings = []
    for image, masks, frame in images:
        lesion = open_lesion(str(image), [str(mask) for mask in masks], reading=as_taken, frame=frame)
        problems = quality_problems(image_quality(lesion.image.pixels, lesion.mask))
        warnings += [f"{image.name}: {problem}; features of poor pictures are unsteady." for problem in problems]
    return warnings
