"""The study file: one strict pydantic model per stage; an unknown key is an error with a hint.

Paths in a study file are relative to its `data` folder, which is itself relative to the study file.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sonoher2.errors import Finding, FindingsError, InputError

Timing = Literal["pre-biopsy", "biopsy", "post-op"]
TIMINGS: tuple[str, ...] = get_args(Timing)
Kind = Literal["number", "ordered", "category", "yes/no"]
Her2Rule = Literal["ASCO/CAP 2018", "ASCO/CAP 2023"]
Her2Task = Literal["positive-vs-negative", "low-vs-zero", "zero-low-positive"]
ImageFilter = Literal[
    "original", "wavelet", "log", "square", "squareroot", "logarithm", "exponential", "gradient", "lbp-2d"
]
ALL_FILTERS: tuple[ImageFilter, ...] = get_args(ImageFilter)
ModelName = Literal[
    "linear", "logistic", "lasso", "elastic-net", "svm", "knn", "random-forest", "extra-trees",
    "xgboost", "lightgbm", "mlp", "naive-bayes",
]  # fmt: skip
ALL_MODELS: tuple[ModelName, ...] = get_args(ModelName)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Join(_Strict):
    """Another table whose columns are added row by row."""

    table: Path
    on: str = Field(description="Column that both tables have and that is unique in the joined one.")


class Template(_Strict):
    """A value built from other columns: ``Masks/{ID}.png``, then plain replacements."""

    template: str
    replace: dict[str, str] = {}


ColumnSource = str | Template
"""A column's name; or, when it holds ``{...}``, a template over columns."""


class ImagesConfig(_Strict):
    """The `images` table: one row per image."""

    table: Path
    join: list[Join] = []
    where: dict[str, list[str]] = Field({}, description="Keep only rows whose column has one of these values.")
    patient_id: ColumnSource = "patient_id"
    image: ColumnSource = "image"
    mask: ColumnSource | list[ColumnSource] | None = Field(
        None, description="Several masks of one image may also stand in one cell, joined by ';'."
    )
    second_mask: ColumnSource | None = Field(None, description="A second reader's mask, for the ICC filter.")
    lesion_id: ColumnSource | None = None
    view: ColumnSource | None = None
    site: ColumnSource | None = None
    date: ColumnSource | None = None
    mm_per_pixel: ColumnSource | None = None
    mm_per_pixel_scale: float = Field(1.0, gt=0, description="10 when the column is in cm per pixel.")
    several_masks: Literal["union", "largest"] = "union"
    crop_to_b_mode: bool = False
    near_duplicates: bool = Field(True, description="Look for the same picture under two patients.")


class ClinicalColumn(_Strict):
    """One clinical column that the study uses."""

    column: str | None = Field(None, description="Name in the table; the key itself when left out.")
    kind: Kind
    timing: Timing
    unit: str = ""
    levels: list[str] = Field([], description="`ordered`: the levels, lowest first. `yes/no`: [no, yes].")
    low: float | None = Field(None, description="Smallest possible value; below it is an error.")
    high: float | None = Field(None, description="Largest possible value; above it is an error.")
    several: Literal["refuse", "highest", "mean"] = Field(
        "refuse", description="What to do when the rows of one patient differ."
    )

    @model_validator(mode="after")
    def _levels_fit_kind(self) -> ClinicalColumn:
        if self.kind == "ordered" and len(self.levels) < 2:
            raise ValueError("an ordered column needs its levels, lowest first")
        if self.levels and self.kind == "yes/no" and len(self.levels) != 2:
            raise ValueError("the levels of a yes/no column are [no, yes]")
        return self


class ClinicalConfig(_Strict):
    """The `clinical` table: one row per patient (rows that agree are merged)."""

    table: Path
    join: list[Join] = []
    where: dict[str, list[str]] = {}
    patient_id: ColumnSource = "patient_id"
    columns: dict[str, ClinicalColumn] = {}
    missing: list[str] = Field([], description="Further spellings of a missing value.")


