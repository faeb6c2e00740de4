"""What the API of outlines takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from sonoher2.server.base.texts import NO_NUL
from sonoher2.server.cases.schemas import Asked, RunsBody

State = Literal["todo", "done", "skip"]
Start = Literal["segmenter", "given", "blank"]
Origin = Literal["own", "segmenter", "given", "none"]
Note = Annotated[str, Field(max_length=2000, pattern=NO_NUL)]
Name = Annotated[str, Field(max_length=64, pattern=NO_NUL)]


class CohortRequest(Asked):
    """What is to be outlined: a draft of this server, or the path of a study file, an images table or a folder."""

    source: Annotated[str, Field(max_length=4096)] | None = None
    draft: Annotated[str, Field(max_length=64)] | None = None
    title: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""
    start: Annotated[Start, Field(description="What a reader starts with on each image.")] = "segmenter"


class ReaderRequest(Asked):
    """Who reads, where one person's machine serves several readers."""

    name: Name


class ReaderBody(BaseModel):
    """Who reads; `chosen` is false until a name was given, `free` where users have no names of their own."""

    name: str
    chosen: bool
    free: bool


class ReaderProgress(BaseModel):
    """How many images a reader has finished, skipped and begun; `given` for outlines that the table names."""

    name: str
    done: int
    skip: int
    todo: int
    given: bool


class CohortBody(BaseModel):
    """A cohort; `looked` images have an outline of the segmenter, `problems` cannot be opened."""

    id: str
    title: str
    owner: str
    created: datetime
    kind: str
    start: Start
    images: int
    looked: int
    problems: int
    decided: int
    reader: str
    mine: ReaderProgress
    readers: list[ReaderProgress]


class CohortList(BaseModel):
    """All cohorts, the newest first."""

    items: list[CohortBody]


class ImageSummary(BaseModel):
    """A row of the worklist, as one reader may see it; `readers` have finished it."""

    id: str
    number: int
    patient_id: str
    name: str
    state: State
    note: str
    looked: bool
    problem: str
    confidence: float | None
    doubt: float
    reasons: list[str]
    readers: int
    decided: bool


class ImageList(BaseModel):
    """A part of the worklist; `total` rows pass the filter."""

    items: list[ImageSummary]
    total: int


class OutlineBody(BaseModel):
    """An outline; `origin` says whether it is the reader's own or what the image starts with."""

    origin: Origin
    area_px: int
    area_mm2: float | None
    sha256: str


class OtherReader(BaseModel):
    """Another reader who has finished the image."""

    name: str
    state: State
    area_px: int
    outlined: bool


class DecisionBody(BaseModel):
    """What was decided; `reader` is whose outline was taken, none for a new one."""

    version: int
    reader: str | None
    outlined: bool
    area_px: int
    user: str
    note: str
    changed: datetime


class ImageBody(ImageSummary):
    """One image for one reader; others and the decision are told once the reader has finished it."""

    frame: int | None
    rows: int
    columns: int
    mm_per_pixel: tuple[float, float] | None
    mask_problem: str
    version: int
    mask: OutlineBody | None
    locked: bool
    others: list[OtherReader]
    decision: DecisionBody | None
    previous: str | None
    next: str | None
    next_todo: str | None


class StateRequest(Asked):
    """How far the reader is with an image."""

    state: State
    note: Note | None = None


class DecisionRequest(Asked):
    """Whose outline counts: a reader's, a new one, or that there is no lesion."""

    reader: Name | None = None
    mask: RunsBody | None = None
    no_lesion: bool = False
    note: Note = ""


class FigureBody(BaseModel):
    """A figure with its 95 % interval; none where the images do not determine it."""

    value: float | None
    low: float | None
    high: float | None


class PairBody(BaseModel):
    """Two readers on all images that both have finished; Dice is of those that both have outlined (`drawn`)."""

    first: str
    second: str
    images: int
    drawn: int
    dice: FigureBody
    median: float | None
    lowest: float | None
    missed_by_first: int
    missed_by_second: int
    seen_by_neither: int


class MeasureBody(BaseModel):
    """ICC(2,1) of one measurement among readers, on images that all of them have outlined."""

    measure: str
    readers: list[str]
    images: int
    patients: int
    icc: FigureBody


class ImageDice(BaseModel):
    """Two readers on one image; `dice` is none where neither saw a lesion."""

    image: str
    number: int
    patient_id: str
    name: str
    first: str
    second: str
    dice: float | None
    missed: str
    decided: bool


class AgreementBody(BaseModel):
    """How far readers agree; `waiting` outlines are not measured yet, and do not count in `measures`."""

    pairs: list[PairBody]
    measures: list[MeasureBody]
    images: list[ImageDice]
    area_unit: Literal["mm2", "px"]
    waiting: int


class DisagreementList(BaseModel):
    """Images on which two readers differ, those that differ most first; `below` is the Dice from which they do not."""

    items: list[ImageDice]
    below: float
