"""Addresses of the pages that people open."""

from __future__ import annotations

from importlib import resources
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from sonoher2.server.context.services import Provided
from sonoher2.server.pages.errors import install_error_pages
from sonoher2.server.pages.templates import render
from sonoher2.server.pages.translation import COOKIE, LANGUAGES

YEAR = 365 * 24 * 3600
NextPage = Annotated[str, Query(alias="next")]
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


class FreshFiles(StaticFiles):
    """Files of the package, asked for anew each time, so that pages and scripts are of one version."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file, or that the reader's copy is still the same."""
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def add_pages(app: FastAPI) -> None:
    """Give an application the pages, and below ``/static`` their scripts and looks; its errors are installed before."""
    app.include_router(router)
    app.mount("/static", FreshFiles(directory=str(resources.files(__package__) / "static")), name="static")
    install_error_pages(app)


def user_name(request: Request) -> str | None:
    """Name of the person at the page, as the guard found it."""
    return getattr(request.state, "user", None) or None


@router.get("/")
def start(request: Request) -> HTMLResponse:
    """Show what can be done."""
    return render(request, "start.html", user=user_name(request))


@router.get("/cases")
def cases(request: Request) -> HTMLResponse:
    """List the cases."""
    return render(request, "cases.html", user=user_name(request))


@router.get("/cases/{case}")
def case(request: Request, case: str) -> HTMLResponse:
    """Show one case; its script asks for the rest."""
    return render(request, "case.html", case=case, user=user_name(request))


@router.get("/login")
def login(request: Request, services: Provided, failed: bool = False, to: NextPage = "/") -> HTMLResponse:
    """Ask for name and password; a server without users asks for its start address."""
    return render(request, "login.html", with_users=not services.settings.loopback, failed=failed, next=own_path(to))


@router.get("/language/{tag}")
def choose_language(tag: str, to: str = "/") -> Response:
    """Keep a language in a cookie and go back to the page that was open."""
    answer = RedirectResponse(own_path(to), status_code=303)
    if tag in LANGUAGES:
        answer.set_cookie(COOKIE, tag, max_age=YEAR, samesite="strict", httponly=True)
    return answer


def own_path(address: str) -> str:
    """Give back a path of this server as it is, and the start page for an address of any other."""
    parts = urlsplit(address)
    inside = address.startswith("/") and not parts.scheme and not parts.netloc
    return address if inside and "\\" not in address and address.isprintable() else "/"
