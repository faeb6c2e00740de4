"""Errors become a page where a person, not a script, asked."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from sonoher2.core.errors import SonoHer2Error
from sonoher2.server.base.errors import ApiError
from sonoher2.server.pages.templates import render

Handler = Callable[[Request, Exception], Response | Awaitable[Response]]
KINDS: tuple[type[Exception], ...] = (SonoHer2Error, ApiError, RequestValidationError, HTTPException)


def install_error_pages(app: FastAPI) -> None:
    """Lay pages over the answers that an application gives to errors; those of the API stay JSON."""
    for kind in KINDS:
        app.exception_handlers[kind] = _as_page(app.exception_handlers[kind])


def _as_page(handler: Handler) -> Handler:
    async def answering(request: Request, error: Exception) -> Response:
        found = handler(request, error)
        answer = await found if inspect.isawaitable(found) else found
        wanted = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
        return _page(request, answer) if wanted else answer

    return answering


def _page(request: Request, answer: Response) -> Response:
    detail = json.loads(bytes(answer.body))["error"]
    # a plain first word has a capital letter; the name of a file stays as it is
    message = re.sub("^[a-z]+(?= )", lambda word: word[0].capitalize(), detail["message"]) + "."
    fix = f"{detail['fix']}." if detail.get("fix") else ""
    user = getattr(request.state, "user", None) or None
    return render(
        request, "error.html", status=answer.status_code, code=answer.status_code, message=message, fix=fix, user=user
    )
