"""Compiling the kernels by several processes at once, before the first lesion is measured on a machine.

Numba compiles a kernel at its first call, half a minute for all. Where several processes measure, each would compile
them all. So the families of features are shared out first; what one process compiled, the others read from disk.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.radiomics import texture
from sonoher2.radiomics.definitions import SHAPE_DEFINITIONS
from sonoher2.radiomics.filters import filtered_images
from sonoher2.radiomics.firstorder import firstorder_features
from sonoher2.radiomics.glcm import glcm_features
from sonoher2.radiomics.gldm_ngtdm import gldm_and_ngtdm_features
from sonoher2.radiomics.glrlm import glrlm_features
from sonoher2.radiomics.glszm import glszm_features
from sonoher2.radiomics.shape2d import shape2d_features
from sonoher2.radiomics.texture import measure_images


class _Example(NamedTuple):
    """A lesion of 4 x 4 pixels, each of another grey level, as the kernels are given it; made without a kernel."""

    padded: NDArray[np.bool_]
    values: NDArray[np.float64]
    levels: NDArray[np.uint16]
    spans: NDArray[np.intp]
    neighbours: NDArray[np.uint8]
    out: NDArray[np.float64]


def _example() -> _Example:
    padded, levels, spans = np.zeros((6, 6), bool), np.zeros((6, 6), np.uint16), np.zeros((6, 2), np.intp)
    padded[1:-1, 1:-1] = True
    levels[padded] = np.arange(1, 17)
    spans[1:-1] = 1, 5
    return _Example(padded, np.arange(16.0), levels, spans, np.full((6, 6), 8, np.uint8), np.empty(93))


def _first_order(lesion: _Example) -> None:
    firstorder_features(lesion.values, 0.0, 15.0, np.ones(17, np.int64), 1.0, lesion.out[:18])


def _glcm(lesion: _Example) -> None:
    glcm_features(lesion.levels, lesion.spans, 16, 16, lesion.out[:24])


def _gldm_ngtdm(lesion: _Example) -> None:
    out = lesion.out
    gldm_and_ngtdm_features(lesion.levels, lesion.spans, lesion.neighbours, 16, 16, out[:14], out[14:19])


def _runs_and_zones(lesion: _Example) -> None:
    glrlm_features(lesion.levels, lesion.spans, np.ones(4, bool), 16, 16, lesion.out[:16])
    glszm_features(lesion.levels, lesion.spans, 16, 16, lesion.out[:16])


def _shape(lesion: _Example) -> None:
    shape2d_features(lesion.padded, 1.0, 1.0, lesion.out[: len(SHAPE_DEFINITIONS)])


_COMPILE: dict[str, Callable[[_Example], None]] = {
    "glcm": _glcm,
    "gldm and ngtdm": _gldm_ngtdm,
    "first order": _first_order,
    "runs and zones": _runs_and_zones,
    "shape": _shape,
}
FILTERS = "filters"
FAMILIES = (*_COMPILE, FILTERS)
"""Of kernels that compile apart from each other; those that take longest come first."""


def compile_family(name: str, config: RadiomicsConfig) -> None:
    """Compile the kernels of one of `FAMILIES`, or read them from disk; of the filters those that are asked for."""
    lesion = _example()
    if name != FILTERS:
        _COMPILE[name](lesion)
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        pixels = np.ascontiguousarray(lesion.padded, np.float64)
        filtered_images(pixels, (slice(1, 5), slice(1, 5)), config, (1.0, 1.0))


def compiled_before() -> bool:
    """Whether a process has compiled the kernels before; also True where they are not kept on disk.

    Numba, too, compiles a kernel anew when its own file was changed.
    """
    place = measure_images.stats.cache_path  # type: ignore[attr-defined]
    if not place:
        return True
    version = f"py{sys.version_info.major}{sys.version_info.minor}"
    kept = [path.stat().st_mtime for path in Path(place).glob(f"texture.measure_images-*.{version}*.nbi")]
    return bool(kept) and max(kept) >= Path(texture.__file__).stat().st_mtime
