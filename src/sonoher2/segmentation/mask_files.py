"""An outline as files: mask, overlay and NIfTI."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from sonoher2.core.files import write_bytes
from sonoher2.images.formats.nifti import nifti_mask
from sonoher2.images.pixels.geometry import Geometry
from sonoher2.lesions.mask import Mask

LINE = (230, 159, 0)
"""Orange of the palette of Okabe and Ito, which colour-blind readers see too."""
LINE_SHARE = 0.003
"""Width of the drawn outline, of the image's longer side."""
FAST = 1
"""Level of PNG compression; the highest takes five times as long for a tenth less."""


def mask_png(mask: Mask) -> bytes:
    """Give a mask as the bytes of a PNG: 255 in the lesion, 0 elsewhere."""
    return _png(np.where(mask, 255, 0).astype(np.uint8))


def write_mask(path: Path, mask: Mask) -> None:
    """Write a mask as PNG: 255 in the lesion, 0 elsewhere."""
    write_bytes(path, mask_png(mask))


def write_overlay(path: Path, grey: NDArray[np.float64], mask: Mask) -> None:
    """Write the image with the lesion's outline drawn around it; the lesion itself stays visible."""
    picture = np.repeat(np.rint(grey).astype(np.uint8)[..., None], 3, axis=2)
    width = max(1, round(LINE_SHARE * max(mask.shape)))
    if mask.any():
        picture[ndimage.binary_dilation(mask, iterations=width) & ~mask] = LINE
    write_bytes(path, _png(picture))


def write_nifti(
    path: Path, mask: Mask, mm_per_pixel: tuple[float, float] | None, geometry: Geometry | None = None
) -> None:
    """Write a mask as NIfTI, 1 in the lesion, that lies where its image lies; parameters as in `nifti_mask`."""
    write_bytes(path, nifti_mask(mask, geometry, mm_per_pixel))


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png", compress_level=FAST)
    return buffer.getvalue()
