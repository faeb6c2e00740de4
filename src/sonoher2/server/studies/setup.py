"""What an application does for studies: addresses, and a supervisor while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from sonoher2.server.context.services import Services
from sonoher2.server.studies.drafts.routes import router as drafts
from sonoher2.server.studies.jobs.results import offer_used
from sonoher2.server.studies.jobs.routes import router as jobs
from sonoher2.server.studies.jobs.supervisor import Supervisor
from sonoher2.server.studies.pages import router as pages


def add_studies(app: FastAPI) -> None:
    """Give an application the addresses of drafts and studies, and their pages."""
    for router in (drafts, jobs, pages):
        app.include_router(router)


@contextmanager
def supervised(app: FastAPI, services: Services) -> Iterator[None]:
    """Watch the studies of a server while it runs; those of an earlier server go on."""
    offer_used(services)
    supervisor = app.state.supervisor = Supervisor(services)
    supervisor.open()
    try:
        yield
    finally:
        supervisor.close()
