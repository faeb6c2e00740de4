"""The library skops, without what its import costs in a process of ours.

skops trusts all estimators of scikit-learn and all functions of NumPy and SciPy by itself. To list them it imports
every module of scikit-learn, and with one of them torch: 2 s and 0.3 GB before a prediction begins. Our model files
name the few types that they may hold (`type_names.TRUSTED_TYPES`). So in the processes of the command line, and in
their workers, skops gets lists of plain types only. A process that merely imports this package is left alone, since it
may read skops files of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

VARIABLE = "SONOHER2_PROCESS"
"""Environment variable of the processes that are ours."""
_LISTS = "skops.io._trusted_types"


def in_own_process() -> None:
    """Say that this process and its workers run the command line and nothing else."""
    os.environ[VARIABLE] = "1"


def skops_io() -> Any:
    """Import `skops.io`."""
    if "skops.io" not in sys.modules and os.environ.get(VARIABLE):
        sys.modules[_LISTS] = _PlainTypes(_LISTS)
    import skops.io

    return skops.io


class _PlainTypes(ModuleType):
    """Lists of trusted types in place of skops' own: numbers, words and containers; empty for all others."""

    def __getattr__(self, name: str) -> Any:
        if not name.endswith("_TYPE_NAMES"):
            raise AttributeError(name)
        return _PLAIN.get(name, list)()


def _numpy_types() -> list[str]:
    # this module is imported with the command line, which starts without NumPy
    import numpy as np

    return sorted({f"numpy.{kind.__name__}" for kind in np.sctypeDict.values()})


_PLAIN: dict[str, Callable[[], list[str]]] = {
    "PRIMITIVE_TYPE_NAMES": lambda: [f"builtins.{kind.__name__}" for kind in (int, float, str, bool)],
    "CONTAINER_TYPE_NAMES": lambda: [f"builtins.{kind.__name__}" for kind in (list, set, map, tuple)],
    "NUMPY_DTYPE_TYPE_NAMES": _numpy_types,
}
