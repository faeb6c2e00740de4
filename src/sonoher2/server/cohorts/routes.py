"""The API of outlines."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from sonoher2.core.errors import InputError, UsageError
from sonoher2.core.files import path_fault
from sonoher2.server.base.errors import RESPONSES, ApiError, not_found
from sonoher2.server.base.texts import NO_NUL
from sonoher2.server.cases.routes import FOREVER, MASK_BODY, MOST_NUMBER, PNG, Version, body_of
from sonoher2.server.cases.schemas import OutlineRequest, RunsBody
from sonoher2.server.cohorts import deciding, reading
from sonoher2.server.cohorts.background import Outliner, topic
from sonoher2.server.cohorts.outlines.models import DrawnMask
from sonoher2.server.cohorts.readers import Reader, choose_reader
from sonoher2.server.cohorts.schemas import (
    AgreementBody,
    CohortBody,
    CohortList,
    CohortRequest,
    DecisionRequest,
    DisagreementList,
    ImageBody,
    ImageList,
    ReaderBody,
    ReaderRequest,
    State,
    StateRequest,
)
from sonoher2.server.cohorts.service import Cohorts
from sonoher2.server.cohorts.worklist import Filter, worklist
from sonoher2.server.context.services import Provided, User

ZIP: dict[int | str, dict[str, object]] = {200: {"content": {"application/zip": {}}, "description": "ZIP"}}
DIFFER = 0.8
"""Dice below which two readers are listed as differing."""
DRAFTS = "drafts"

router = APIRouter(prefix="/api/v1", responses=RESPONSES, tags=["outlines of cohorts"])


def cohorts_of(services: Provided, user: User, reader: Reader) -> Cohorts:
    """Give the cohorts as who asks reads them."""
    return Cohorts(services, user, reader.name)


All = Annotated[Cohorts, Depends(cohorts_of)]
Id = Annotated[str, InPath(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
WhoseOutline = Annotated[
    str, Query(max_length=64, pattern=NO_NUL, description="Another reader; your own outline without.")
]


@router.get("/reader")
def who(reader: Reader) -> ReaderBody:
    """Say under which name outlines are kept."""
    return reader


@router.put("/reader")
def choose(reader: Reader, request: ReaderRequest, services: Provided, response: Response) -> ReaderBody:
    """Say who reads, on a machine that one person uses for several readers."""
    if not reader.free:
        raise ApiError(409, "named", "users of this server read under their own names", "Sign in as the reader")
    return choose_reader(request.name, response, services.settings)


@router.post("/cohorts", status_code=201)
def create(request: Request, cohorts: All, body: CohortRequest) -> CohortBody:
    """Begin to outline the images of a draft, a study file, an images table or a folder."""
    made = cohorts.create(body, _source(cohorts, body))
    wake(request)
    return made


def _source(cohorts: Cohorts, body: CohortRequest) -> Path:
    if (body.source is None) == (body.draft is None):
        raise UsageError("a cohort is made of `source` or of `draft`; give one of them")
    if body.source is not None:
        path = Path(body.source)
        if path_fault(body.source) or not path.is_absolute():
            raise InputError("the path is not one of this machine", fix="Give the whole path, from the root on")
        return path
    name = body.draft or ""
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise not_found("draft")
    path = cohorts.services.settings.home / DRAFTS / name / "study.yaml"
    if not path.is_file():
        raise not_found("draft")
    return path


def wake(request: Request) -> None:
    """Tell the outliner that there is something to do."""
    outliner: Outliner | None = getattr(request.app.state, "outliner", None)
    if outliner is not None:
        outliner.wake()


@router.get("/cohorts")
def list_cohorts(cohorts: All) -> CohortList:
    """List all cohorts, the newest first."""
    return cohorts.list()


@router.get("/cohorts/{cohort}")
def get(cohorts: All, cohort: Id) -> CohortBody:
    """Give one cohort with the progress of its readers."""
    return cohorts.get(cohort)


@router.delete("/cohorts/{cohort}", status_code=204)
def remove(cohorts: All, cohort: Id) -> None:
    """Remove a cohort with all its outlines; the images stay where they are."""
    cohorts.remove(cohort)


@router.get("/cohorts/{cohort}/images")
def images(
    cohorts: All,
    cohort: Id,
    state: State | None = None,
    doubtful: bool | None = None,
    mine: bool = False,
    text: Annotated[str, Query(max_length=200)] = "",
    offset: Annotated[int, Query(ge=0, le=MOST_NUMBER)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ImageList:
    """Give a part of the worklist, doubtful images first."""
    return worklist(cohorts, cohort, Filter(state, doubtful, mine, text), offset, limit)


@router.get("/cohorts/{cohort}/images/{image}")
def image(cohorts: All, cohort: Id, image: Id, response: Response) -> ImageBody:
    """Give one image as the reader may see it."""
    return tagged(reading.image_body(cohorts, cohort, image), response)


def tagged(body: ImageBody, response: Response) -> ImageBody:
    """Say the version of the reader's outline in the header, too."""
    response.headers["ETag"] = f'"{body.version}"'
    return body


