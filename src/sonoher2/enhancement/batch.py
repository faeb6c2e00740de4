"""Enhancing many images: clearer images, and one table of what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from sonoher2.core.files import atomic_path
from sonoher2.enhancement.enhancer import load_enhancer
from sonoher2.images.batch import BatchImage, Values, run_batch
from sonoher2.images.read import read_image

TABLE = "enhance.csv"
GAP = 8
"""White pixels between the two images of a side-by-side picture."""


@dataclass(frozen=True)
class Enhancing:
    """How images are enhanced, and what is written of each.

    Attributes
    ----------
    scale
        1, or 2: rows and columns are doubled too.
    side_by_side
        Whether to write each image beside its enhanced one.
    weights
        File of the enhancer; the shipped one unless given.
    """

    scale: int = 1
    side_by_side: bool = False
    weights: Path | None = None

    def outputs(self, image: BatchImage) -> dict[str, str]:
        """Names of the files that are written of an image, by their column; empty for none."""
        return {
            "enhanced": f"{image.name}_enhanced.png",
            "side_by_side": f"{image.name}_side_by_side.png" if self.side_by_side else "",
        }


def enhance_images(images: Sequence[BatchImage], out: Path, how: Enhancing, workers: int | None = None) -> pd.DataFrame:
    """Enhance each image; a second run does what is missing.

    Parameters
    ----------
    images
        What to enhance.
    out
        Folder of ``<name>_enhanced.png``, ``<name>_side_by_side.png`` and ``enhance.csv``.
    how
        See there.
    workers
        Processes; as many as there are processors unless told.

    Returns
    -------
    The table as written, one row per image: see `run_batch`.

    Raises
    ------
    InputError
        The weights cannot be read, or the folder cannot be written.
    """
    return run_batch(
        partial(_enhance_one, out=out, how=how),
        images,
        out / TABLE,
        settings=["enhance", how.scale, how.side_by_side, load_enhancer(how.weights).sha256],
        outputs=how.outputs,
        workers=workers,
        label="Enhancing",
    )


def _enhance_one(image: BatchImage, *, out: Path, how: Enhancing) -> Values:
    given, scale = read_image(image.path, frame=image.frame), how.scale
    cleared = load_enhancer(how.weights).clear(given.pixels, scale)
    names = how.outputs(image)
    _write_png(out / names["enhanced"], cleared)
    if names["side_by_side"]:
        _write_png(out / names["side_by_side"], _side_by_side(given.pixels, cleared, scale))
    mm_rows, mm_columns = (mm / scale for mm in given.mm_per_pixel) if given.mm_per_pixel else (None, None)
    same_size = cleared.reshape(given.shape[0], scale, given.shape[1], scale).mean(axis=(1, 3))
    return {
        **names,
        "rows": cleared.shape[0],
        "columns": cleared.shape[1],
        "scale": scale,
        "mm_per_row": mm_rows,
        "mm_per_column": mm_columns,
        "mean_grey": float(given.pixels.mean()),
        "mean_grey_enhanced": float(cleared.mean()),
        "mean_absolute_change": float(np.abs(same_size - given.pixels).mean()),
    }


def _side_by_side(given: NDArray[np.float64], cleared: NDArray[np.float64], scale: int) -> NDArray[np.float64]:
    enlarged = np.kron(given, np.ones((scale, scale)))
    return np.hstack([enlarged, np.full((len(cleared), GAP), 255.0), cleared])


def _write_png(path: Path, grey: NDArray[np.float64]) -> None:
    with atomic_path(path) as temporary:
        Image.fromarray(np.rint(grey).astype(np.uint8)).save(temporary)
