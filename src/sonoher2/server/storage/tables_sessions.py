"""Who has come in: one row for each browser or script."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from sonoher2.server.storage.base import Base


class SessionRow(Base):
    """A session.

    Attributes
    ----------
    sha256
        Of the secret that the browser or script shows; the secret itself is not kept.
    kind
        ``cookie`` or ``script``.
    user
        Whose.
    created, expires
        UTC.
    credential
        Fingerprint of the user's password at that time: a new password ends the sessions of the old one.
    """

    __tablename__ = "sessions"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    user: Mapped[str] = mapped_column(String(64), index=True)
    created: Mapped[datetime]
    expires: Mapped[datetime] = mapped_column(index=True)
    credential: Mapped[str] = mapped_column(String(64), default="")
