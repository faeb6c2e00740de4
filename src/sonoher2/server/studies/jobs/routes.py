"""Addresses of studies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from sonoher2.server.base.errors import RESPONSES, ApiError
from sonoher2.server.context.services import Provided, Services, User
from sonoher2.server.studies.jobs import results
from sonoher2.server.studies.jobs.schemas import (
    Comparison,
    JobProgress,
    LogPart,
    NewAudit,
    NewStudy,
    NewValidation,
    Study,
    StudySummary,
)
from sonoher2.server.studies.jobs.states import OPEN
from sonoher2.server.studies.jobs.studies import add_audit, cancel, find_study, resume, start_study
from sonoher2.server.studies.jobs.supervisor import Supervisor
from sonoher2.server.studies.jobs.views import log_view, progress_view, study_view, summaries

router = APIRouter(prefix="/api/v1/studies", responses=RESPONSES, tags=["studies"])
SECONDS = 0.5
MOST_COMPARED = 12
PIECE = 1 << 20
REPORT_CSP = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
    " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Of a report: a page of its own, without the session, that reaches nothing of the server."""
REPORT_HEADERS = {"Content-Security-Policy": REPORT_CSP, "Cross-Origin-Opener-Policy": "same-origin"}


class UsedModel(BaseModel):
    """A model that cases may be predicted by."""

    bundle: str


def _wake(request: Request) -> None:
    supervisor: Supervisor = request.app.state.supervisor
    supervisor.wake()


@router.post("", status_code=201)
def create(request: Request, services: Provided, user: User, asked: NewStudy) -> Study:
    """Run a draft, or a study file of this machine: the same as `sonoher2 run`."""
    row = start_study(services, user, asked)
    _wake(request)
    return study_view(services, row.id)


@router.get("")
def studies(services: Provided) -> list[StudySummary]:
    """List the studies, the newest first."""
    return summaries(services)


@router.get("/compare")
def compare(services: Provided, keys: Annotated[list[str], Query(alias="id", max_length=MOST_COMPARED)]) -> Comparison:
    """Lay the signatures of finished studies side by side, with their intervals."""
    with services.database.reading() as session:
        rows = [find_study(session, key) for key in dict.fromkeys(keys)]
    return results.compare(rows)


@router.get("/{key}")
def one(services: Provided, key: str) -> Study:
    """Give a study: its state, what was typed, what it has left."""
    return study_view(services, key)


@router.post("/{key}/cancel")
def cancel_study(request: Request, services: Provided, user: User, key: str) -> Study:
    """Stop a study with all its processes; what is finished is kept."""
    cancel(services, user, key)
    _wake(request)
    return study_view(services, key)


@router.post("/{key}/resume")
def resume_study(request: Request, services: Provided, user: User, key: str) -> Study:
    """Go on with a study that was stopped, has failed or was interrupted."""
    resume(services, user, key)
    _wake(request)
    return study_view(services, key)


@router.post("/{key}/validate", status_code=201)
def validate(request: Request, services: Provided, user: User, key: str, asked: NewValidation) -> Study:
    """Test the model of a finished study on a second cohort: the same as `sonoher2 validate`."""
    view = study_view(services, key)
    if not view.has_bundle or view.state != "finished":
        raise ApiError(409, "state", "the study has no model yet", "Wait until it is finished")
    with services.database.reading() as session:
        parent = find_study(session, key)
    row = start_study(services, user, asked, parent)
    _wake(request)
    return study_view(services, row.id)


@router.post("/{key}/audits", status_code=201)
def audit(request: Request, services: Provided, user: User, key: str, asked: NewAudit) -> Study:
    """Audit a finished study: permuted labels, or a planted signal."""
    add_audit(services, user, key, asked.kind, asked.runs)
    _wake(request)
    return study_view(services, key)


@router.post("/{key}/use")
def use(services: Provided, user: User, key: str) -> UsedModel:
    """Offer the model of a study for cases."""
    return UsedModel(bundle=results.use_for_cases(services, user, key))


@router.get("/{key}/progress")
def progress(services: Provided, key: str) -> JobProgress:
    """Tell how far a study is."""
    return progress_view(services, key)


@router.get("/{key}/log")
def log(services: Provided, key: str) -> LogPart:
    """Give the end of what the last job printed."""
    return log_view(services, key)


@router.get("/{key}/events", response_class=StreamingResponse, responses={200: {"content": {"text/event-stream": {}}}})
def events(request: Request, services: Provided, key: str) -> StreamingResponse:
    """Tell how far a study is as it goes (server-sent events); the line ends when the study does."""
    progress_view(services, key)
    return StreamingResponse(_told(request, services, key), media_type="text/event-stream")


async def _told(request: Request, services: Services, key: str) -> AsyncIterator[str]:
    last = ""
    while not await request.is_disconnected():
        found = await run_in_threadpool(progress_view, services, key)
        text = json.dumps(found.model_dump(), ensure_ascii=False)
        if text != last:
            yield f"event: progress\ndata: {text}\n\n"
        last = text
        if found.state not in OPEN:
            return
        await asyncio.sleep(SECONDS)


@router.get("/{key}/report/{path:path}", response_class=FileResponse)
def report(services: Provided, key: str, path: str) -> Response:
    """Show a page, figure or table of a report."""
    with services.database.reading() as session:
        study = find_study(session, key)
    return FileResponse(results.report_file(study, path), headers=REPORT_HEADERS)


@router.get("/{key}/bundle.zip", response_class=StreamingResponse)
def bundle(services: Provided, key: str) -> StreamingResponse:
    """Download the frozen model of a study."""
    with services.database.reading() as session:
        study = find_study(session, key)
    headers = {"Content-Disposition": f'attachment; filename="sonoher2-bundle-{key}.zip"'}
    packed = results.zipped_bundle(study)
    pieces = iter(partial(packed.read, PIECE), b"")
    return StreamingResponse(pieces, 200, headers, "application/zip", BackgroundTask(packed.close))
