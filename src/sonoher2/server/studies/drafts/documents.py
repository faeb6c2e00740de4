"""Drafts on disk and in the database: made from a folder, changed, shown."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import cast

from sonoher2.cohort.drafting.draft import Draft, draft_study
from sonoher2.cohort.drafting.find_tables import IMAGES_TABLE
from sonoher2.config.load import load_study, settings_from
from sonoher2.config.split import Split
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError, SonoHer2Error
from sonoher2.core.files import write_text
from sonoher2.core.table_files import write_table
from sonoher2.core.yaml_file import read_yaml
from sonoher2.server.base.errors import ApiError
from sonoher2.server.base.paths import allowed, home_of
from sonoher2.server.context.services import Services
from sonoher2.server.storage.base import now
from sonoher2.server.storage.tables_studies import DraftRow
from sonoher2.server.studies.drafts import schemas
from sonoher2.server.studies.drafts.edits import Values, as_yaml, changed
from sonoher2.server.studies.drafts.findings import error_views, finding_view
from sonoher2.server.studies.drafts.folders import common_top, count_files, upload_folder
from sonoher2.server.studies.drafts.inside import require_allowed
from sonoher2.server.studies.drafts.preview import preview
from sonoher2.server.studies.drafts.rows import STUDY, find_draft, study_file
from sonoher2.server.studies.drafts.schemas import DraftChange, DraftSummary, NewDraft


def make_draft(services: Services, user: str, asked: NewDraft) -> DraftRow:
    """Draft a study file for a folder, and keep it; nothing is written into the folder.

    Raises
    ------
    InputError
        The folder holds nothing that a study can be made of.
    ApiError
        The folder may not be named, or there is no such upload.
    """
    folder = _folder(services, asked)
    key = secrets.token_urlsafe(12)
    place = home_of(services.settings, "drafts", key)
    drafted = _drafted(folder, place, asked.patient_id or None)
    for name, table in drafted.tables.items():
        write_table(place / name, table)
    data = f"\ndata: {json.dumps(str(folder), ensure_ascii=False)}\n"
    write_text(place / STUDY, drafted.text + data)
    row = DraftRow(
        id=key,
        owner=user,
        created=now(),
        changed=now(),
        version=1,
        title=_title(place / STUDY) or folder.name,
        folder=str(folder),
        upload=asked.upload or "",
        questions=list(drafted.questions),
        skipped=_skipped(drafted),
    )
    with services.database.session() as session:
        session.add(row)
        services.audit.add_to(session, user, "draft study", key)
    return row


def _drafted(folder: Path, place: Path, patient_id: str | None) -> Draft:
    """Draft with tables in a place of the draft's own."""
    if (folder / IMAGES_TABLE).is_file():
        # the command line made it there, and somebody may have edited it: it is used as it is, where that is possible
        drafted = draft_study(folder, patient_id=patient_id, tables_in=folder)
        if not drafted.tables:
            return drafted
    return draft_study(folder, patient_id=patient_id, tables_in=place)


def _folder(services: Services, asked: NewDraft) -> Path:
    if (asked.folder is None) == (asked.upload is None):
        raise ApiError(422, "folder", "name a folder or an upload", "Give one of the two")
    if asked.upload is not None:
        return common_top(upload_folder(services.settings, asked.upload))
    folder = allowed(services.settings, Path(str(asked.folder)))
    count_files(folder)
    return folder


def _skipped(drafted: Draft) -> list[list[str]]:
    return [[path.as_posix(), reason] for path, reason in drafted.skipped]


def _title(path: Path) -> str:
    try:
        return str(read_yaml(path).get("title", ""))[:200]
    except SonoHer2Error:
        return ""


def change_draft(services: Services, user: str, key: str, version: int | None, change: DraftChange) -> DraftRow:
    """Change the study file of a draft, or leave it as it is when the change would break it.

    Parameters
    ----------
    version
        That the change was made on; any unless told.

    Raises
    ------
    FindingsError
        The changed file would be no study file.
    ApiError
        There is no such draft, or somebody changed it meanwhile.
    """
    path = study_file(services, key)
    with services.database.session() as session:
        row = find_draft(session, key)
        if version is not None and version != row.version:
            raise ApiError(412, "changed", "the draft was changed meanwhile", "Load it again and repeat the change")
        text = change.yaml
        if text is None:
            text = as_yaml(changed(cast("Values", read_yaml(path)), change))
        require_allowed(services.settings, _parsed(path, text))
        write_text(path, text)
        row.version, row.changed, row.title = row.version + 1, now(), _title(path) or row.title
        services.audit.add_to(session, user, "change draft", key)
    return row


def _parsed(path: Path, text: str) -> StudyConfig:
    """Read a text as the study file that it would be at this place."""
    trial = path.with_name("trial.yaml")
    write_text(trial, text)
    try:
        values = read_yaml(trial)
    except InputError as error:
        raise InputError(error.what, where=error.where.replace(str(trial), STUDY), fix=error.fix) from None
    finally:
        trial.unlink(missing_ok=True)
    study = settings_from(StudyConfig, values, STUDY)
    return study.model_copy(update={"data": (path.parent / study.data).resolve()})


def draft_view(services: Services, key: str) -> schemas.Draft:
    """Give a draft with everything that its pages show."""
    with services.database.reading() as session:
        row = find_draft(session, key)
    path = study_file(services, key)
    view = schemas.Draft(
        **DraftSummary.model_validate(row, from_attributes=True).model_dump(),
        folder=row.folder,
        yaml=path.read_text(encoding="utf-8"),
        notes=row.questions,
    )
    try:
        config = load_study(path)
        require_allowed(services.settings, config)
        shown = preview(config)
    except InputError as error:
        return view.model_copy(update={"problems": error_views(error)})
    shown.images.unpaired.files = row.skipped[:500]
    return view.model_copy(
        update={
            "timing": config.timing,
            "split": _split(config.split),
            "regions": config.regions if isinstance(config.regions, str) else "own",
            "images": shown.images,
            "columns": shown.columns,
            "target": shown.target,
            "patients": shown.patients,
            "problems": [finding_view(one) for one in shown.findings],
        }
    )


def _split(split: Split) -> dict[str, str | float | list[str]]:
    return cast("dict[str, str | float | list[str]]", split.model_dump())
