"""Addresses of the pages about studies; their scripts ask for the rest."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from sonoher2.server.context.services import User
from sonoher2.server.pages.templates import render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/studies")
def studies(request: Request, user: User) -> HTMLResponse:
    """List the studies and the drafts."""
    return render(request, "studies.html", user=user)


@router.get("/studies/new")
def new(request: Request, user: User) -> HTMLResponse:
    """Choose a folder."""
    return render(request, "study_new.html", user=user)


@router.get("/studies/compare")
def compare(request: Request, user: User) -> HTMLResponse:
    """Lay studies side by side."""
    return render(request, "study_compare.html", user=user)


@router.get("/studies/drafts/{key}")
def draft(request: Request, user: User, key: str) -> HTMLResponse:
    """Change a draft, check it and run it."""
    return render(request, "study_draft.html", user=user, draft=key)


@router.get("/studies/{key}")
def study(request: Request, user: User, key: str) -> HTMLResponse:
    """Show one study."""
    return render(request, "study.html", user=user, study=key)
