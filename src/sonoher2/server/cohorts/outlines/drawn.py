"""Outlines between a browser and the disk: run lengths, and PNG files of 0 and 255."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sonoher2.core.errors import InputError
from sonoher2.server.cohorts.outlines.models import DrawnMask

if TYPE_CHECKING:
    from sonoher2.lesions.mask import Mask

FAST = 1
"""Level of compression, as `mask_files.mask_png` has it: the same pixels are the same bytes."""
_AGAIN = "Load the page again and draw on this picture"


def drawn_from_runs(rows: int, columns: int, runs: Sequence[int]) -> DrawnMask:
    """Make an outline of run lengths along rows, background first.

    Raises
    ------
    InputError
        The runs are not those of such a picture.
    """
    import numpy as np

    lengths = np.asarray(runs, dtype=np.int64)
    if (lengths < 0).any() or lengths.sum() != rows * columns:
        raise InputError("the runs of the outline do not fill the picture", fix=_AGAIN)
    return _drawn(np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(rows, columns))


def drawn_from_png(data: bytes, rows: int, columns: int) -> DrawnMask:
    """Read an outline from a PNG of the size of the picture: lesion is what is not black.

    Raises
    ------
    InputError
        It is no PNG, or has another size.
    """
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            if opened.size != (columns, rows):
                what = f"the outline has {opened.height} rows x {opened.width} columns"
                raise InputError(f"{what}, and the picture {rows} rows x {columns} columns", fix=_AGAIN)
            pixels = np.asarray(opened.convert("L"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise InputError("the outline is no PNG that can be read", fix="Send PNG, or run lengths as JSON") from None
    return _drawn(pixels > 0)


def runs_of_png(data: bytes) -> list[int]:
    """Give the run lengths of an outline that is kept as PNG, background first."""
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(data)) as opened:
        pixels = (np.asarray(opened) > 0).ravel()
    ends = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    lengths = np.diff(np.concatenate([[0], ends, [pixels.size]])).tolist()
    return [0, *lengths] if pixels[0] else lengths


def _drawn(mask: Mask) -> DrawnMask:
    import numpy as np
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(buffer, format="png", compress_level=FAST)
    return DrawnMask(buffer.getvalue(), int(np.count_nonzero(mask)))
