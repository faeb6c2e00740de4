"""The API of cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Header, Path, Query, Request, Response, UploadFile
from pydantic import ValidationError

from sonoher2.core.errors import InputError
from sonoher2.core.version import __version__
from sonoher2.server.base.errors import RESPONSES, ApiError, not_found
from sonoher2.server.cases import masks, predictions
from sonoher2.server.cases.schemas import (
    BundleBody,
    BundleSummary,
    CaseBody,
    CaseList,
    CasePatch,
    ClinicalFieldBody,
    OutlineRequest,
    PredictionBody,
    RunsBody,
    ServerBody,
    ServerLimits,
)
from sonoher2.server.cases.service import Cases
from sonoher2.server.context.services import Provided, Services, User
from sonoher2.server.work.models import BundleFacts

LANGUAGES = ["en", "zh-CN"]
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}
PAGE = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    " frame-ancestors 'none'"
}
"""A page that is made of a user's own words runs nothing and reaches nobody."""
PNG: dict[int | str, dict[str, object]] = {200: {"content": {"image/png": {}}, "description": "PNG"}}
HTML: dict[int | str, dict[str, object]] = {200: {"content": {"text/html": {}}, "description": "HTML"}}
MASK_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "image/png": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {"schema": {"$ref": "#/components/schemas/RunsBody"}},
        },
    }
}
MOST_NUMBER = 2**31 - 1

router = APIRouter(prefix="/api/v1", responses=RESPONSES)


def cases_of(services: Provided, user: User) -> Cases:
    """Give the cases of who asks."""
    return Cases(services, user)


def version_of(if_match: Annotated[str | None, Header(description='The version that is changed: "3".')] = None) -> int:
    """Read the header If-Match."""
    if if_match is None:
        raise ApiError(428, "no_version", "the request does not say which version it changes", "Send If-Match")
    text = if_match.removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1


Own = Annotated[Cases, Depends(cases_of)]
Version = Annotated[int, Depends(version_of)]
CaseId = Annotated[str, Path(max_length=64)]
Number = Annotated[int, Path(ge=1, le=MOST_NUMBER)]


def tagged(case: CaseBody, response: Response) -> CaseBody:
    """Say the version in the header, too."""
    response.headers["ETag"] = f'"{case.version}"'
    return case


@router.get("/server", tags=["server"])
def server(services: Provided, user: User) -> ServerBody:
    """Say what this server is and offers."""
    limits = services.settings.limits
    return ServerBody(
        version=__version__,
        user=user,
        languages=LANGUAGES,
        limits=ServerLimits(upload_bytes=limits.upload_bytes, body_bytes=limits.body_bytes),
        bundles=[_summary(services, key) for key in services.bundles.all()],
    )


@router.get("/bundles/{bundle}", tags=["server"])
def bundle(services: Provided, bundle: Annotated[str, Path(max_length=64)]) -> BundleBody:
    """Say which clinical values a model takes, and what it answers."""
    try:
        facts = services.bundles.facts(bundle)
    except KeyError:
        raise not_found("bundle") from None
    return BundleBody(
        **_summary_of(bundle, facts).model_dump(),
        clinical=[ClinicalFieldBody.model_validate(field) for field in facts.clinical],
        outcomes=list(facts.outcomes),
        unit=facts.unit,
        notice=facts.notice,
        segmenter=facts.segmenter,
    )


def _summary(services: Services, key: str) -> BundleSummary:
    try:
        return _summary_of(key, services.bundles.facts(key))
    except InputError as error:
        return BundleSummary(id=key, problem=str(error))


def _summary_of(key: str, facts: BundleFacts) -> BundleSummary:
    return BundleSummary(
        id=key,
        title=facts.title,
        synthetic=facts.synthetic,
        needs_image=facts.needs_image,
        signatures=list(facts.signatures),
        main=facts.main,
    )


@router.post("/cases", status_code=201, tags=["cases"])
def create(
    cases: Own,
    response: Response,
    image: Annotated[UploadFile, File(description="PNG, JPEG, BMP, TIFF, DICOM, NIfTI or NRRD.")],
    bundle: Annotated[str | None, Form(max_length=64, description="Id of a model; none for outlines alone.")] = None,
) -> CaseBody:
    """Open an image."""
    return tagged(cases.create(image.file, image.filename or "", bundle or None), response)


