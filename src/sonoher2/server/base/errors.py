"""The one form in which the server says no."""

from __future__ import annotations

import logging
import traceback
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from sonoher2.core.errors import FindingsError, InputError, SonoHer2Error, UsageError

log = logging.getLogger("sonoher2.server")


class FindingBody(BaseModel):
    """One thing that is wrong."""

    code: str
    level: str
    message: str
    where: str
    fix: str


class ErrorDetail(BaseModel):
    """What is wrong, where, and what to do."""

    code: str
    message: str
    where: str = ""
    fix: str = ""
    findings: list[FindingBody] | None = None


class ErrorBody(BaseModel):
    """Every answer that is no success."""

    error: ErrorDetail


class ApiError(Exception):
    """A request that cannot be answered as it stands.

    Parameters
    ----------
    status
        HTTP status, 400 to 499.
    code
        For programs.
    message, fix
        For people, one sentence each.
    """

    def __init__(self, status: int, code: str, message: str, fix: str = "") -> None:
        self.status, self.code, self.message, self.fix = status, code, message, fix
        super().__init__(message)


def not_found(what: str) -> ApiError:
    """Say that there is no such thing, or that it belongs to somebody else."""
    return ApiError(404, "not_found", f"there is no such {what}", "Check the address")


def answer(status: int, detail: ErrorDetail, headers: dict[str, str] | None = None) -> JSONResponse:
    """Make the answer of an error."""
    return JSONResponse(ErrorBody(error=detail).model_dump(exclude_none=True), status, headers)


RESPONSES: dict[int | str, dict[str, object]] = {
    status: {"model": ErrorBody, "description": HTTPStatus(status).phrase}
    for status in (400, 401, 403, 404, 409, 412, 413, 422, 428)
}
"""For the OpenAPI document."""


def install_errors(app: FastAPI) -> None:
    """Answer all errors of an application in one form."""
    app.exception_handler(SonoHer2Error)(_of_ours)
    app.exception_handler(ApiError)(_of_api)
    app.exception_handler(RequestValidationError)(_of_validation)
    app.exception_handler(HTTPException)(_of_http)


def _of_ours(_: Request, error: SonoHer2Error) -> JSONResponse:
    if isinstance(error, FindingsError):
        findings = [
            FindingBody(code=one.code, level=one.severity, message=one.what, where=one.where, fix=one.fix)
            for one in error.findings
        ]
        return answer(422, ErrorDetail(code="findings", message=str(error), findings=findings))
    status, code = (400, "usage") if isinstance(error, UsageError) else (422, "input")
    return answer(status, ErrorDetail(code=code, message=error.what, where=error.where, fix=error.fix))


def _of_api(_: Request, error: ApiError) -> JSONResponse:
    return answer(error.status, ErrorDetail(code=error.code, message=error.message, fix=error.fix))


def _of_validation(_: Request, error: RequestValidationError) -> JSONResponse:
    # what was sent is left out: it may be a patient's value
    findings = [
        FindingBody(
            code=str(one["type"]), level="error", message=str(one["msg"]), where=".".join(map(str, one["loc"])), fix=""
        )
        for one in error.errors()
    ]
    return answer(
        422,
        ErrorDetail(
            code="request",
            message="the request does not have the form that the API describes",
            where=", ".join(one.where for one in findings),
            fix="Compare it with /api/v1/openapi.json",
            findings=findings,
        ),
    )


def _of_http(_: Request, error: HTTPException) -> JSONResponse:
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    return answer(error.status_code, ErrorDetail(code=code, message=str(error.detail)), dict(error.headers or {}))


_AWAY = "the server's database cannot be used now: it is busy, full or away"
_LOOK = "Ask who looks after it to read its log"


def fault(error: Exception) -> JSONResponse:
    """Log an unforeseen error, and answer that there was one.

    Its message may hold a patient's value, so only the places in the code are logged, and those that a worker told.
    A database that is busy, full or away, and a file of users that cannot be read, are no fault of the program.
    """
    places = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    if isinstance(error, OperationalError):
        log.error("the database could not be used, %s\n%s", type(error.orig).__name__, places)
        return answer(503, ErrorDetail(code="database", message=_AWAY, fix="Try again in a moment"))
    if isinstance(error, InputError):
        # of the server's own files: what requests give is answered elsewhere
        log.error("%s", error)
        return answer(503, ErrorDetail(code="server", message="the server cannot be used now", fix=_LOOK))
    log.error("internal error, %s\n%s%s", type(error).__name__, places, getattr(error, "places", ""))
    return answer(
        500, ErrorDetail(code="internal", message="the server met an error of its own", fix="Please report it")
    )
