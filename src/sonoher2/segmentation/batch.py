"""Outlining many images: masks, overlays and one table of what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.core import columns as c
from sonoher2.core.errors import InputError, UsageError
from sonoher2.images.batch import BatchImage, Values, run_batch
from sonoher2.images.pixels.image import Box
from sonoher2.images.read import image_of, read_picture
from sonoher2.lesions.mask import Mask
from sonoher2.lesions.open import lesion_in
from sonoher2.segmentation.choose import segment_lesion
from sonoher2.segmentation.mask_files import write_mask, write_nifti, write_overlay
from sonoher2.segmentation.segmenter import Segmenter, load_segmenter

TABLE = "segment.csv"


@dataclass(frozen=True)
class Outlining:
    """How images are outlined, and what is written of each.

    Attributes
    ----------
    at, box
        A place within the lesion (row, column), or a box around it; for one image.
    overlay, nifti
        Whether to write the image with its outline, and the mask as NIfTI.
    weights
        File of the segmenter; a shipped one unless given.
    """

    at: tuple[int, int] | None = None
    box: Box | None = None
    overlay: bool = True
    nifti: bool = False
    weights: Path | None = None

    def outputs(self, image: BatchImage) -> dict[str, str]:
        """Names of the files that are written of an image, by their column; empty for none."""
        return {
            c.MASK: f"{image.name}_mask.png",
            "overlay": f"{image.name}_overlay.png" if self.overlay else "",
            "nifti": f"{image.name}_mask.nii.gz" if self.nifti else "",
        }

    def segmenter(self) -> Segmenter:
        """Load the one that is asked for, or the shipped one that takes a prompt if there is one."""
        return load_segmenter(self.weights, prompted=self.at is not None or self.box is not None)


def segment_images(images: Sequence[BatchImage], out: Path, how: Outlining, workers: int | None = None) -> pd.DataFrame:
    """Outline the lesion of each image; a second run does what is missing.

    Parameters
    ----------
    images
        What to outline.
    out
        Folder of ``<name>_mask.png``, ``<name>_overlay.png``, ``<name>_mask.nii.gz`` and ``segment.csv``.
    how
        See there.
    workers
        Processes; as many as there are processors unless told.

    Returns
    -------
    The table as written, one row per image: see `run_batch`.

    Raises
    ------
    UsageError
        A place or a box is given with several images.
    InputError
        The weights cannot be read, or the folder cannot be written.
    """
    if (how.at or how.box) and len(images) > 1:
        raise UsageError(f"A click or a box is for one image, and {len(images)} were given")
    return run_batch(
        partial(_segment_one, out=out, how=how),
        images,
        out / TABLE,
        settings=["segment", how.at, how.box, how.overlay, how.nifti, how.segmenter().sha256],
        outputs=how.outputs,
        workers=workers,
        label="Outlining",
    )


def _segment_one(image: BatchImage, *, out: Path, how: Outlining) -> Values:
    picture = read_picture(image.path, image.frame)
    given = image_of(picture, None, how.at)
    segmenter = how.segmenter()
    try:
        result = segment_lesion(segmenter, given.pixels, at=how.at, box=how.box)
    except InputError as error:
        raise error.at(str(image.path)) from error
    scaled = lesion_in(picture, result.mask).image if picture.regions and result.mask.any() else given
    mm_per_pixel = scaled.mm_per_pixel
    names = how.outputs(image)
    write_mask(out / names[c.MASK], result.mask)
    if how.overlay:
        write_overlay(out / names["overlay"], given.pixels, result.mask)
    if how.nifti:
        write_nifti(out / names["nifti"], result.mask, mm_per_pixel, given.geometry)
    size = _size(result.mask, mm_per_pixel)
    found = {c.FOUND: "yes" if result.found else "no", c.CONFIDENCE: result.confidence}
    return {**names, **found, **size, "weights": segmenter.sha256}


def _size(mask: Mask, mm_per_pixel: tuple[float, float] | None) -> dict[str, int | float | None]:
    """Area and bounding box of a mask; the box's last row and column are the first outside."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    area = int(np.count_nonzero(mask))
    ends = [int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1] if area else [None] * 4
    return {
        "area_pixels": area,
        "area_mm2": area * mm_per_pixel[0] * mm_per_pixel[1] if mm_per_pixel else None,
        **dict(zip(("top", "left", "bottom", "right"), ends, strict=True)),
    }
