"""Who reads: the user, or on one person's machine a name that is kept in a cookie."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import Depends, Request, Response

from sonoher2.core.errors import InputError
from sonoher2.server.base.errors import ApiError
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.cohorts.outlines.final import RESERVED
from sonoher2.server.cohorts.schemas import ReaderBody
from sonoher2.server.context.services import Provided, User
from sonoher2.server.security.users import LOCAL, NAME, plain_name

YEAR = 365 * 24 * 3600
HEADER = "X-Reader"
"""Under which name a page shows that it reads, percent-encoded; a script may leave it out."""


def reader_of(request: Request, user: User, services: Provided) -> ReaderBody:
    """Give who reads.

    Raises
    ------
    ApiError
        409, the page that asks shows another name: somebody chose another reader in a further window.
    """
    found = _known_reader(request, user, services)
    shown = request.headers.get(HEADER)
    if shown is not None and unquote(shown) != found.name:
        raise ApiError(
            409,
            "other_reader",
            f"another window of this browser reads as {found.name} now, so nothing is kept here",
            "Choose your own name there again, or load this page again",
        )
    return found


def _known_reader(request: Request, user: User, services: Provided) -> ReaderBody:
    if user != LOCAL:
        return ReaderBody(name=user, chosen=True, free=False)
    name = unquote(request.cookies.get(cookie_name(services.settings), ""))
    known = may_read(name)
    return ReaderBody(name=name if known else LOCAL, chosen=known, free=True)


def cookie_name(settings: ServerSettings) -> str:
    """Name of the cookie; servers on several ports share the cookies of a machine."""
    return f"reader-{settings.port}"


def may_read(name: str) -> bool:
    """Whether this can be the name of a reader."""
    return bool(NAME.fullmatch(name)) and name == plain_name(name) and name.casefold() not in RESERVED


def choose_reader(name: str, response: Response, settings: ServerSettings) -> ReaderBody:
    """Keep the name of a reader in a cookie.

    Raises
    ------
    InputError
        Nobody can be called so.
    """
    name = plain_name(name)
    if not may_read(name):
        raise InputError("this cannot be the name of a reader", fix="Use letters, figures, spaces and . - _ @")
    response.set_cookie(
        cookie_name(settings),
        quote(name),
        max_age=YEAR,
        path="/",
        secure=settings.certificate is not None,
        httponly=True,
        samesite="strict",
    )
    return ReaderBody(name=name, chosen=True, free=True)


Reader = Annotated[ReaderBody, Depends(reader_of)]