class Her2Target(_Strict):
    """HER2 status from raw immunohistochemistry (IHC) and in-situ hybridisation (ISH) by a named rule."""

    ihc: str = Field(description="Column of the IHC score: 0, 1+, 2+, 3+ (also 1, 2, 3).")
    ish: str | None = Field(None, description="Column of the ISH result: positive, negative, equivocal.")
    ratio: str | None = Field(None, description="Column of the HER2/CEP17 ratio.")
    copies: str | None = Field(None, description="Column of the mean HER2 copies per cell.")
    status: str | None = Field(None, description="Column of a reported status, compared and never used as label.")
    rule: Her2Rule
    task: Her2Task = "positive-vs-negative"


class ColumnTarget(_Strict):
    """Any other two-class target."""

    column: str
    positive: str | list[str]
    negative: str | list[str] | None = Field(None, description="Everything else that is not missing, if left out.")


class RandomSplit(_Strict):
    """Patients drawn at random, stratified by class."""

    kind: Literal["random"] = "random"
    test_share: float = Field(0.3, gt=0, lt=1)


class DateSplit(_Strict):
    """Patients from a date on are the test set. `column` is of the clinical, else of the images table."""

    kind: Literal["date"]
    column: str = "date"
    test_from: str = Field(description="ISO date; a patient is in the test set when their first date is not before it.")


class SiteSplit(_Strict):
    """All patients of some sites are the test set."""

    kind: Literal["site"]
    column: str = "site"
    test: list[str]


class GivenSplit(_Strict):
    """A column says who is in the test set."""

    kind: Literal["given"]
    column: str
    test: list[str]


Split = Annotated[RandomSplit | DateSplit | SiteSplit | GivenSplit, Field(discriminator="kind")]


class Ring(_Strict):
    """The tissue around the lesion as a region of its own."""

    mm: float | None = Field(None, gt=0, description="Width in mm; needs mm per pixel for every image.")
    share: float | None = Field(None, gt=0, description="Width as a share of the lesion's equivalent diameter.")

    @model_validator(mode="after")
    def _one_width(self) -> Ring:
        if (self.mm is None) == (self.share is None):
            raise ValueError("give the ring's width either in mm or as a share")
        return self


class RadiomicsConfig(_Strict):
    """What is measured inside the lesion."""

    filters: list[ImageFilter] = list(ALL_FILTERS)
    log_sigma: list[float] = Field([1.0, 2.0, 3.0, 4.0, 5.0], description="mm after resampling, else pixels.")
    bin_count: int | None = Field(None, ge=2, le=256, description="Grey levels per region; 32 unless told.")
    bin_width: float | None = Field(None, gt=0, description="Fixed bin width instead of a bin count.")
    resample_mm: float | None = Field(None, gt=0, description="Resample to square pixels of this size first.")
    ring: Ring | None = None

    @model_validator(mode="after")
    def _one_binning(self) -> RadiomicsConfig:
        if self.bin_count is not None and self.bin_width is not None:
            raise ValueError("give either bin_count or bin_width")
        return self


class SelectionConfig(_Strict):
    """The steps between all features and those that a model sees; each is fitted inside the fold."""

    icc: float | None = Field(None, gt=0, lt=1, description="Keep features with ICC(2,1) of at least this.")
    test: Literal["mann-whitney", "t-test"] | None = "mann-whitney"
    alpha: float = Field(0.05, gt=0, lt=1)
    fdr: bool = False
    correlation: Literal["spearman", "pearson"] | None = "spearman"
    max_correlation: float = Field(0.9, gt=0, le=1)
    mrmr: int | None = Field(30, ge=1, description="At most this many features by mRMR; none to skip.")
    lasso: bool = True


class ValidationConfig(_Strict):
    """Nested cross-validation of the training patients."""

    outer_folds: int = Field(5, ge=2)
    inner_folds: int = Field(5, ge=2)


class EvaluationConfig(_Strict):
    """What is reported."""

    threshold: Literal["youden", "sensitivity", "specificity"] = "youden"
    threshold_at: float = Field(0.9, gt=0, lt=1, description="The sensitivity or specificity to reach in training.")
    bootstrap: int = Field(2000, ge=100)
    confidence: float = Field(0.95, gt=0.5, lt=1)
    subgroups: list[str] = Field([], description="Clinical columns, `site` or `view`; numbers are cut at the median.")


