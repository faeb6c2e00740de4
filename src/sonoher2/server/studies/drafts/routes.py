"""Addresses of drafts and uploads; what reads tables is imported when it is first asked for."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, File, Header, Query, UploadFile
from fastapi.responses import FileResponse

from sonoher2.server.base.errors import RESPONSES, ApiError
from sonoher2.server.context.services import Provided, User
from sonoher2.server.studies.drafts.checked import check
from sonoher2.server.studies.drafts.folders import count_files, keep_file, new_upload, require_open, upload_folder
from sonoher2.server.studies.drafts.rows import delete_draft, drafts_of, find_draft, study_file
from sonoher2.server.studies.drafts.schemas import Checked, Draft, DraftChange, DraftSummary, NewDraft, Upload

router = APIRouter(prefix="/api/v1", responses=RESPONSES, tags=["drafts"])


@router.post("/uploads", status_code=201)
def upload(
    services: Provided,
    user: User,
    files: Annotated[list[UploadFile], File(description="Each with its path within the chosen folder as file name.")],
    into: Annotated[str, Query(max_length=64, description="Id of an upload that these files are added to.")] = "",
) -> Upload:
    """Keep files of a folder; send a large folder in several requests."""
    key = into or new_upload(services.settings)
    folder = upload_folder(services.settings, key)
    for file in files:
        # a study may have been started while the last one came
        require_open(services.settings, key)
        keep_file(folder, file.filename or "", file.file)
    services.audit.add(user, "upload", key)
    return Upload(id=key, files=count_files(folder))


@router.post("/drafts", status_code=201)
def create(services: Provided, user: User, asked: NewDraft) -> Draft:
    """Draft a study file for a folder, as `sonoher2 init` does."""
    from sonoher2.server.studies.drafts.documents import draft_view, make_draft

    return draft_view(services, make_draft(services, user, asked).id)


@router.get("/drafts")
def drafts(services: Provided) -> list[DraftSummary]:
    """List the drafts, the last changed first."""
    return drafts_of(services)


@router.get("/drafts/{key}")
def one(services: Provided, key: str) -> Draft:
    """Give a draft: pairs, columns and classes as its study file says now."""
    from sonoher2.server.studies.drafts.documents import draft_view

    return draft_view(services, key)


@router.patch("/drafts/{key}")
def change(
    services: Provided, user: User, key: str, asked: DraftChange, if_match: Annotated[str | None, Header()] = None
) -> Draft:
    """Change a draft; what its study file would refuse changes nothing."""
    from sonoher2.server.studies.drafts.documents import change_draft, draft_view

    change_draft(services, user, key, version_of(if_match), asked)
    return draft_view(services, key)


def version_of(if_match: str | None) -> int | None:
    """Read the header If-Match.

    Raises
    ------
    ApiError
        It is no version.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    found = re.fullmatch(r'"?(\d{1,9})"?', if_match.strip())
    if found is None:
        raise ApiError(412, "changed", "the header If-Match names no version", "Send the version of the draft")
    return int(found[1])


@router.delete("/drafts/{key}", status_code=204)
def delete(services: Provided, user: User, key: str) -> None:
    """Forget a draft."""
    delete_draft(services, user, key)


@router.get("/drafts/{key}/study.yaml")
def yaml_file(services: Provided, key: str) -> FileResponse:
    """Download the study file."""
    with services.database.reading() as session:
        find_draft(session, key)
    return FileResponse(study_file(services, key), media_type="application/yaml", filename="study.yaml")


@router.post("/drafts/{key}/check")
def check_draft(services: Provided, key: str) -> Checked:
    """Check the whole study before anything is computed; images are opened, which may take minutes."""
    from sonoher2.config.load import load_study
    from sonoher2.server.studies.drafts.inside import require_allowed

    with services.database.reading() as session:
        find_draft(session, key)
    path = study_file(services, key)
    require_allowed(services.settings, load_study(path))
    return check(path)
