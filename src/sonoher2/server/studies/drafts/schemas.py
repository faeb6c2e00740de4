"""What is asked and answered about drafts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sonoher2.config.base import Kind, Timing
from sonoher2.config.target import Her2Role, Her2Rule, Her2Task
from sonoher2.server.base.times import Utc


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a control character or the end of a line stands in this text")
    return text


Line = Annotated[str, AfterValidator(_one_line)]
ReadAs = Literal[
    "patient", "clinical", "waiting", "ihc", "ish", "ratio", "copies", "status", "recount", "outcome", "image", "mask",
    "second_mask", "lesion_id", "view", "site", "scanner", "date", "frame", "mm_per_pixel", "person", "unused",
]  # fmt: skip
"""What a column was read as; `waiting`: known, but not used as it is; `person`: names people and is never shown."""


class Count(BaseModel):
    """A value and in how many rows it stands."""

    value: str
    count: int


class ColumnView(BaseModel):
    """How a column of a table was read."""

    table: str
    name: str
    read_as: ReadAs
    key: str = ""
    kind: Kind | None = None
    timing: Timing | None = None
    unit: str = ""
    levels: list[str] = []
    missing: list[str] = []
    spelled: Her2Role | None = Field(None, description="Under which role the meanings of its spellings are told.")
    rows: int
    filled: int
    low: float | None = None
    high: float | None = None
    examples: list[Count] = Field([], description="Commonest values; never of a column that may tell who a patient is.")
    unread: list[Count] = Field([], description="Values that cannot be read; an empty text where they are not shown.")


class Pair(BaseModel):
    """An image and what belongs to it; paths relative to the data folder where they lie in it."""

    patient: str | None
    image: str
    masks: list[str]
    problem: Literal["", "no_patient", "unknown_patient", "no_mask"] = ""


class Unpaired(BaseModel):
    """What has no partner."""

    images_without_patient: int = 0
    images_of_unknown_patients: int = 0
    images_without_mask: int = 0
    patients_without_image: int = 0
    files: list[list[str]] = Field([], description="Files that are not used, each with the reason.")


class Images(BaseModel):
    """The images of a study and whose they are."""

    count: int = 0
    patients: int = 0
    masks: int = 0
    pairs: list[Pair] = []
    unpaired: Unpaired = Unpaired()


class TargetView(BaseModel):
    """What is predicted, and who is in which class."""

    kind: Literal["her2", "column"]
    rule: Her2Rule | None = None
    task: Her2Task | None = None
    columns: dict[str, str] = {}
    positive: list[str] = []
    negative: list[str] | None = None
    values: dict[str, dict[str, str]] = Field({}, description="By role: what spellings mean; `` for all roles.")
    classes: list[Count] = []
    left_out: list[Count] = []
    statuses: list[Count] = Field([], description="HER2 statuses, by branch of the rule.")


class Cell(BaseModel):
    """Cells of a table, or a key of the study file."""

    table: str = ""
    column: str = ""
    rows: list[int] = []
    key: str = ""


class FindingView(BaseModel):
    """Something to say of a study, and the cells that it speaks of."""

    code: str = ""
    level: Literal["error", "warning", "note"]
    message: str
    where: str = ""
    fix: str = ""
    cell: Cell | None = None


class DraftSummary(BaseModel):
    """A draft in a list."""

    id: str
    version: int
    title: str
    owner: str
    created: Utc
    changed: Utc


class Draft(DraftSummary):
    """A draft with everything that its pages show."""

    folder: str
    yaml: str
    timing: Timing | None = None
    split: dict[str, str | float | list[str]] = {}
    regions: str = ""
    images: Images = Images()
    columns: list[ColumnView] = []
    target: TargetView | None = None
    patients: int = 0
    notes: list[str] = []
    problems: list[FindingView] = []


class NewDraft(BaseModel):
    """Where a draft is to begin."""

    model_config = ConfigDict(extra="forbid")

    folder: str | None = Field(None, max_length=4096, description="Absolute path on the server.")
    upload: str | None = Field(None, max_length=64, description="Id of an upload.")
    patient_id: str | None = Field(None, max_length=200, description="Column of the patients; guessed unless given.")


NewRole = Literal["patient", "clinical", "unused", "ihc", "ish", "ratio", "copies", "status", "outcome"]


class ColumnChange(BaseModel):
    """What one column is from now on; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    read_as: NewRole | None = None
    key: str | None = Field(None, min_length=1, max_length=100)
    kind: Kind | None = None
    timing: Timing | None = None
    unit: str | None = Field(None, max_length=40)
    levels: list[str] | None = Field(None, max_length=200)
    missing: list[str] | None = Field(None, max_length=200)


class DraftChange(BaseModel):
    """Changes to a draft; the whole YAML, or parts of it."""

    model_config = ConfigDict(extra="forbid")

    yaml: str | None = Field(None, max_length=512 << 10)
    title: Line | None = Field(None, min_length=1, max_length=200)
    timing: Timing | None = None
    columns: dict[str, ColumnChange] = Field({}, max_length=2000, description="By name in the clinical table.")
    images: dict[str, str | None] = Field(
        {}, max_length=20, description="Columns of the images table by key, such as site; none removes the key."
    )
    rule: Her2Rule | None = None
    task: Her2Task | None = None
    values: dict[Her2Role | Literal[""], dict[str, str]] = Field(
        {},
        description="What spellings of the HER2 columns mean, by role, `` for all; without a meaning: forgotten.",
    )
    positive: list[str] | None = Field(None, max_length=200)
    negative: list[str] | None = Field(None, max_length=200)
    split: dict[str, str | float | list[str]] | None = None
    regions: Literal["given", "segment", "segment-missing"] | None = None


class Checked(BaseModel):
    """What a check of the whole study found."""

    rows: list[dict[str, str]]
    findings: list[FindingView]


class Upload(BaseModel):
    """Files that were uploaded."""

    id: str
    files: int
