"""What a process computes with: its code and its libraries, which must be the same everywhere."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from sonoher2.core.files import content_key, file_sha256
from sonoher2.core.version import __version__

PACKAGE = __name__.partition(".")[0]
FURTHER = ("cloudpickle", "dask", "distributed")
"""Libraries that carry the work; they are no part of what computes it."""


@dataclass(frozen=True)
class Environment:
    """What a process computes with.

    Attributes
    ----------
    versions
        Of Python, of this package and of every library that it needs, by name.
    code
        Hash of this package's code.
    """

    versions: dict[str, str]
    code: str

    @property
    def fingerprint(self) -> str:
        """Eight digits that stand for all of it."""
        return content_key(self.versions, self.code)[:8]

    def differences(self, other: Environment) -> str:
        """Say in what this environment, there, differs from another one, here; empty when it does not."""
        names = [name for name in sorted({*self.versions, *other.versions}) if self._of(name) != other._of(name)]
        told = [f"{name} {self._of(name)} there, {other._of(name)} here" for name in names]
        told += [f"code {self.code[:8]} there, {other.code[:8]} here"] if self.code != other.code else []
        return "; ".join(told)

    def _of(self, name: str) -> str:
        return self.versions.get(name, "missing")


@cache
def this_environment() -> Environment:
    """Environment of this process."""
    folder = Path(__file__).parents[2]
    hashes = {path.relative_to(folder).as_posix(): file_sha256(path) for path in sorted(folder.rglob("*.py"))}
    versions = {"Python": ".".join(map(str, sys.version_info[:3])), PACKAGE: __version__}
    return Environment(versions | {name: _version(name) for name in (*_needed(), *FURTHER)}, content_key(hashes))


def _needed() -> list[str]:
    """Distributions that this package needs, without extras."""
    try:
        told = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return []
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in told if "extra ==" not in line]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "missing"
