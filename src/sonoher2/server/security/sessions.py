"""Sessions: a secret of the browser's cookie or of a script, kept as its hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete

from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.security.users import LOCAL, Users
from sonoher2.server.storage.base import Database, now
from sonoher2.server.storage.tables_sessions import SessionRow

Kind = Literal["cookie", "script"]
LASTING = {"local": timedelta(days=30), "cookie": timedelta(hours=12), "script": timedelta(days=90)}
REMEMBERED = 30.0
"""Seconds for which a session is not looked up again."""


@dataclass(frozen=True)
class _Known:
    user: str
    kind: str
    until: float


class Sessions:
    """All sessions of a server.

    Parameters
    ----------
    database
        Where they are kept.
    settings
        Whether the server is for this machine alone, and its start token.
    users
        Whoever is taken out of their file, or has a new password, has no session any more.
    """

    def __init__(self, database: Database, settings: ServerSettings, users: Users) -> None:
        self._database, self._settings, self._users = database, settings, users
        self._lock, self._known = threading.Lock(), dict[str, _Known]()

    def is_start_token(self, token: str) -> bool:
        """Whether this is the token of the start address; nothing is where users have names."""
        own = self._settings.token.encode()
        return self._settings.loopback and hmac.compare_digest(token.encode("utf-8", "replace"), own)

    def open(self, user: str, kind: Kind = "cookie") -> str:
        """Open a session and give its secret."""
        secret = secrets.token_urlsafe(32)
        lasting = LASTING["local" if user == LOCAL and kind == "cookie" else kind]
        row = SessionRow(
            sha256=_sha256(secret),
            kind=kind,
            user=user,
            created=now(),
            expires=now() + lasting,
            credential="" if user == LOCAL else self._users.credential(user),
        )
        with self._database.session() as session:
            session.execute(delete(SessionRow).where(SessionRow.expires < now()))
            session.add(row)
        return secret

    def user(self, secret: str, kind: Kind) -> str | None:
        """Whose session a secret opens; None for no one's."""
        if kind == "script" and self.is_start_token(secret):
            return LOCAL
        name, clock = _sha256(secret), time.monotonic()
        with self._lock:
            known = self._known.get(name)
        if known is None or known.until < clock:
            known = self._looked_up(name, clock)
        return known.user if known is not None and known.kind == kind else None

    def _looked_up(self, name: str, clock: float) -> _Known | None:
        with self._database.reading() as session:
            row = session.get(SessionRow, name)
        known = None
        if row is not None and row.expires > now() and self._admitted(row):
            known = _Known(row.user, row.kind, clock + REMEMBERED)
        with self._lock:
            if known is not None:
                self._known[name] = known
            else:
                self._known.pop(name, None)
        return known

    def _admitted(self, row: SessionRow) -> bool:
        if self._settings.loopback:
            return row.user == LOCAL
        credential = self._users.credential(row.user)
        return bool(credential) and credential == row.credential

    def close(self, secret: str) -> None:
        """End a session."""
        name = _sha256(secret)
        with self._database.session() as session:
            session.execute(delete(SessionRow).where(SessionRow.sha256 == name))
        with self._lock:
            self._known.pop(name, None)


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