@router.get("/cohorts/{cohort}/images/{image}/picture.png", response_class=Response, responses=PNG)
def picture(cohorts: All, cohort: Id, image: Id) -> Response:
    """Give the picture as it is displayed: grey, 8 bits, whole."""
    return Response(reading.picture_png(cohorts, cohort, image), media_type="image/png", headers=FOREVER)


@router.get("/cohorts/{cohort}/images/{image}/mask")
def mask_runs(cohorts: All, cohort: Id, image: Id, reader: WhoseOutline = "") -> RunsBody:
    """Give the reader's own outline as runs, or what the image starts with; or another's, once the own is finished."""
    return reading.mask_runs(cohorts, cohort, image, reader)


@router.get("/cohorts/{cohort}/images/{image}/mask.png", response_class=Response, responses=PNG)
def mask_png(cohorts: All, cohort: Id, image: Id, reader: WhoseOutline = "") -> Response:
    """Give the same as PNG, 0 and 255; 404 where there is none."""
    return Response(reading.mask_png(cohorts, cohort, image, reader), media_type="image/png")


@router.put("/cohorts/{cohort}/images/{image}/mask", openapi_extra=MASK_BODY)
def put_mask(
    cohorts: All,
    cohort: Id,
    image: Id,
    version: Version,
    request: Request,
    body: Annotated[bytes, Depends(body_of)],
    response: Response,
) -> ImageBody:
    """Keep what the reader has drawn; an empty outline says that there is no lesion."""
    row = reading.opened(cohorts, cohort, image)
    drawn = _drawn(request.headers.get("content-type", ""), body, (row.rows, row.columns))
    return tagged(reading.put_mask(cohorts, cohort, image, version, drawn), response)


def _drawn(kind: str, body: bytes, shape: tuple[int, int]) -> DrawnMask:
    # numpy is slow to import
    from sonoher2.server.work.masks import sent_mask

    if kind.partition(";")[0].strip().lower() == "image/png":
        return reading.drawn(sent_mask(body, shape))
    try:
        return reading.drawn_runs(RunsBody.model_validate_json(body), shape)
    except ValidationError:
        raise InputError("the outline is neither PNG nor run lengths", fix="Send rows, columns and runs") from None


@router.post("/cohorts/{cohort}/images/{image}/outline")
def outline(
    cohorts: All, cohort: Id, image: Id, version: Version, request: OutlineRequest, response: Response
) -> ImageBody:
    """Have the lesion outlined anew, as the reader's own outline."""
    return tagged(reading.outline_again(cohorts, cohort, image, version, request.prompt()), response)


@router.put("/cohorts/{cohort}/images/{image}/state")
def put_state(
    request: Request, cohorts: All, cohort: Id, image: Id, version: Version, body: StateRequest, response: Response
) -> ImageBody:
    """Say that the reader has finished the image, skips it, or takes it up again."""
    found = tagged(reading.put_state(cohorts, cohort, image, version, body), response)
    wake(request)
    return found


@router.get("/cohorts/{cohort}/agreement")
def agreement(request: Request, cohorts: All, cohort: Id) -> AgreementBody:
    """Say how far readers agree: Dice, missed lesions, ICC(2,1) of area and features."""
    wake(request)
    return deciding.agreement(cohorts, cohort)


@router.get("/cohorts/{cohort}/disagreements")
def disagreements(cohorts: All, cohort: Id, below: Annotated[float, Query(ge=0, le=1.01)] = DIFFER) -> DisagreementList:
    """List the images on which readers differ, those that differ most first."""
    return deciding.disagreements(cohorts, cohort, below)


@router.post("/cohorts/{cohort}/images/{image}/adjudicate")
def adjudicate(cohorts: All, cohort: Id, image: Id, version: Version, body: DecisionRequest) -> ImageBody:
    """Decide whose outline counts; If-Match names the version of the decision, 0 for none."""
    return deciding.adjudicate(cohorts, cohort, image, version, body)


@router.get("/cohorts/{cohort}/export.zip", response_class=Response, responses=ZIP)
def export(
    cohorts: All,
    cohort: Id,
    reader: Annotated[list[str], Query(max_length=50, description="Readers, the main one first.")] = [],  # noqa: B006
    segmenter: Annotated[bool, Query(description="Its outline where nobody has drawn one.")] = False,
) -> Response:
    """Give the outlines as masks and an images table that a study reads."""
    name, data = deciding.export(cohorts, cohort, tuple(reader), segmenter=segmenter)
    return Response(
        data, media_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.get("/cohorts/{cohort}/events", response_class=StreamingResponse)
def events(cohorts: All, cohort: Id) -> StreamingResponse:
    """Send news: ``progress`` of the segmenter, ``outline`` when somebody finishes an image."""
    first = cohorts.get(cohort)

    async def lines() -> AsyncIterator[str]:
        facts = {"images": first.images, "looked": first.looked}
        yield f"event: progress\ndata: {json.dumps(facts)}\n\n"
        async for news in cohorts.services.events.listen(topic(cohort)):
            yield ": still here\n\n" if news is None else news.sse()

    return StreamingResponse(lines(), media_type="text/event-stream")
