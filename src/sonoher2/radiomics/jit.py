"""The three kinds of compiled kernel: compiled at the first call, kept on disk, free of the interpreter lock."""

from __future__ import annotations

import os
import stat
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import njit

_SUMS = {"reassoc", "contract", "nsz", "nnan", "ninf"}
_PLACE, _NOWHERE = "NUMBA_CACHE_DIR", "SONOHER2_KERNELS_NOT_KEPT"
Kernel = TypeVar("Kernel", bound=Callable[..., object])


def kernel(function: Kernel) -> Kernel:
    """Compile with strict arithmetic: every operation rounds as it is written, and 0 / 0 is NaN."""
    return _compiled(function)


def fusing_kernel(function: Kernel) -> Kernel:
    """Compile a kernel whose products may be fused with the sums they go into; the order stays as it is written.

    The last bits depend on whether the machine can fuse, hence never where a comparison decides a bin. It becomes a
    part of its callers.
    """
    return _compiled(function, fastmath={"contract"}, forceinline=True)


def summing_kernel(function: Kernel) -> Kernel:
    """Compile a kernel whose sums may be reordered and whose products may be fused, so that they use vector units.

    The result moves by a few units in the last place; never used where a comparison decides a bin. Values are finite.

    It becomes a part of the kernels that call it. As a function of its own it would be compiled once by itself and once
    more with each of them, in another order of sums, and which one is called would depend on what was compiled in this
    process and what was read from disk.
    """
    return _compiled(function, fastmath=_SUMS, forceinline=True)


def _compiled(function: Kernel, **options: Any) -> Kernel:
    options |= {"nogil": True, "error_model": "numpy"}
    try:
        return cast("Kernel", njit(cache=True, **options)(function))
    # numba's word for: neither beside the package nor in the home folder can anything be written
    except RuntimeError:
        kept = _keep_elsewhere()
    return cast("Kernel", njit(cache=kept, **options)(function))


def _keep_elsewhere() -> bool:
    """Have kernels kept in a private temporary folder; False where there is none.

    In a container or on a cluster the package is often read-only and the home folder missing. Processes that are
    started later take the place from the environment.
    """
    place = _private_folder()
    if place is not None:
        os.environ[_PLACE] = numba.config.CACHE_DIR = str(place)  # type: ignore[attr-defined]
    if place is not None or _NOWHERE not in os.environ:
        where = f"kept in {place}" if place else "compiled anew by every process"
        warnings.warn(
            f"the compiled kernels cannot be kept beside the package or in the home folder; they are {where}."
            f" Set {_PLACE} to a folder that can be written.",
            RuntimeWarning,
            stacklevel=2,
        )
    if place is None:
        os.environ[_NOWHERE] = "1"
    return place is not None


def _private_folder() -> Path | None:
    """Folder that nobody else can write: what is kept there is run."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    place = Path(tempfile.gettempdir()) / f"sonoher2-kernels-{user}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        about = place.lstat()
    except OSError:
        return None
    own = not hasattr(os, "getuid") or (about.st_uid == user and not about.st_mode & 0o077)
    return place if stat.S_ISDIR(about.st_mode) and own and os.access(place, os.W_OK) else None
