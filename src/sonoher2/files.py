"""Writing files so that nothing is lost: a temporary name first, then a rename; and hashing what was read."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sonoher2.errors import InputError

LONGEST_NAME, LONGEST_PATH = 255, 4095
"""Bytes that common file systems allow."""


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Give a temporary path beside `target`; on success it replaces `target`, on failure it is removed.

    The temporary name keeps the suffix of `target`, since writers choose their format by it.

    Raises
    ------
    InputError
        The folder cannot be made or written, or the disk is full.
    """
    target = Path(target)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-", suffix=target.suffix)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        # mkstemp makes private files; results are meant to be shared as the user's umask says
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        raise InputError(
            f"cannot write this file ({error.strerror or error})",
            where=str(target),
            fix="Free some space or choose another folder with --out; what was finished is kept",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def path_fault(text: str) -> str:
    """Say why a text cannot be the path of a file on any common system; empty when it can.

    Parameters
    ----------
    text
        From a study file, a table or a bundle.
    """
    if "\0" in text:
        return "it holds a NUL character"
    parts = [len(part) for part in os.fsencode(text.replace("\\", "/")).split(b"/")]
    if max(parts) > LONGEST_NAME or sum(parts) + len(parts) > LONGEST_PATH:
        return f"a name has at most {LONGEST_NAME} bytes and a path {LONGEST_PATH}"
    return ""


def absolute_path(folder: Path, text: str) -> str:
    """Make a path from a table absolute; one that no file can have (see `path_fault`) stays as it is."""
    return text if path_fault(text) else str((folder / text).resolve())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(target: Path, text: str) -> None:
    """Write text as UTF-8, whole or not at all."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(target: Path, data: bytes) -> None:
    """Write bytes, whole or not at all."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)


def write_json(target: Path, value: Any) -> None:
    """Write a value as indented JSON, keys in their own order, NaN refused."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def file_sha256(path: Path) -> str:
    """Sha256 of a file's bytes as 64 hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_key(*parts: Any) -> str:
    """Sha256 of JSON-serialisable parts: the name under which a step's result is cached."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