@router.get("/cases", tags=["cases"])
def list_cases(
    cases: Own,
    offset: Annotated[int, Query(ge=0, le=MOST_NUMBER)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CaseList:
    """List the cases of this user, the last changed first."""
    return cases.list(offset, limit)


@router.get("/cases/{case}", tags=["cases"])
def get(cases: Own, case: CaseId, response: Response) -> CaseBody:
    """Give one case."""
    return tagged(cases.get(case), response)


@router.patch("/cases/{case}", tags=["cases"])
def change(cases: Own, case: CaseId, version: Version, patch: CasePatch, response: Response) -> CaseBody:
    """Change what is named; what is left out stays."""
    return tagged(cases.change(case, version, patch), response)


@router.delete("/cases/{case}", status_code=204, tags=["cases"])
def remove(cases: Own, case: CaseId) -> None:
    """Remove a case with its image, outlines and predictions."""
    cases.remove(case)


@router.get("/cases/{case}/frames/{number}.png", tags=["cases"], response_class=Response, responses=PNG)
def frame(cases: Own, case: CaseId, number: Number) -> Response:
    """Give one frame as it is displayed: grey, 8 bits, the whole picture."""
    return Response(cases.frame(case, number), media_type="image/png", headers=FOREVER)


@router.post("/cases/{case}/outline", tags=["outlines"])
def outline(cases: Own, case: CaseId, request: OutlineRequest, response: Response) -> CaseBody:
    """Have the lesion outlined; where none is found the outline stays and `finding` says so."""
    return tagged(cases.outline(case, request.prompt()), response)


@router.get("/cases/{case}/mask.png", tags=["outlines"], response_class=Response, responses=PNG)
def mask_png(cases: Own, case: CaseId) -> Response:
    """Give the outline of the current frame, 0 and 255."""
    return Response(masks.mask_bytes(cases, case), media_type="image/png")


@router.get("/cases/{case}/mask", tags=["outlines"])
def mask_runs(cases: Own, case: CaseId) -> RunsBody:
    """Give the outline of the current frame as runs."""
    return masks.mask_runs(cases, case)


async def body_of(request: Request) -> bytes:
    """Read the body as it came."""
    return await request.body()


@router.put("/cases/{case}/mask", tags=["outlines"], openapi_extra=MASK_BODY)
def put_mask(
    cases: Own,
    case: CaseId,
    version: Version,
    request: Request,
    body: Annotated[bytes, Depends(body_of)],
    response: Response,
) -> CaseBody:
    """Keep an outline that was drawn."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "image/png":
        return tagged(masks.put_png(cases, case, version, body), response)
    if kind == "application/json":
        return tagged(masks.put_runs(cases, case, version, _runs(body)), response)
    raise InputError("the outline is neither a PNG nor JSON", fix="Send image/png or application/json")


def _runs(body: bytes) -> RunsBody:
    try:
        return RunsBody.model_validate_json(body)
    except ValidationError:
        raise InputError(
            "the runs of the mask cannot be read", fix="Send rows, columns and runs, whole numbers from 0"
        ) from None


@router.post("/cases/{case}/predictions", status_code=201, tags=["predictions"])
def predict(cases: Own, case: CaseId) -> PredictionBody:
    """Predict the case as it stands."""
    return predictions.make(cases, case)


@router.get("/cases/{case}/predictions", tags=["predictions"])
def list_predictions(cases: Own, case: CaseId) -> list[PredictionBody]:
    """List what was predicted, oldest first."""
    return predictions.all_of(cases, case)


@router.get("/cases/{case}/predictions/{number}/view.png", tags=["predictions"], response_class=Response, responses=PNG)
def view(cases: Own, case: CaseId, number: Number) -> Response:
    """Give the image as it was scored, with its outline."""
    found = predictions.picture(cases, case, number, lambda kept: kept.view)
    return Response(found, media_type="image/png", headers=FOREVER)


@router.get("/cases/{case}/predictions/{number}/heat.png", tags=["predictions"], response_class=Response, responses=PNG)
def heat(cases: Own, case: CaseId, number: Number) -> Response:
    """Give what the network looked at, to be laid on the view."""
    found = predictions.picture(cases, case, number, lambda kept: kept.heat)
    return Response(found, media_type="image/png", headers=FOREVER)


@router.get(
    "/cases/{case}/predictions/{number}/page.html", tags=["predictions"], response_class=Response, responses=HTML
)
def page(cases: Own, case: CaseId, number: Number) -> Response:
    """Give the page of a prediction, to be kept or printed."""
    return Response(predictions.page(cases, case, number), media_type="text/html", headers=PAGE)


@router.get("/cases/{case}/predictions/{number}/prediction.json", tags=["predictions"])
def prediction_json(cases: Own, case: CaseId, number: Number) -> Response:
    """Give a prediction as `sonoher2 predict` prints it."""
    return Response(predictions.text_of(cases, case, number), media_type="application/json")
