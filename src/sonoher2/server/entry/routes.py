"""Sign in and out, and tokens for scripts."""

from __future__ import annotations

import math
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from sonoher2.server.base.errors import RESPONSES, ApiError
from sonoher2.server.context.services import Provided, User
from sonoher2.server.security.guard import cookie_name, cookie_of, set_cookie
from sonoher2.server.security.throttle import Throttle, keys_of
from sonoher2.server.security.users import plain_name

router = APIRouter(responses=RESPONSES)
Short = Annotated[str, Form(max_length=2048)]
Target = Annotated[str, Form(alias="next", max_length=2048)]


class ScriptToken(BaseModel):
    """A secret for scripts; it is shown once."""

    token: str
    days: int


@router.post("/login", include_in_schema=False)
def login(
    request: Request, services: Provided, name: Short = "", password: Short = "", target: Target = "/"
) -> RedirectResponse:
    """Sign a named user in; wrong names and wrong passwords are answered alike."""
    throttle: Throttle = request.app.state.throttle
    address = request.client.host if request.client else ""
    keys = keys_of(plain_name(name)[:64], address)
    wait = throttle.begin(keys)
    if wait:
        raise ApiError(
            429, "slow_down", "there were too many wrong passwords", f"Try again in {math.ceil(wait)} seconds"
        )
    user = None if services.settings.loopback else services.users.check(name, password)
    if user is None:
        services.audit.add("", "sign in", outcome="refused")
        return RedirectResponse(f"/login?{urlencode({'failed': 1, 'next': own_path(target)})}", 303)
    throttle.succeeded(keys)
    services.audit.add(user, "sign in")
    response = RedirectResponse(own_path(target), 303)
    set_cookie(response, services.settings, services.sessions.open(user))
    return response


@router.post("/logout", include_in_schema=False)
def logout(request: Request, services: Provided) -> RedirectResponse:
    """End the session of this browser."""
    name = cookie_name(services.settings)
    services.sessions.close(cookie_of(request.headers, name))
    response = RedirectResponse("/login" if not services.settings.loopback else "/", 303)
    response.delete_cookie(name, path="/")
    return response


@router.post("/api/v1/tokens", status_code=201, tags=["server"])
def make_token(services: Provided, user: User) -> ScriptToken:
    """Make a token for scripts of this user: `Authorization: Bearer TOKEN`; valid for 90 days."""
    services.audit.add(user, "make token")
    return ScriptToken(token=services.sessions.open(user, "script"), days=90)


@router.delete("/api/v1/tokens", status_code=204, tags=["server"])
def end_token(request: Request, services: Provided) -> None:
    """End the token that this very request shows."""
    services.sessions.close(request.headers.get("authorization", "").partition(" ")[2].strip())


def own_path(target: str) -> str:
    """Keep a path of this server; anything else becomes the start page."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe else "/"
