"""The database: SQLite in a file, or PostgreSQL; sessions, and the way to the newest layout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

from sonoher2.core.errors import InputError

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATING = 4_814_522
"""Number of the lock that a server holds on PostgreSQL while it changes the layout."""
WAIT_MS = 15_000


class Base(DeclarativeBase):
    """All tables of the server."""


def now() -> datetime:
    """Time in UTC, to the microsecond, as both databases keep it."""
    return datetime.now(UTC).replace(tzinfo=None)


class Database:
    """A database that is open.

    Parameters
    ----------
    url
        As SQLAlchemy writes it, ``sqlite:///`` or ``postgresql+psycopg://``.

    Attributes
    ----------
    engine
        Of SQLAlchemy.

    Raises
    ------
    InputError
        The URL names no database of these two kinds.
    """

    def __init__(self, url: str) -> None:
        try:
            kind = make_url(url).get_backend_name()
            if kind not in ("sqlite", "postgresql"):
                raise InputError(f"{kind} is no database that the server works with", fix=_KINDS)
            self.engine = create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=kind == "postgresql")
        except (ArgumentError, NoSuchModuleError, ImportError):
            raise InputError("the database URL cannot be used", fix=_KINDS) from None
        self.sqlite = kind == "sqlite"
        if self.sqlite:
            _prepare_sqlite(self.engine)
        self._reading = self.engine.execution_options(reading=True)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session that writes: all of it is on disk when the block ends, or nothing after an error."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that only reads, and waits for nobody."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    def migrate(self) -> None:
        """Bring the tables to the newest layout.

        Raises
        ------
        InputError
            The database cannot be reached or written, or is of a newer version.
        """
        from alembic import command
        from alembic.config import Config
        from alembic.util.exc import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        try:
            with self.engine.begin() as connection:
                if not self.sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATING})
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError:
            raise InputError(
                "the database was written by a newer version of SonoHER2", fix="Use that version, or another home"
            ) from None
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
            raise InputError(
                f"the database cannot be opened ({reason})", fix="Check the URL, rights and space"
            ) from None

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


_KINDS = "Give postgresql://user@host/name, or none for a file in the home of the server"


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        # SQLAlchemy begins transactions itself, below: the driver would begin them too late
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={WAIT_MS}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # one that reads first and then writes would fail at once where another has written meanwhile
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
