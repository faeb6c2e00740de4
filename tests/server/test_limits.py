"""What requests may hold: the least and the most that is taken, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from limits_by_hand import require_limits
from sonoher2.server.cases.schemas import CasePatch, OutlineRequest, RunsBody
from sonoher2.server.cohorts.schemas import CohortRequest, ReaderRequest
from sonoher2.server.studies.drafts.schemas import ColumnChange, DraftChange, NewDraft
from sonoher2.server.studies.jobs.schemas import NewAudit, NewStudy, NewValidation

# model, key, taken, refused
LIMITS: list[tuple[type[BaseModel], str, list[Any], list[Any]]] = [
    (CasePatch, "name", ["", "x" * 200], ["x" * 201, "a\0b"]),
    (CasePatch, "frame", [1, 1_000_000], [0, 1_000_001]),
    (CasePatch, "mm_per_pixel", [0.001, 100.0, (0.1, 0.2)], [0, -1, 100.1, (0.1, 0.0), float("nan")]),
    (CasePatch, "clinical", [{}, {"a": "x" * 200}], [{"a": "x" * 201}]),
    (OutlineRequest, "box", [(0, 0, 1, 100_000), None], [(0, 0, 1, 100_001), (-1, 0, 1, 1), (0, 0, 1)]),
    (OutlineRequest, "at", [(0, 100_000), None], [(0, 100_001), (-1, 0), (0,), (0, 0, 0)]),
    (RunsBody, "runs", [[0, 1_000_000_000]], [[-1], [1_000_000_001]]),
    (CohortRequest, "source", ["x" * 4096], ["x" * 4097]),
    (CohortRequest, "draft", ["x" * 64], ["x" * 65]),
    (CohortRequest, "title", ["x" * 200], ["x" * 201, "a\0b"]),
    (ReaderRequest, "name", ["x" * 64], ["x" * 65, "a\0b"]),
    (NewDraft, "folder", ["x" * 4096], ["x" * 4097]),
    (NewDraft, "upload", ["x" * 64], ["x" * 65]),
    (NewDraft, "patient_id", ["x" * 200], ["x" * 201]),
    (ColumnChange, "key", ["x", "x" * 100], ["", "x" * 101]),
    (ColumnChange, "unit", ["", "x" * 40], ["x" * 41]),
    (ColumnChange, "levels", [["a"] * 200], [["a"] * 201]),
    (ColumnChange, "missing", [["a"] * 200], [["a"] * 201]),
    (DraftChange, "yaml", ["x" * (512 << 10)], ["x" * ((512 << 10) + 1)]),
    (DraftChange, "title", ["x", "x" * 200], ["", "x" * 201, "a\nb"]),
    (DraftChange, "positive", [["a"] * 200], [["a"] * 201]),
    (DraftChange, "negative", [["a"] * 200], [["a"] * 201]),
    (DraftChange, "images", [{}, {"site": None}], [{str(n): None for n in range(21)}]),
    (NewStudy, "draft", ["x" * 64], ["x" * 65]),
    (NewStudy, "study", ["x" * 4096], ["x" * 4097]),
    (NewStudy, "out", ["x" * 4096], ["x" * 4097]),
    (NewValidation, "recalibrate", [0.05, 0.95, None], [0.049, 0.951]),
    (NewAudit, "runs", [2, 1000, None], [1, 1001]),
]
WITH: dict[type[BaseModel], dict[str, Any]] = {RunsBody: {"rows": 1, "columns": 1}, NewAudit: {"kind": "null"}}


@pytest.mark.parametrize(
    ("model", "key", "taken", "refused"), LIMITS, ids=[f"{model.__name__}.{key}" for model, key, *_ in LIMITS]
)
def test_what_is_taken_and_what_is_refused(
    model: type[BaseModel], key: str, taken: list[Any], refused: list[Any]
) -> None:
    require_limits(model, key, taken, refused, WITH.get(model, {}))


@pytest.mark.parametrize("model", sorted({model for model, *_ in LIMITS}, key=lambda model: model.__name__))
def test_an_unknown_key_is_refused(model: type[BaseModel]) -> None:
    given = {**WITH.get(model, {}), **({"runs": []} if model is RunsBody else {}), "unknown": 1}
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        model.model_validate(given)
