"""The application: the guard, the routes, and what happens at start and end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import APIRouter, FastAPI

from sonoher2.core.version import __version__
from sonoher2.server.base.errors import install_errors
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.cases.routes import router as cases
from sonoher2.server.cohorts.setup import add_cohorts, outlining
from sonoher2.server.context.services import Services, open_services
from sonoher2.server.entry.routes import router as entry
from sonoher2.server.pages.routes import add_pages
from sonoher2.server.security.guard import Guard
from sonoher2.server.security.throttle import Throttle
from sonoher2.server.studies.setup import add_studies, supervised

ROUTERS: tuple[APIRouter, ...] = (entry, cases)
"""Of all rooms, in the order in which they are tried."""
THREADS = 64
"""Requests that may wait at a time: for a worker, the database or a disk."""


def create_app(settings: ServerSettings, services: Services | None = None) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    settings
        Of the server.
    services
        That are open already; opened, and closed at the end, unless given.

    Raises
    ------
    InputError
        The home or the database cannot be opened.
    """
    opened = services or open_services(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        try:
            with supervised(app, opened), outlining(app, opened):
                yield
        finally:
            if services is None:
                opened.close()

    # documentation pages of the framework load their scripts from elsewhere
    app = FastAPI(
        title="SonoHER2",
        version=__version__,
        summary="Outlines and predictions of breast ultrasound images. Research software, not for clinical use.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = opened
    app.state.throttle = Throttle()
    install_errors(app)
    app.add_middleware(Guard, settings=settings, sessions=opened.sessions)
    for router in ROUTERS:
        app.include_router(router)
    add_studies(app)
    add_cohorts(app)
    add_pages(app)
    return app
