"""Writing files so that nothing is lost: a temporary name first, then a rename; and hashing what was read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sonoher2.core.errors import InputError

PART = ".part"
"""Marks the name of what is being written."""
LONGEST_NAME, LONGEST_PATH = 255, 4095
"""Bytes that common file systems allow."""


@contextmanager
def atomic_path(target: Path, beside: Path | None = None) -> Iterator[Path]:
    """Give a temporary path in the folder `beside`, the target's own unless told; it replaces `target` on success.

    On failure it is removed. The temporary name keeps the suffix of `target`, since writers choose their format by
    it. What a killed run leaves behind under such a name the next run removes (`run_lock`).

    Raises
    ------
    InputError
        The folder cannot be made or written, or the disk is full.
    """
    target = Path(target)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            dir=beside or target.parent, prefix=f".{target.stem}-", suffix=f"{PART}{target.suffix}"
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        # mkstemp makes private files; results are meant to be shared as the user's umask says
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _unwritable(target: Path, error: OSError) -> InputError:
    return InputError(
        f"cannot write this file ({error.strerror or error})",
        where=str(target),
        fix="Free some space or choose another place; what was finished is kept",
        hint="output",
    )


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder beside `target`; on success it replaces `target` whole, on failure it is removed.

    Raises
    ------
    InputError
        The folder cannot be made or written, or the disk is full.
    """
    target = Path(target)
    made: list[Path] = []

    def beside() -> Path:
        made.append(Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-", suffix=PART)))
        return made[-1]

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new = beside()
        yield new
        new.chmod(0o777 & ~_umask())
        if target.exists():
            target.replace(beside() / "old")
        new.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Keep a folder of results for one run; the lock ends with its process, however that ends.

    Removes what a killed run was writing there.

    Raises
    ------
    InputError
        Another process is writing into the folder, or the folder cannot be written.
    """
    # heavier than all the rest of this file, which every command imports
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            "another run is writing into this folder",
            where=str(folder),
            fix="Wait until it has ended, or choose another folder",
            hint="output",
        ) from None
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        for left in [*folder.rglob(f".*{PART}"), *folder.rglob(f".*{PART}.*")]:
            shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)
        yield
    finally:
        lock.release()


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
    if max(parts) > LONGEST_NAME or sum(parts) + len(parts) - 1 > LONGEST_PATH:
        return f"a name has at most {LONGEST_NAME} bytes and a path {LONGEST_PATH}"
    return ""


def absolute_path(folder: Path, text: str) -> str:
    """Make a path from a table absolute; one that no file can have (see `path_fault`) stays as it is."""
    if path_fault(text):
        return text
    try:
        return str((folder / text).resolve())
    except (OSError, RuntimeError):
        # a link that leads to itself
        return str(folder / text)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def require_apart(target: Path, *read: Path | None) -> None:
    """Refuse to write a file over one that is read.

    Parameters
    ----------
    target
        To be written.
    read
        What is read; None is nothing.

    Raises
    ------
    InputError
        It is one of these.
    """
    place = Path(target).resolve()
    if any(one is not None and place == Path(one).resolve() for one in read):
        raise InputError("this file is read, and would be replaced", where=str(target), fix="Choose another name")


def write_text(target: Path, text: str, beside: Path | None = None) -> None:
    """Write text as UTF-8, whole or not at all; `beside` as in `atomic_path`."""
    with atomic_path(target, beside) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(target: Path, data: bytes) -> None:
    """Write bytes, whole or not at all."""
    with atomic_path(target) as temporary:
        temporary.write_bytes(data)


def write_json(target: Path, value: Any) -> None:
    """Write a value as indented JSON, keys in their own order, NaN refused."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def check_unchanged(hashes: Mapping[str, str]) -> None:
    """Compare files with what they were when the work began.

    Parameters
    ----------
    hashes
        Sha256 by path.

    Raises
    ------
    InputError
        Some were changed or are gone; all are named.
    """
    changed = [path for path, sha256 in hashes.items() if not Path(path).is_file() or file_sha256(Path(path)) != sha256]
    if changed:
        raise InputError(
            f"{len(changed)} input files were changed or deleted while the command ran ({', '.join(changed)})",
            fix="Leave the files alone until it has ended, and run it again",
        )


def file_sha256(path: Path) -> str:
    """Sha256 of a file's bytes as 64 hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_key(*parts: Any) -> str:
    """Sha256 of JSON-serialisable parts: the name under which a step's result is cached."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
