"""Named users: a file of names and argon2 hashes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import threading
import unicodedata
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import RootModel, ValidationError

from sonoher2.core.errors import InputError

NAME = re.compile(r"\w[\w .@-]{0,62}\w|\w")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 1024
LOCAL = "local"
"""Whoever uses the server on its own machine."""


class UserHashes(RootModel[dict[str, str]]):
    """Hash of a password by name."""


class Users:
    """The users of one file, read again whenever it was changed.

    Parameters
    ----------
    file
        JSON, an object of names and hashes; it may be missing.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._hasher = PasswordHasher()
        self._nobody = self._hasher.hash("nobody has this password")
        self._lock, self._read, self._known = threading.Lock(), -1, dict[str, str]()

    def all(self) -> dict[str, str]:
        """Hash of each user.

        Raises
        ------
        InputError
            The file is no file of users.
        """
        with self._lock:
            try:
                changed = self.file.stat().st_mtime_ns
                if changed != self._read:
                    self._known = UserHashes.model_validate_json(self.file.read_bytes()).root
                    self._read = changed
            except FileNotFoundError:
                self._read, self._known = -1, {}
            except (OSError, ValidationError):
                raise InputError(
                    "this is no file of users", where=str(self.file), fix="Add the users to a new file"
                ) from None
            return self._known

    def add(self, name: str, password: str) -> None:
        """Add a user, or give one a new password.

        Raises
        ------
        InputError
            The name or the password cannot be used, or the file cannot be written.
        """
        name = plain_name(name)
        if not NAME.fullmatch(name) or name == LOCAL:
            raise InputError(
                "this cannot be the name of a user", fix="Use at most 64 letters, figures, spaces and . - _ @"
            )
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise InputError(
                "the password is too short or too long", fix=f"Use at least {SHORTEST_PASSWORD} characters"
            )
        self._write(self.all() | {name: self._hasher.hash(password)})

    def _write(self, users: dict[str, str]) -> None:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, path = tempfile.mkstemp(dir=self.file.parent, suffix=".part")
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(users, file, ensure_ascii=False, indent=2)
            os.replace(path, self.file)
        except OSError as error:
            raise InputError(
                f"the file of users cannot be written ({error.strerror})", where=str(self.file), fix="Check its folder"
            ) from None

    def credential(self, name: str) -> str:
        """Fingerprint of a user's password as it is kept, which another password changes; empty for nobody's."""
        kept = self.all().get(name)
        return hashlib.sha256(kept.encode()).hexdigest() if kept else ""

    def check(self, name: str, password: str) -> str | None:
        """Give the user's name as it is kept, or None; it takes as long for a name that nobody has."""
        name = plain_name(name)
        kept = self.all().get(name)
        try:
            self._hasher.verify(kept or self._nobody, password[:LONGEST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return None
        return name if kept else None


def plain_name(name: str) -> str:
    """One spelling for letters that Unicode can write in several ways."""
    return unicodedata.normalize("NFC", name.strip())
