"""Files that are named by their content: whole or absent, never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from sonoher2.core.errors import InputError

NAME = re.compile(r"[0-9a-f]{64}(\.[a-z0-9.]{1,12})?")
ROOM = re.compile(r"[A-Za-z0-9_-]{1,64}")
PART = ".part"
MARK = ".changing"
CHUNK = 2**20


class Blobs:
    """A folder of files, each called by the sha256 of its bytes and perhaps a suffix.

    Parameters
    ----------
    folder
        Made when it is missing; only its owner can read it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, *rooms: str) -> Blobs:
        """Give a store within this one, such as one for each case, which can be removed whole.

        Raises
        ------
        ValueError
            A name is not made of letters, figures, ``-`` and ``_``.
        """
        if not all(ROOM.fullmatch(room) for room in rooms):
            raise ValueError("no name of a room")
        return Blobs(self.folder.joinpath(*rooms))

    def put(self, data: bytes, suffix: str = "") -> str:
        """Keep bytes and give their name; on disk when this returns.

        Raises
        ------
        InputError
            The disk is full or cannot be written.
        """
        return self._write([data], suffix)

    def put_stream(self, stream: BinaryIO, suffix: str = "") -> str:
        """Keep what a stream holds, a part at a time; as `put`."""
        return self._write(iter(lambda: stream.read(CHUNK), b""), suffix)

    def _write(self, parts: Iterable[bytes], suffix: str) -> str:
        sha256 = hashlib.sha256()
        temporary: Path | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, path = tempfile.mkstemp(dir=self.folder, suffix=PART)
            temporary = Path(path)
            with open(handle, "wb") as file:
                for part in parts:
                    sha256.update(part)
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            name = sha256.hexdigest() + suffix
            temporary.replace(self.folder / name)
            _sync_folder(self.folder)
        except OSError as error:
            raise InputError(
                f"the server cannot keep a file ({error.strerror or error})", fix="Free some space on its disk"
            ) from error
        finally:
            if temporary is not None:
                temporary.unlink(missing_ok=True)
        return name

    def path(self, name: str) -> Path:
        """Where a file lies.

        Raises
        ------
        KeyError
            There is none of this name.
        """
        path = self.folder / name
        if not NAME.fullmatch(name) or not path.is_file():
            raise KeyError(name)
        return path

    def read(self, name: str) -> bytes:
        """Give the bytes of a file; KeyError as in `path`."""
        return self.path(name).read_bytes()

    def mark(self, by: str) -> None:
        """Note in the store who is making or removing its owner."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            (self.folder / MARK).write_text(by, encoding="utf-8")

    def unmark(self) -> None:
        """Take the note away."""
        with contextlib.suppress(OSError):
            (self.folder / MARK).unlink(missing_ok=True)

    def mark_of(self) -> str:
        """Who has noted so; empty for nobody."""
        try:
            return (self.folder / MARK).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""

    def rooms(self) -> list[str]:
        """Names of the stores within this one."""
        inside = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted(path.name for path in inside if path.is_dir() and ROOM.fullmatch(path.name))

    def clear(self) -> None:
        """Remove the whole store."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a killed server was writing; to be called before anything is written."""
        if self.folder.is_dir():
            for left in self.folder.rglob(f"*{PART}"):
                left.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
