"""Addresses of the pages of outlines; their scripts ask the API for the rest."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse

from sonoher2.server.cohorts.readers import Reader
from sonoher2.server.cohorts.schemas import CohortBody
from sonoher2.server.cohorts.service import Cohorts
from sonoher2.server.context.services import Provided, User
from sonoher2.server.pages.routes import user_name
from sonoher2.server.pages.templates import render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
Id = Annotated[str, InPath(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


def cohort_of(services: Provided, user: User, reader: Reader, cohort: Id) -> CohortBody:
    """Give the cohort of an address."""
    return Cohorts(services, user, reader.name).get(cohort)


Cohort = Annotated[CohortBody, Depends(cohort_of)]


@router.get("/cohorts")
def cohorts(request: Request) -> HTMLResponse:
    """List the cohorts."""
    return render(request, "cohorts/list.html", user=user_name(request))


@router.get("/cohorts/new")
def new(request: Request, draft: str = "") -> HTMLResponse:
    """Begin one."""
    return render(request, "cohorts/new.html", draft=draft[:64], user=user_name(request))


@router.get("/cohorts/{cohort}")
def worklist(request: Request, cohort: Cohort) -> HTMLResponse:
    """Show the worklist of a cohort."""
    return render(request, "cohorts/worklist.html", cohort=cohort, user=user_name(request))


@router.get("/cohorts/{cohort}/images/{image}")
def image(request: Request, cohort: Cohort, image: Id) -> HTMLResponse:
    """Outline one image."""
    return render(request, "cohorts/image.html", cohort=cohort, image=image, user=user_name(request))


@router.get("/cohorts/{cohort}/images/{image}/decide")
def decide(request: Request, cohort: Cohort, image: Id) -> HTMLResponse:
    """Decide on one image."""
    return render(request, "cohorts/decide.html", cohort=cohort, image=image, user=user_name(request))


@router.get("/cohorts/{cohort}/agreement")
def agreement(request: Request, cohort: Cohort) -> HTMLResponse:
    """Show how far the readers agree."""
    return render(request, "cohorts/agreement.html", cohort=cohort, user=user_name(request))
