"""What routes work with, made once at start and handed to each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.security.sessions import Sessions
from sonoher2.server.security.users import Users
from sonoher2.server.storage.audit import AuditLog
from sonoher2.server.storage.base import Database
from sonoher2.server.storage.blobs import Blobs
from sonoher2.server.storage.events import Events
from sonoher2.server.work.bundles import Bundles, place_of
from sonoher2.server.work.pool import Pool
from sonoher2.server.work.tasks import warm_up


@dataclass(frozen=True)
class Services:
    """The parts of a running server.

    Attributes
    ----------
    settings
        How it is set up.
    database
        Tables.
    blobs
        Files named by their content.
    pool
        Processes that do the heavy work.
    bundles
        Frozen models that cases may be predicted by.
    audit
        Append-only log.
    events
        News for open pages.
    users, sessions
        Who may come in, and who has.
    """

    settings: ServerSettings
    database: Database
    blobs: Blobs
    pool: Pool
    bundles: Bundles
    audit: AuditLog
    events: Events
    users: Users
    sessions: Sessions

    def close(self) -> None:
        """End the processes and the connections."""
        self.pool.close()
        self.database.close()


def open_services(settings: ServerSettings, pool: Pool | None = None) -> Services:
    """Open all that a server works with; the database is brought to the newest layout.

    Parameters
    ----------
    settings
        Of the server.
    pool
        Processes that are there already; new ones, started when first needed, unless given.

    Raises
    ------
    InputError
        The home or the database cannot be opened.
    """
    blobs = Blobs(settings.home / "blobs")
    database = Database(settings.database_url)
    database.migrate()
    users = Users(settings.users_file)
    offered = tuple(place_of(folder, settings.trust) for folder in settings.bundles)
    pool = pool or Pool(settings.workers, settings.limits.task_seconds, warm_up, offered)
    return Services(
        settings,
        database,
        blobs,
        pool,
        Bundles(pool, settings.bundles, settings.trust),
        AuditLog(database),
        Events(),
        users,
        Sessions(database, settings, users),
    )


def services_of(request: Request) -> Services:
    """Give the services of the server that answers a request."""
    return cast("Services", request.app.state.services)


def user_of(request: Request) -> str:
    """Give the name of who asks; ``local`` on a loopback address."""
    return str(request.state.user)


Provided = Annotated[Services, Depends(services_of)]
User = Annotated[str, Depends(user_of)]