class StudyConfig(_Strict):
    """A whole study."""

    title: str = "HER2 study"
    seed: int = 0
    data: Path = Path()
    synthetic: bool = Field(False, description="The cohort is simulated; every page of the report says so.")
    images: ImagesConfig | None = None
    clinical: ClinicalConfig
    target: Her2Target | ColumnTarget
    timing: Timing = Field("pre-biopsy", description="When the prediction is made; later columns are refused.")
    split: Split = RandomSplit()
    regions: Literal["given"] = "given"
    enhance: Literal["none"] = "none"
    radiomics: RadiomicsConfig = RadiomicsConfig()
    selection: SelectionConfig = SelectionConfig()
    models: list[ModelName] = Field(list(ALL_MODELS), min_length=1)
    validation: ValidationConfig = ValidationConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    @model_validator(mode="after")
    def _timing_holds(self) -> StudyConfig:
        last = TIMINGS.index(self.timing)
        late = [name for name, column in self.clinical.columns.items() if TIMINGS.index(column.timing) > last]
        if late:
            raise ValueError(
                f"a {self.timing} study cannot use {', '.join(late)}: known only later. "
                "Remove the column or set the study's `timing` to the time when the prediction is made"
            )
        return self

    def path(self, relative: Path | str) -> Path:
        """Absolute path of a file named in the study or in its tables."""
        return (self.data / relative).resolve()


def load_study(path: Path, data: Path | None = None) -> StudyConfig:
    """Read a study file.

    Parameters
    ----------
    path
        The YAML file.
    data
        Folder that replaces the file's own `data`.

    Returns
    -------
    The study, its `data` folder absolute.

    Raises
    ------
    InputError, FindingsError
        The file cannot be read as YAML, or keys or values in it are wrong; all wrong ones are named at once.
    """
    path = Path(path)
    values = _read_yaml(path)
    try:
        study = StudyConfig.model_validate(values)
    except ValidationError as error:
        raise FindingsError(_finding(path, values, problem) for problem in error.errors()) from None
    folder = Path(data) if data is not None else path.parent / study.data
    return study.model_copy(update={"data": folder.resolve()})


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML keeps the last of two equal keys in silence; a study must not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)  # type: ignore[no-untyped-call]
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' stands twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read the study file ({getattr(error, 'strerror', None) or 'not UTF-8 text'})",
            where=str(path),
            fix="Give the path of a YAML file; `sonoher2 init FOLDER` writes one",
        ) from None
    try:
        values = yaml.load(text, Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise InputError(f"not readable as YAML: {problem}", where=where, fix="Mend that line") from None
    if not isinstance(values, dict):
        raise InputError("the study file holds no keys", where=str(path), fix="See docs/study-file.md")
    return values


def _finding(path: Path, values: Any, problem: Any) -> Finding:
    """One pydantic problem in a user's words."""
    # pydantic adds the class names of unions to the location; a user knows only their own keys
    keys, here = [], values
    for part in problem["loc"]:
        if isinstance(here, dict) and part in here:
            here = here[part]
            keys.append(str(part))
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
            keys.append(str(part + 1))
        elif problem["type"] in ("missing", "extra_forbidden") and part == problem["loc"][-1]:
            keys.append(str(part))
    where = f"{path}, {'.'.join(keys)}" if keys else str(path)
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(keys[-1], _all_keys(), n=1)
        fix = f"Did you mean '{near[0]}'?" if near else "See docs/study-file.md for the keys"
        return Finding("error", f"unknown key '{keys[-1]}'", where, fix)
    if problem["type"] == "missing":
        return Finding("error", f"the key '{keys[-1]}' is missing", where, "See docs/study-file.md")
    message = problem["msg"].removeprefix("Value error, ")
    got = problem.get("input")
    shown = f" (got {got!r})" if isinstance(got, str | int | float | bool) else ""
    return Finding("error", f"{message[0].lower()}{message[1:]}{shown}", where)


def _all_keys() -> list[str]:
    def fields(model: type[BaseModel]) -> set[str]:
        return set(model.model_fields)

    models = [StudyConfig, *_Strict.__subclasses__()]
    return sorted(set().union(*(fields(model) for model in models)))
