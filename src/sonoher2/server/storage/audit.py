"""The audit log: rows that are only ever added, each with the hash of the row before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from sonoher2.server.storage.base import Base, Database, now

APPENDING = 4_814_523
"""Number of the lock on PostgreSQL under which a row is added."""
FIRST = "0" * 64
AT_A_TIME = 1000


class AuditRow(Base):
    """One thing that was done.

    Attributes
    ----------
    number
        From 1, without a gap.
    at, user, action, subject
        When, who, what, and the random id of what it was done to.
    input_sha256, mask_sha256, bundle_sha256
        What went in; empty where there is none.
    outcome
        ``done``, or the code of a refusal.
    previous, sha256
        Hash of the row before, and of this one.
    """

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    user: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(64))
    input_sha256: Mapped[str] = mapped_column(String(64))
    mask_sha256: Mapped[str] = mapped_column(String(64))
    bundle_sha256: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(40))
    previous: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Hashes:
    """What went into an action, as sha256."""

    input: str = ""
    mask: str = ""
    bundle: str = ""


NO_HASHES = Hashes()


class AuditLog:
    """The log of one database.

    The database itself refuses to change or remove a row (triggers of migration 0001). Who takes that protection away
    and changes a row breaks the chain of hashes, which `first_broken` tells. A chain that was computed anew from the
    first changed row on, or cut at its end, shows only against a copy of the last hash that is kept elsewhere.

    Parameters
    ----------
    database
        Where it is kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, user: str, action: str, subject: str = "", hashes: Hashes = NO_HASHES, outcome: str = "done") -> None:
        """Add a row in a transaction of its own."""
        with self._database.session() as session:
            self.add_to(session, user, action, subject, hashes, outcome)

    def add_to(
        self,
        session: Session,
        user: str,
        action: str,
        subject: str = "",
        hashes: Hashes = NO_HASHES,
        outcome: str = "done",
    ) -> None:
        """Add a row in the transaction of what is done, so that both are kept or neither.

        Parameters
        ----------
        session
            From `Database.session`.
        user
            Name of who did it.
        action
            What was done, in one or two words.
        subject
            Random id of what it was done to; never a name.
        hashes
            What went in.
        outcome
            ``done``, or the code of a refusal.
        """
        if not self._database.sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": APPENDING})
        last = session.scalars(select(AuditRow).order_by(AuditRow.number.desc()).limit(1)).first()
        row = AuditRow(
            number=last.number + 1 if last else 1,
            at=now(),
            user=user,
            action=action,
            subject=subject,
            input_sha256=hashes.input,
            mask_sha256=hashes.mask,
            bundle_sha256=hashes.bundle,
            outcome=outcome,
            previous=last.sha256 if last else FIRST,
        )
        row.sha256 = row_sha256(row)
        session.add(row)
        session.flush()

    def rows(self) -> Iterator[AuditRow]:
        """Give all rows, oldest first, some at a time."""
        last: int | None = None
        while True:
            query = select(AuditRow).order_by(AuditRow.number).limit(AT_A_TIME)
            with self._database.reading() as session:
                found = session.scalars(query if last is None else query.where(AuditRow.number > last)).all()
            yield from found
            if not found:
                return
            last = found[-1].number

    def first_broken(self) -> int | None:
        """Give the number of the first row that was changed, removed or put in; None when the log is whole."""
        previous = FIRST
        for number, row in enumerate(self.rows(), start=1):
            if row.number != number or row.previous != previous or row.sha256 != row_sha256(row):
                return number
            previous = row.sha256
        return None


def row_sha256(row: AuditRow) -> str:
    """Hash a row with the hash of the one before."""
    facts = (
        row.number, row.at.isoformat(timespec="microseconds"), row.user, row.action, row.subject, row.input_sha256,
        row.mask_sha256, row.bundle_sha256, row.outcome, row.previous,
    )  # fmt: skip
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()
