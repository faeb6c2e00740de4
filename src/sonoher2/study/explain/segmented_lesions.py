"""Lesions that the segmenter found, the doubtful ones first, with their pictures: for whoever looks them through."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.core.errors import InputError
from sonoher2.images.read import read_image
from sonoher2.lesions.mask import Mask, read_mask
from sonoher2.study.measure.segmented import mask_names
from sonoher2.study.results import columns as c
from sonoher2.study.results.segmented import SegmentedLesion

MOST_SHOWN = 12
COARSER = 400
"""Longer side in pixels above which a picture is thinned out."""


def doubtful_lesions(segmented: pd.DataFrame) -> tuple[SegmentedLesion, ...]:
    """Read the pictures of the images of the lowest confidence; images without a lesion come before all.

    Parameters
    ----------
    segmented
        As from `segment_cohort`, with paths.
    """
    if segmented.empty:
        return ()
    ordered = segmented.sort_values([c.FOUND, c.CONFIDENCE, c.IMAGE], kind="stable")
    return tuple(_picture(row) for _, row in ordered.head(MOST_SHOWN).iterrows())


def listed_lesions(segmented: pd.DataFrame) -> pd.DataFrame:
    """Give the same table with names of files instead of paths, those of the masks as in the run's folder ``masks``."""
    if segmented.empty:
        return segmented
    names = segmented[c.IMAGE].map(lambda image: Path(image).name)
    masks = pd.Series(mask_names(segmented), index=segmented.index).where(segmented[c.FOUND].astype(bool), "")
    return segmented.assign(**{c.IMAGE: names, c.MASK: masks})


def _picture(row: pd.Series) -> SegmentedLesion:
    image = read_image(str(row[c.IMAGE]), frame=None if np.isnan(row[c.FRAME]) else int(row[c.FRAME]))
    step = max(1, -(-max(image.shape) // COARSER))
    mask = _mask([str(row[c.MASK])], image.shape) if row[c.FOUND] else np.zeros(image.shape, dtype=bool)
    return SegmentedLesion(
        str(row[c.PATIENT_ID]),
        bool(row[c.FOUND]),
        float(row[c.CONFIDENCE]),
        image.pixels[::step, ::step],
        mask[::step, ::step],
    )


def _mask(paths: Sequence[str], shape: tuple[int, int]) -> Mask:
    try:
        return read_mask(paths, shape)
    except InputError:
        return np.zeros(shape, dtype=bool)
