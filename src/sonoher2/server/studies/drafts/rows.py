"""Drafts in the database, and where their files lie."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sonoher2.server.base.errors import not_found
from sonoher2.server.base.paths import home_of, known_id
from sonoher2.server.context.services import Services
from sonoher2.server.storage.tables_studies import DraftRow
from sonoher2.server.studies.drafts.schemas import DraftSummary

STUDY = "study.yaml"


def study_file(services: Services, key: str) -> Path:
    """Where the study file of a draft lies."""
    return home_of(services.settings, "drafts", key) / STUDY


def find_draft(session: Session, key: str) -> DraftRow:
    """Give a draft of the database.

    Raises
    ------
    ApiError
        There is none.
    """
    row = session.get(DraftRow, known_id(key, "draft"))
    if row is None:
        raise not_found("draft")
    return row


def drafts_of(services: Services, most: int = 200) -> list[DraftSummary]:
    """List the drafts, the last changed first."""
    with services.database.reading() as session:
        rows = session.scalars(select(DraftRow).order_by(DraftRow.changed.desc()).limit(most))
        return [DraftSummary.model_validate(row, from_attributes=True) for row in rows]


def delete_draft(services: Services, user: str, key: str) -> None:
    """Forget a draft; its file and its tables stay, as a study may have been started from it."""
    with services.database.session() as session:
        session.delete(find_draft(session, key))
        services.audit.add_to(session, user, "delete draft", key)
