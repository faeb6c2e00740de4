"""Results of finished steps, by content: a second run recomputes nothing and a killed one resumes.

An entry's name is the sha256 of all that its value depends on: the inputs' hashes, the settings, the source code of
the layers that compute it and the versions of the libraries. Entries are written whole or not at all, so that a kill
leaves no half entry behind.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from functools import cache as memoise
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.save import library_versions
from sonoher2.core.files import content_key, write_bytes


class Cache:
    """A folder of finished results.

    Parameters
    ----------
    folder
        Made when the first entry is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def path(self, step: str, key: str, suffix: str) -> Path:
        """Where the entry of one step lies or would lie."""
        return self.folder / step / f"{key}{suffix}"

    def has(self, step: str, key: str, suffix: str) -> bool:
        """Whether the entry is there."""
        return self.path(step, key, suffix).is_file()

    def clear(self) -> None:
        """Remove all entries."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def entry(self, step: str, key: str, suffix: str) -> bytes:
        """Bytes of an entry that is there."""
        return self.path(step, key, suffix).read_bytes()

    def write(self, step: str, key: str, suffix: str, data: bytes) -> None:
        """Keep an entry."""
        write_bytes(self.path(step, key, suffix), data)

    def array(self, step: str, key: str) -> NDArray[np.float64]:
        """Array of an entry that is there."""
        return np.asarray(np.load(self.path(step, key, ".npy"), allow_pickle=False))

    def write_array(self, step: str, key: str, value: NDArray[Any]) -> None:
        """Keep an array."""
        self.write(step, key, ".npy", array_bytes(value))

    def frame(self, step: str, key: str) -> pd.DataFrame:
        """Table of an entry that is there."""
        return pd.read_parquet(self.path(step, key, ".parquet"))

    def write_frame(self, step: str, key: str, value: pd.DataFrame) -> None:
        """Keep a table."""
        self.write(step, key, ".parquet", value.to_parquet())


def array_bytes(value: NDArray[Any]) -> bytes:
    """Array as the bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=False)
    return buffer.getvalue()


def values_sha256(table: pd.DataFrame) -> str:
    """Sha256 of the numbers of a table, without its names."""
    return hashlib.sha256(table.to_numpy(np.float64).tobytes()).hexdigest()


@memoise
def code_key(*layers: str) -> str:
    """Sha256 of the code of some layers and of `config`, and of the libraries' versions."""
    package = resources.files("sonoher2")
    parts: dict[str, object] = {"libraries": library_versions()}
    for layer in (*layers, "config"):
        root = package / layer
        files = [root] if root.is_file() else sorted(Path(str(root)).rglob("*.py"))
        for file in files:
            parts[f"{layer}/{file.name}"] = hashlib.sha256(file.read_bytes()).hexdigest()
    return content_key(parts)
