"""Reading PNG, JPEG, BMP and TIFF."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonoher2.errors import InputError
from sonoher2.images.picture import FrameChoice, Picture, chosen_frame, errors_name, grey_and_colour, require_size

FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
SIXTEEN_BIT_MODES = ("I;16", "I;16L", "I;16B", "I;16N")
TIFF_PHOTOMETRIC, WHITE_IS_ZERO = 262, 0


def read_raster(path: Path, frame: FrameChoice) -> Picture:
    """Read one page, counted from 1.

    Transparent pixels are shown on black. 16-bit grey is scaled linearly, 65535 to 255, whatever the image's own
    range; 16-bit colour keeps its upper byte.

    Raises
    ------
    InputError
        The file is damaged or cut short, of another format, too large, or has no such page.
    """
    # a size beyond Pillow's own limit is a warning or an error by how far it is beyond
    with errors_name(path, "an image"), warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        data = path.read_bytes()
        _require_checksums(data)
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            require_size(image.height, image.width)
            frames = getattr(image, "n_frames", 1)
            image.seek(chosen_frame(frame, frames) - 1)
            require_size(image.height, image.width)
            values, white = _values_and_white(image)
            if image.format == "JPEG":
                _require_whole(data, values)
            grey, colour = grey_and_colour(values, white)
            return Picture(grey, colour, str(image.format), frames=frames)


def _require_checksums(data: bytes) -> None:
    """Compare the checksums of a PNG file's parts, which Pillow does only when asked."""
    if data.startswith(b"\x89PNG"):
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            image.verify()


def _require_whole(data: bytes, values: NDArray[Any]) -> None:
    """Refuse a JPEG picture whose data end before its last row, which Pillow fills with grey."""
    # imagecodecs is slow to import, and only JPEG needs it
    from sonoher2.images.codestream import with_filler

    with Image.open(io.BytesIO(with_filler(data)), formats=("JPEG",)) as filled:
        if not np.array_equal(values, _values_and_white(filled)[0]):
            raise InputError("the picture is not whole: its data were cut short", fix="Copy or export the file again")


def _values_and_white(image: Image.Image) -> tuple[NDArray[Any], int]:
    """Pixels as (rows, columns) or (rows, columns, 3), and the value of white."""
    # Pillow before 11 gave 16-bit PNG as 32-bit integers
    if image.mode in SIXTEEN_BIT_MODES or (image.mode == "I" and image.format == "PNG"):
        return _sixteen_bit(image), 65535
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        raise InputError(
            "32-bit or signed pixels have no defined white", fix="Export the image with 8 or 16 bits per pixel"
        )
    if image.has_transparency_data:
        return _on_black(np.asarray(image.convert("RGBA"))), 255
    return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB")), 255


def _sixteen_bit(image: Image.Image) -> NDArray[Any]:
    values = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    return 65535 - values if tags.get(TIFF_PHOTOMETRIC) == WHITE_IS_ZERO else values


def _on_black(rgba: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Colours as seen on a black ground: the colour under a fully transparent pixel does not count."""
    opacity = rgba[..., 3:] / 255.0
    return rgba[..., :3] * opacity
