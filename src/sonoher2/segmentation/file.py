"""Outlining the lesion in an image file: the one way for studies and predictions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonoher2.core.errors import InputError
from sonoher2.images.read import read_image
from sonoher2.lesions.read import Mask
from sonoher2.segmentation.outline import outline
from sonoher2.segmentation.segmenter import load_segmenter


@dataclass(frozen=True)
class FileOutline:
    """The lesion that the shipped segmenter finds in an image file.

    Attributes
    ----------
    mask
        (rows, columns) of the picture in the file, True in the lesion; nowhere when none was found.
    confidence
        As in `outline.Outline`.
    found
        Whether there is a lesion.
    """

    mask: Mask
    confidence: float
    found: bool


def outline_file(path: str | Path, *, frame: int | None = None, crop_to_b_mode: bool = False) -> FileOutline:
    """Read an image and outline its lesion with the shipped weights.

    Parameters
    ----------
    path, frame
        As in `read_image`.
    crop_to_b_mode
        Look for the lesion in the B-mode part of the screen only.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    image = read_image(path, frame=frame, crop_to_b_mode=crop_to_b_mode)
    try:
        found = outline(load_segmenter(), image.pixels)
    except InputError as error:
        raise InputError(error.what, where=str(path), fix=error.fix) from error
    mask = np.zeros(image.file_shape, dtype=bool)
    mask[image.box] = found.mask
    return FileOutline(mask, found.confidence, found.found)
