"""The two kinds of compiled kernel: compiled at the first call, kept on disk, free of the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

_SUMS = {"reassoc", "contract", "nsz", "nnan", "ninf"}
Kernel = TypeVar("Kernel", bound=Callable[..., object])


def kernel(function: Kernel) -> Kernel:
    """Compile with strict arithmetic: every operation rounds as it is written, and 0 / 0 is NaN."""
    return cast("Kernel", njit(cache=True, nogil=True, error_model="numpy")(function))


def summing_kernel(function: Kernel) -> Kernel:
    """Compile a kernel whose sums may be reordered and whose products may be fused, so that they use vector units.

    The result moves by a few units in the last place; never used where a comparison decides a bin. Values are finite.
    """
    return cast("Kernel", njit(cache=True, nogil=True, error_model="numpy", fastmath=_SUMS)(function))
