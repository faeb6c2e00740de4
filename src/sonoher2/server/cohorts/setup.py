"""What an application does for outlines: addresses, and an outliner while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from sonoher2.server.cohorts.background import Outliner
from sonoher2.server.cohorts.pages import router as pages
from sonoher2.server.cohorts.routes import router as api
from sonoher2.server.context.services import Services


def add_cohorts(app: FastAPI) -> None:
    """Give an application the addresses of outlines, and their pages."""
    for router in (api, pages):
        app.include_router(router)


@contextmanager
def outlining(app: FastAPI, services: Services) -> Iterator[None]:
    """Outline what waits while a server runs."""
    outliner = app.state.outliner = Outliner(services)
    outliner.start()
    try:
        yield
    finally:
        outliner.end()
