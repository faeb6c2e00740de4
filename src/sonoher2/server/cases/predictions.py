"""What a model says of a case; every answer is kept, with what it was made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sonoher2.core.errors import InputError
from sonoher2.server.base.errors import not_found
from sonoher2.server.base.times import aware
from sonoher2.server.cases.schemas import NomogramBody, NomogramPoint, PredictionBody, ViewBody
from sonoher2.server.cases.service import Cases, given_size
from sonoher2.server.storage.audit import Hashes
from sonoher2.server.storage.base import now
from sonoher2.server.storage.tables_cases import CaseRow, MaskRow, PredictionRow
from sonoher2.server.work.models import Answered, BundlePlace, Question, View, made_as
from sonoher2.server.work.tasks import case_page, predict


class Given(BaseModel):
    """All that went into a prediction."""

    frame: int
    mm_per_pixel: tuple[float, float] | None
    mask_sha256: str
    confidence: float | None
    clinical: dict[str, str]
    name: str
    made: str
    her2: bool = True


class ViewKept(BaseModel):
    """The image as it was scored, with the names of its pictures."""

    name: str
    left: int
    top: int
    rows: int
    columns: int
    view: str
    heat: str
    predicted: str


def make(cases: Cases, case: str) -> PredictionBody:
    """Predict a case with its outline and clinical values.

    Raises
    ------
    InputError, FindingsError
        The case has no model or no outline, or something that was given cannot be used.
    """
    with cases.services.database.reading() as session:
        row = cases.row(session, case)
        mask = session.get(MaskRow, (case, row.frame))
    if row.bundle is None:
        raise InputError("the case has no model to predict with", fix="Choose a model for the case")
    place = cases.bundle_place(row.bundle)
    facts = cases.services.bundles.facts(row.bundle)
    image = facts.needs_image
    if image and mask is None:
        raise InputError("the case has no outline", fix="Outline the lesion first")
    known = {field.key for field in facts.clinical}
    given = Given(
        frame=row.frame,
        # what the file states is left to the file, which knows the scale at the lesion
        mm_per_pixel=given_size(row, mask),
        mask_sha256=mask.sha256 if mask and image else "",
        # what another segmenter made counts as an outline that the user gives
        confidence=mask.confidence if mask and image and made_as(mask.segmenter or "", facts.segmenter) else None,
        clinical={key: value for key, value in row.clinical.items() if key in known and value.strip()},
        name=row.name,
        her2=facts.her2,
        made=datetime.now().astimezone().isoformat(sep=" ", timespec="minutes"),
    )
    hashes = Hashes(row.image_blob[:64], given.mask_sha256, row.bundle)
    try:
        answered = cases.services.pool.run(predict, _question(cases, row, place, given))
    except InputError:
        cases.services.audit.add(cases.user, "predict", case, hashes, "refused")
        raise
    return _keep(cases, row, given, answered, hashes)


def _question(cases: Cases, row: CaseRow, bundle: BundlePlace, given: Given) -> Question:
    blobs = cases.blobs(row.id)
    return Question(
        bundle=bundle,
        image=str(blobs.path(row.image_blob)) if given.mask_sha256 else "",
        name=row.image_name,
        frame=given.frame,
        mm_per_pixel=given.mm_per_pixel,
        mask=blobs.read(given.mask_sha256) if given.mask_sha256 else b"",
        confidence=given.confidence,
        clinical=tuple(given.clinical.items()),
        patient=given.name,
        made=given.made,
    )


def _keep(cases: Cases, seen: CaseRow, given: Given, answered: Answered, hashes: Hashes) -> PredictionBody:
    view = _kept_view(cases, seen.id, answered.views[0]) if answered.views else None
    nomogram = NomogramBody(
        points=[NomogramPoint(variable=name, points=points) for name, points in answered.points],
        total=answered.total_points,
    )
    # a case that was removed meanwhile takes no prediction
    with cases.changing(seen.id, seen=True) as (session, row):
        last = session.scalar(select(func.max(PredictionRow.number)).where(PredictionRow.case_id == row.id)) or 0
        prediction = PredictionRow(
            case_id=row.id,
            number=last + 1,
            created=now(),
            bundle=hashes.bundle,
            mask_sha256=given.mask_sha256,
            given=given.model_dump(mode="json"),
            prediction=answered.json,
            nomogram=nomogram.model_dump(mode="json") if nomogram.points else None,
            view=view.model_dump(mode="json") if view else None,
        )
        session.add(prediction)
        cases.services.audit.add_to(session, cases.user, "predict", row.id, hashes)
        session.flush()
        return _body(prediction)


def _kept_view(cases: Cases, case: str, view: View) -> ViewKept:
    blobs = cases.blobs(case)
    return ViewKept(
        name=view.name,
        left=view.left,
        top=view.top,
        rows=view.rows,
        columns=view.columns,
        view=blobs.put(view.png),
        heat=blobs.put(view.heat) if view.heat else "",
        predicted=view.predicted,
    )


def _body(row: PredictionRow) -> PredictionBody:
    given = Given.model_validate(row.given)
    start = f"/api/v1/cases/{row.case_id}/predictions/{row.number}"
    images = []
    if row.view is not None:
        kept = ViewKept.model_validate(row.view)
        images = [
            ViewBody(
                name=kept.name,
                left=kept.left,
                top=kept.top,
                rows=kept.rows,
                columns=kept.columns,
                view=f"{start}/view.png",
                heat=f"{start}/heat.png" if kept.heat else None,
                predicted=kept.predicted,
            )
        ]
    return PredictionBody(
        number=row.number,
        created=aware(row.created),
        mask_sha256=row.mask_sha256,
        bundle=row.bundle,
        clinical=given.clinical,
        frame=given.frame,
        mm_per_pixel=given.mm_per_pixel,
        prediction=json.loads(row.prediction),
        nomogram=NomogramBody.model_validate(row.nomogram) if row.nomogram else None,
        images=images,
        page=f"{start}/page.html",
        her2=given.her2,
    )


def all_of(cases: Cases, case: str) -> list[PredictionBody]:
    """List the predictions of a case, oldest first."""
    with cases.services.database.reading() as session:
        cases.row(session, case)
        query = select(PredictionRow).where(PredictionRow.case_id == case).order_by(PredictionRow.number)
        return [_body(row) for row in session.scalars(query)]


def text_of(cases: Cases, case: str, number: int) -> str:
    """Give a prediction as `sonoher2 predict` prints it."""
    with cases.services.database.reading() as session:
        return _row(cases, session, case, number).prediction


def picture(cases: Cases, case: str, number: int, which: Callable[[ViewKept], str]) -> bytes:
    """Give a picture of a prediction.

    Raises
    ------
    ApiError
        404, it has none.
    """
    with cases.services.database.reading() as session:
        row = _row(cases, session, case, number)
    name = which(ViewKept.model_validate(row.view)) if row.view else ""
    if not name:
        raise not_found("picture")
    return cases.blobs(case).read(name)


def page(cases: Cases, case: str, number: int) -> bytes:
    """Give the page of a prediction; it is made of what was given then, when it is first asked for.

    Raises
    ------
    InputError
        The model is not offered any more.
    """
    with cases.services.database.reading() as session:
        row, owner = _row(cases, session, case, number), cases.row(session, case)
    blobs = cases.blobs(case)
    if row.page_blob is not None:
        return blobs.read(row.page_blob)
    question = _question(cases, owner, cases.bundle_place(row.bundle), Given.model_validate(row.given))
    html = cases.services.pool.run(case_page, question)
    blob = blobs.put(html)
    with cases.changing(case, seen=True) as (session, _):
        _row(cases, session, case, number).page_blob = blob
    return html


def _row(cases: Cases, session: Session, case: str, number: int) -> PredictionRow:
    cases.row(session, case)
    found = session.get(PredictionRow, (case, number))
    if found is None:
        raise not_found("prediction")
    return found
