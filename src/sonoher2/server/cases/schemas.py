"""What the API takes and gives for cases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from sonoher2.server.base.texts import NO_NUL
from sonoher2.server.work.models import Prompt

MOST_VALUES = 500
Short = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Millimetres = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


class Model(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(from_attributes=True)


class Asked(BaseModel):
    """A part of a request; what it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


class ServerLimits(Model):
    """Bytes of one request."""

    upload_bytes: int
    body_bytes: int


class BundleSummary(Model):
    """A model; `problem` says why it cannot be used, where it cannot."""

    id: str
    title: str = ""
    synthetic: bool = False
    needs_image: bool = True
    signatures: list[str] = []
    main: str = ""
    problem: str = ""


class ClinicalFieldBody(Model):
    """A clinical value that a model takes; low and high are those of the training patients."""

    key: str
    label: str
    kind: Literal["number", "binary", "category", "ordinal"]
    unit: str
    low: float | None
    high: float | None
    choices: list[str]
    help: str
    timing: str


class BundleBody(BundleSummary):
    """A model with the clinical values that it takes."""

    clinical: list[ClinicalFieldBody]
    outcomes: list[str]
    unit: str
    notice: str
    segmenter: str = Field(description="What outlines lesions for it, as in a mask.")


class ServerBody(Model):
    """The server and what it offers to this user."""

    version: str
    user: str
    languages: list[str]
    limits: ServerLimits
    bundles: list[BundleSummary]


class ImageBody(Model):
    """The image of a case; lengths in pixels of the whole picture."""

    name: str
    kind: str
    frames: int
    rows: int
    columns: int
    mm_per_pixel: tuple[float, float] | None = Field(description="Row and column, at the lesion.")
    mm_source: Literal["file", "given"] | None
    b_mode: tuple[int, int, int, int] = Field(description="Left, top, right, bottom.")


class MaskBody(Model):
    """The outline of the current frame."""

    origin: Literal["segmented", "drawn"]
    confidence: float | None
    segmenter: str | None = Field(description="What made it: hash of the weights, and whole, b-mode, box or click.")
    area_px: int
    area_mm2: float | None
    sha256: str = Field(description="Of mask.png.")


class CaseSummary(Model):
    """A case in a list."""

    id: str
    version: int
    created: datetime
    changed: datetime
    name: str
    image: ImageBody
    bundle: str | None
    reviewed: bool
    outlined: bool
    predictions: int


class CaseBody(Model):
    """A case."""

    id: str
    version: int
    created: datetime
    changed: datetime
    name: str
    image: ImageBody
    frame: int
    mask: MaskBody | None
    clinical: dict[str, str]
    bundle: str | None
    reviewed: bool
    predictions: int
    finding: str | None


class CaseList(Model):
    """Cases, the last changed first."""

    items: list[CaseSummary]
    total: int


class CasePatch(Asked):
    """What of a case is to be changed; what is left out stays."""

    name: Short | None = None
    bundle: Short | None = None
    frame: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    mm_per_pixel: tuple[Millimetres, Millimetres] | Millimetres | None = None
    clinical: Annotated[dict[Short, Short], Field(max_length=MOST_VALUES)] | None = None
    reviewed: bool | None = None


Pixel = Annotated[int, Field(ge=0, le=100_000)]


class OutlineRequest(Asked):
    """Where the lesion is: within left, top, right, bottom, or at column, row; anywhere without."""

    box: tuple[Pixel, Pixel, Pixel, Pixel] | None = None
    at: tuple[Pixel, Pixel] | None = None

    def prompt(self) -> Prompt:
        """Give it to a worker."""
        return Prompt(self.box, self.at)


class RunsBody(Asked):
    """A mask as lengths of runs along rows, the first of background (it may be 0)."""

    rows: Pixel
    columns: Pixel
    runs: list[Annotated[int, Field(ge=0, le=1_000_000_000)]]


class NomogramPoint(Model):
    """Points of one variable."""

    variable: str
    points: float


class NomogramBody(Model):
    """Points on the nomogram of the explained signature."""

    points: list[NomogramPoint]
    total: float | None


class ViewBody(Model):
    """The image as it was scored: where it lies in the picture, and its addresses."""

    name: str
    left: int
    top: int
    rows: int
    columns: int
    view: str
    heat: str | None
    predicted: str


class PredictionBody(Model):
    """A prediction; `prediction` is what `sonoher2 predict` prints as JSON."""

    number: int
    created: datetime
    mask_sha256: str
    bundle: str
    clinical: dict[str, str]
    frame: int
    mm_per_pixel: tuple[float, float] | None = Field(description="Row and column, where the user gave it.")
    prediction: JsonValue
    nomogram: NomogramBody | None
    images: list[ViewBody]
    page: str
    her2: bool = Field(description="False where the model answers something else than the HER2 status.")
