"""The study file: one strict pydantic model per stage; an unknown key is an error with a hint.

Paths in a study file are relative to its `data` folder, which is itself relative to the study file.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from sonoher2.errors import Finding, FindingsError
from sonoher2.files import absolute_path, path_fault
from sonoher2.spelling import plain
from sonoher2.yaml_file import read_yaml

Timing = Literal["pre-biopsy", "biopsy", "post-op"]
TIMINGS: tuple[str, ...] = get_args(Timing)
Kind = Literal["number", "ordered", "category", "yes/no"]
LengthUnit = Literal["mm", "pixels"]
Her2Rule = Literal["ASCO/CAP 2018", "ASCO/CAP 2023"]
Her2Task = Literal[
    "positive-vs-negative", "low-vs-zero", "zero-low-positive", "low-ultralow-vs-null", "ultralow-vs-null"
]
Her2Role = Literal["ihc", "ish", "ratio", "copies", "status"]
ImageFilter = Literal[
    "original", "wavelet", "log", "square", "squareroot", "logarithm", "exponential", "gradient", "lbp-2d"
]
ALL_FILTERS: tuple[ImageFilter, ...] = get_args(ImageFilter)
ModelName = Literal[
    "ridge", "linear", "logistic", "lasso", "elastic-net", "svm", "knn", "random-forest", "extra-trees",
    "xgboost", "lightgbm", "mlp", "naive-bayes",
]  # fmt: skip
ALL_MODELS: tuple[ModelName, ...] = get_args(ModelName)


RESERVED = ("label", "group", "set", "site", "scanner", "date", "given", "images", "patient_id")
"""Names of columns that every cohort may have; a clinical column cannot take them."""


def _possible(path: Path) -> Path:
    fault = path_fault(str(path))
    if fault:
        raise ValueError(f"this cannot be a path: {fault}")
    return path


FilePath = Annotated[Path, AfterValidator(_possible)]


class _Strict(BaseModel):
    # levels and values are compared as text: `levels: [1, 2, 3]` and `where: {grade: [3]}` are meant so
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True, allow_inf_nan=False)


def _known_encoding(value: str) -> str:
    try:
        b"".decode(value)
    except LookupError:
        raise ValueError("no such encoding of text; such as gb18030, big5, utf-16 or cp1252") from None
    return value


class TableReading(_Strict):
    """How a table's file is read, where the file does not show it itself."""

    sheet: str | None = Field(None, description="Name of the sheet of an Excel workbook; the first one if left out.")
    header_row: Annotated[int, Field(ge=1)] | list[Annotated[int, Field(ge=1)]] | None = Field(
        None, description="Row of the header as a spreadsheet counts; two rows, such as [1, 2], are joined."
    )
    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = Field(
        None, description="Encoding of a text table, such as gb18030; UTF-8 if left out."
    )

    @model_validator(mode="after")
    def _header_rows_follow(self) -> Self:
        rows = self.header_row
        if isinstance(rows, list) and (len(rows) != 2 or rows[1] != rows[0] + 1):
            raise ValueError("header_row is one row, or two that follow each other, such as [1, 2]")
        return self


class Join(TableReading):
    """Another table whose columns are added row by row."""

    table: FilePath
    on: str = Field(description="Column that both tables have and that is unique in the joined one.")


class Template(_Strict):
    """A value built from other columns: ``Masks/{ID}.png``, then plain replacements."""

    template: str
    replace: dict[str, str] = {}


def _shape(value: Any) -> str:
    """Which of several forms a value was written in, so that an error speaks of that form alone."""
    if isinstance(value, dict | Template):
        return "template"
    return "several" if isinstance(value, list) else "name"


_Name: TypeAlias = Annotated[str, Tag("name")]
_FromTemplate: TypeAlias = Annotated[Template, Tag("template")]
ColumnSource = Annotated[_Name | _FromTemplate, Discriminator(_shape)]
"""A column's name; or, when it holds ``{...}``, a template over columns."""
ColumnSources = Annotated[_Name | _FromTemplate | Annotated[list[ColumnSource], Tag("several")], Discriminator(_shape)]
"""One column source or a list of them."""


class _FileReading(_Strict):
    several_masks: Literal["union", "largest"] = "union"
    crop_to_b_mode: bool = False
    mask_label: str | None = Field(
        None, description="The lesion's number or colour (#rrggbb) in masks that hold several."
    )


class ImageReading(_FileReading):
    """How an image and its masks are read: what a frozen model must know of it."""

    enhance: Literal["none", "gan"] = "none"


class ImagesConfig(TableReading, _FileReading):
    """The `images` table: one row per image."""

    table: FilePath
    join: list[Join] = []
    where: dict[str, list[str]] = Field({}, description="Keep only rows whose column has one of these values.")
    patient_id: ColumnSource = "patient_id"
    image: ColumnSource = "image"
    mask: ColumnSources | None = Field(
        None, description="Several masks of one image may also stand in one cell, joined by ';'."
    )
    second_mask: ColumnSource | None = Field(None, description="A second reader's mask, for the ICC filter.")
    lesion_id: ColumnSource | None = None
    view: ColumnSource | None = None
    site: ColumnSource | None = None
    scanner: ColumnSource | None = Field(None, description="Model of the ultrasound machine.")
    date: ColumnSource | None = None
    frame: ColumnSource | None = Field(
        None, description="Frame or page of a file that has several, counted from 1 as in DICOM."
    )
    mm_per_pixel: ColumnSource | None = None
    mm_per_pixel_scale: float = Field(1.0, gt=0, description="10 when the column is in cm per pixel.")
    near_duplicates: bool = Field(True, description="Look for the same picture under two patients.")


SENSELESS = {("highest", "category"), ("mean", "category"), ("mean", "ordered"), ("mean", "yes/no")}
"""Ways to sum up several values that a kind of column does not know."""


class ClinicalColumn(_Strict):
    """One clinical column that the study uses."""

    column: str | None = Field(None, description="Name in the table; the key itself when left out.")
    kind: Kind
    timing: Timing
    unit: str = ""
    levels: list[str] = Field([], description="`ordered`: the levels, lowest first. `yes/no`: [no, yes].")
    contains: str | None = Field(None, description="`yes/no`: yes when the text holds this; else no.")
    low: float | None = Field(None, description="Smallest possible value; below it is an error.")
    high: float | None = Field(None, description="Largest possible value; above it is an error.")
    missing: list[str] = Field([], description="Spellings of a missing value in this column alone.")
    several: Literal["refuse", "highest", "mean"] = Field(
        "refuse", description="What to do when the rows of one patient differ."
    )

    @model_validator(mode="after")
    def _levels_fit_kind(self) -> ClinicalColumn:
        if self.kind == "ordered" and len(self.levels) < 2:
            raise ValueError("an ordered column needs its levels, lowest first")
        twins = [level for i, level in enumerate(self.levels) if plain(level) in map(plain, self.levels[:i])]
        if twins:
            raise ValueError(f"the level '{twins[0]}' stands twice: case and spacing do not tell levels apart")
        if self.levels and self.kind == "yes/no" and len(self.levels) != 2:
            raise ValueError("the levels of a yes/no column are [no, yes]")
        if self.levels and self.kind == "number":
            raise ValueError("a number has no levels; give `low` and `high`, or make the column ordered")
        return self

    @model_validator(mode="after")
    def _options_fit_kind(self) -> ClinicalColumn:
        if self.kind != "number" and (self.low is not None or self.high is not None):
            raise ValueError("only a number has `low` and `high`")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("`low` must be below `high`")
        if self.contains is not None and (self.kind != "yes/no" or self.levels):
            raise ValueError("`contains` is for a yes/no column without levels")
        if (self.several, self.kind) in SENSELESS:
            raise ValueError(f"several values of a {self.kind} column have no {self.several}")
        return self


class ClinicalConfig(TableReading):
    """The `clinical` table: one row per patient (rows that agree are merged)."""

    table: FilePath
    join: list[Join] = []
    where: dict[str, list[str]] = {}
    patient_id: ColumnSource = "patient_id"
    columns: dict[str, ClinicalColumn] = {}
    missing: list[str] = Field([], description="Further spellings of a missing value.")

    @model_validator(mode="after")
    def _names_are_free(self) -> ClinicalConfig:
        taken = [name for name in self.columns if name in RESERVED]
        if taken:
            raise ValueError(f"a clinical column cannot be called {', '.join(taken)}; choose another key")
        return self


def _spellings(value: Any) -> Any:
    """Check a map of spellings, whose own keys may be anything that a cell can hold."""
    if not isinstance(value, dict):
        raise ValueError('a map is needed, such as {"2＋": 2+} or {ihc: {"HER2+": 3+}}')
    roles = get_args(Her2Role)
    for spelling, meaning in value.items():
        if isinstance(meaning, dict) and spelling in roles:
            _spellings(meaning)
        elif isinstance(meaning, dict):
            raise ValueError(f"spellings are given for all columns or for one of {', '.join(roles)}")
        elif spelling is None or meaning is None or isinstance(meaning, list):
            raise ValueError("put spellings in quotes, and write `missing` for a value that is none")
    return value


class Recount(_Strict):
    """A second count of the ISH by another observer, which the guideline asks for in groups 2 to 4 with IHC 2+."""

    ratio: str | None = Field(None, description="Column of the HER2/CEP17 ratio.")
    copies: str | None = Field(None, description="Column of the mean HER2 copies per cell.")
    result: str | None = Field(None, description="Column of the final result, where both counts were weighed.")

    @model_validator(mode="after")
    def _says_something(self) -> Recount:
        if (self.ratio is None) != (self.copies is None):
            raise ValueError("a recount has both `ratio` and `copies`")
        if self.ratio is None and self.result is None:
            raise ValueError("give `ratio` and `copies` of the recount, or its `result`")
        return self


class Her2Target(_Strict):
    """HER2 status from raw immunohistochemistry (IHC) and in-situ hybridisation (ISH) by a named rule."""

    ihc: str = Field(description="Column of the IHC score: 0, 1+, 2+, 3+ (also 1, 2, 3).")
    ish: str | None = Field(None, description="Column of the ISH result: positive, negative, equivocal, group 1 to 5.")
    ratio: str | None = Field(None, description="Column of the HER2/CEP17 ratio.")
    copies: str | None = Field(None, description="Column of the mean HER2 copies per cell.")
    status: str | None = Field(None, description="Column of a reported status, compared and never used as label.")
    rule: Her2Rule
    task: Her2Task = "positive-vs-negative"
    values: Annotated[dict[str, str | dict[str, str]], BeforeValidator(_spellings)] = Field(
        {}, description="What spellings of the table mean, for all columns or by column (`ihc`, `ish`, ...)."
    )
    ish_rule: Her2Rule | None = Field(
        None, description="The guideline that the words in `ish` follow, where all follow one of these."
    )
    recount: Recount | None = Field(None, description="A second count of the ISH by another observer.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns that the status rests on."""
        named = [self.ihc, self.ish, self.ratio, self.copies, self.status]
        if self.recount is not None:
            named += [self.recount.ratio, self.recount.copies, self.recount.result]
        return tuple(name for name in named if name)

    def spellings(self, role: Her2Role) -> dict[str, str]:
        """Map spellings to meanings for the columns of a role, as the study file says."""
        own = self.values.get(role, {})
        flat = {spelling: meaning for spelling, meaning in self.values.items() if isinstance(meaning, str)}
        return flat | (own if isinstance(own, dict) else {})


class ColumnTarget(_Strict):
    """Any other two-class target."""

    column: str
    positive: str | list[str]
    negative: str | list[str] | None = Field(None, description="Everything else that is not missing, if left out.")

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns that the label rests on."""
        return (self.column,)


def _target_form(value: Any) -> str:
    keys = value if isinstance(value, dict) else ColumnTarget.model_fields
    her2 = isinstance(value, Her2Target) or ("column" not in keys and set(keys) & set(Her2Target.model_fields))
    return "her2" if her2 else "column"


Target = Annotated[
    Annotated[Her2Target, Tag("her2")] | Annotated[ColumnTarget, Tag("column")], Discriminator(_target_form)
]


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

    filters: list[ImageFilter] = Field(list(ALL_FILTERS), min_length=1)
    log_sigma: list[Annotated[float, Field(gt=0, le=100)]] = Field(
        [1.0, 2.0, 3.0, 4.0, 5.0], min_length=1, description="mm after resampling, else pixels."
    )
    bin_count: int | None = Field(None, ge=2, le=256, description="Grey levels per region; 32 unless told.")
    bin_width: float | None = Field(None, gt=0, description="Fixed bin width instead of a bin count.")
    resample_mm: float | None = Field(None, gt=0, description="Resample to square pixels of this size first.")
    ring: Ring | None = None
    unit: LengthUnit | None = Field(
        None, description="Of lengths and areas; mm where the pixel size of every image is known, unless told."
    )

    @model_validator(mode="after")
    def _one_binning(self) -> RadiomicsConfig:
        if self.bin_count is not None and self.bin_width is not None:
            raise ValueError("give either bin_count or bin_width")
        return self

    @model_validator(mode="after")
    def _unit_fits(self) -> RadiomicsConfig:
        if self.unit == "pixels" and self.resample_mm is not None:
            raise ValueError("resampled images are measured in mm; leave out `unit: pixels` or `resample_mm`")
        return self


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class DeepConfig(_Strict):
    """A network with ImageNet weights whose view of the lesion joins radiomics and clinical data."""

    network: Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)] = Field(
        ["EfficientNet-Lite0"],
        description="A preset of docs/deep.md, or any name of timm's. Of several the best one in the inner folds is"
        " used.",
    )
    training: Literal["frozen", "fine-tuned"] = Field(
        "frozen", description="Fine-tuned: a network for each fold, trained without the fold's patients."
    )
    epochs: int = Field(4, ge=1, le=500, description="Of fine-tuning.")
    unfreeze: int = Field(1, ge=-1, le=1000, description="How many of the last used stages are fine-tuned; -1 for all.")
    weights: str = Field("auto", description="auto, offline, hub, none, or the path of a file.")
    size: int = Field(160, ge=32, le=1024, description="Side of the network's input, pixels.")
    margin: float = Field(0.3, ge=0, le=3, description="Tissue around the lesion, as a share of its longer side.")
    pooling: Literal["lesion", "own"] = Field("lesion", description="Pool inside and around the lesion, or as built.")
    mask: Literal["none", "channel", "blank"] = "none"

    @model_validator(mode="after")
    def _networks_fit(self) -> DeepConfig:
        twice = sorted({name for name in self.network if self.network.count(name) > 1})
        if twice:
            raise ValueError(f"the network {', '.join(twice)} is listed twice")
        if len(self.network) > 1 and self.weights not in ("auto", "offline", "hub", "none"):
            raise ValueError("a file of weights fits one network; list one, or use auto, offline or hub")
        return self


class SelectionConfig(_Strict):
    """The steps between all features and those that a model sees; each is fitted inside the fold."""

    icc: float | None = Field(None, gt=0, lt=1, description="Keep features with ICC(2,1) of at least this.")
    icc_from: Literal["second-reader", "perturbation"] = Field(
        "second-reader", description="Which masks the ICC compares with the given ones."
    )
    test: Literal["mann-whitney", "t-test"] | None = "mann-whitney"
    alpha: float = Field(0.05, gt=0, lt=1)
    fdr: bool = False
    correlation: Literal["spearman", "pearson"] | None = "spearman"
    max_correlation: float = Field(0.9, gt=0, le=1)
    mrmr: int | None = Field(30, ge=1, le=100_000, description="At most this many features by mRMR; none to skip.")
    lasso: bool = True


class StabilityConfig(_Strict):
    """How far features and results change when the lesions are outlined otherwise."""

    strength: float = Field(
        0.05, gt=0, le=0.3, description="Change of the outline for the ICC, as a share of the lesion's diameter."
    )
    patients: int = Field(
        100, ge=10, le=1_000_000, description="At most this many training patients are outlined anew for the ICC."
    )
    strengths: list[Annotated[float, Field(gt=0, le=0.3)]] = Field(
        [0.05, 0.1], min_length=1, description="Changes of the test patients' outlines, for the AUC."
    )


class HarmoniseConfig(_Strict):
    """Site effects are taken out of the radiomic features, as learned on training patients, inside the outer fold."""

    method: Literal["combat"] = "combat"
    reference: str = Field(description="The site whose features stay as they are.")


class ValidationConfig(_Strict):
    """Nested cross-validation of the training patients."""

    outer_folds: int = Field(5, ge=2, le=10_000)
    inner_folds: int = Field(5, ge=2, le=10_000)
    by: Literal["random", "site"] = Field(
        "random", description="`site`: leave one site out; each training patient is scored as if from a new site."
    )


class EvaluationConfig(_Strict):
    """What is reported."""

    threshold: Literal["youden", "sensitivity", "specificity"] = "youden"
    threshold_at: float = Field(0.9, gt=0, lt=1, description="The sensitivity or specificity to reach in training.")
    bootstrap: int = Field(2000, ge=100, le=1_000_000)
    confidence: float = Field(0.95, gt=0.5, lt=1)
    coverage: float = Field(
        0.9, gt=0.5, lt=1, description="How often a patient's set of possible classes shall hold the true one."
    )
    rule_out_sensitivity: float = Field(0.95, gt=0.5, lt=1, description="Share of cases that ruling out must spare.")
    rule_in_specificity: float = Field(0.95, gt=0.5, lt=1, description="Share of controls that ruling in must spare.")
    subgroups: list[str] = Field([], description="Clinical columns, `site`, `scanner`; numbers are cut at the median.")


class StudyConfig(_Strict):
    """A whole study."""

    title: str = "HER2 study"
    seed: int = Field(0, ge=0, lt=2**31)
    data: FilePath = Path()
    synthetic: bool = Field(False, description="The cohort is simulated; every page of the report says so.")
    images: ImagesConfig | None = None
    clinical: ClinicalConfig
    target: Target
    timing: Timing = Field("pre-biopsy", description="When the prediction is made; later columns are refused.")
    split: Split = RandomSplit()
    regions: Literal["given", "segment", "segment-missing"] = Field(
        "given", description="Masks as given; outlined by the shipped segmenter; or outlined where none is given."
    )
    enhance: Literal["none", "gan"] = Field("none", description="Images as they are, or cleared by the enhancer.")
    ablation: bool = Field(
        False, description="Score the test patients also with the other kind of mask, and with the other kind of image."
    )
    radiomics: RadiomicsConfig = RadiomicsConfig()
    deep: DeepConfig | None = Field(None, description="Deep features too: the signatures Deep, DLR and Combined.")
    selection: SelectionConfig = SelectionConfig()
    models: list[ModelName] = Field(list(ALL_MODELS), min_length=1)
    stability: StabilityConfig | None = Field(StabilityConfig(), description="null leaves it out.")
    harmonise: HarmoniseConfig | None = Field(None, description="ComBat between sites; none unless asked for.")
    validation: ValidationConfig = ValidationConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    @model_validator(mode="after")
    def _second_reader_is_named(self) -> StudyConfig:
        needed = self.selection.icc is not None and self.selection.icc_from == "second-reader"
        if needed and (self.images is None or self.images.second_mask is None):
            raise ValueError(
                "selection.icc compares two readers, and no second reader is named. "
                "Give `second_mask` in `images`, set `icc_from: perturbation`, or remove `icc`"
            )
        return self

    @model_validator(mode="after")
    def _folds_suffice(self) -> StudyConfig:
        if self.deep is not None and self.deep.training == "fine-tuned" and self.validation.outer_folds < 3:
            raise ValueError("fine-tuned networks need validation.outer_folds of 3 or more")
        return self

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

    @model_validator(mode="after")
    def _label_is_not_a_predictor(self) -> StudyConfig:
        used = {key: column.column or key for key, column in self.clinical.columns.items()}
        leaks = [key for key, name in used.items() if name in self.target.columns]
        if leaks:
            raise ValueError(f"the clinical column {', '.join(leaks)} is what the label is made of; remove it")
        return self

    @model_validator(mode="after")
    def _sites_are_known(self) -> StudyConfig:
        known = self.split.kind == "site" or (self.images is not None and self.images.site is not None)
        wanted = {"harmonise": self.harmonise is not None, "validation.by: site": self.validation.by == "site"}
        without = [name for name, asked in wanted.items() if asked and not known]
        if without:
            raise ValueError(f"{' and '.join(without)} needs sites; name their column as `site` in `images`")
        if all(wanted.values()):
            raise ValueError("validation.by: site leaves the reference site out in one fold; remove it or `harmonise`")
        return self

    @model_validator(mode="after")
    def _subgroups_exist(self) -> StudyConfig:
        has_site = self.split.kind == "site" or (self.images is not None and self.images.site is not None)
        has_scanner = self.images is not None and self.images.scanner is not None
        known = [*self.clinical.columns, *(["site"] if has_site else []), *(["scanner"] if has_scanner else [])]
        unknown = [name for name in self.evaluation.subgroups if name not in known]
        if unknown:
            raise ValueError(f"no clinical column for the subgroup {', '.join(unknown)}; known: {', '.join(known)}")
        return self

    @property
    def reading(self) -> ImageReading | None:
        """How images are read; None for a study without images."""
        if self.images is None:
            return None
        return ImageReading(
            several_masks=self.images.several_masks,
            crop_to_b_mode=self.images.crop_to_b_mode,
            mask_label=self.images.mask_label,
            enhance=self.enhance,
        )

    def path(self, relative: Path | str) -> Path:
        """Absolute path of a file named in the study or in its tables."""
        return Path(absolute_path(self.data, str(relative)))


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
    values = read_yaml(path)
    try:
        study = StudyConfig.model_validate(values)
    except ValidationError as error:
        raise FindingsError(_finding(path, values, problem) for problem in error.errors()) from None
    folder = Path(data) if data is not None else path.parent / study.data
    return study.model_copy(update={"data": folder.resolve()})


LONGEST_SHOWN = 80
"""Characters of a wrong value that are shown."""


def _finding(path: Path, values: Any, problem: Any) -> Finding:
    """One pydantic problem in a user's words."""
    # pydantic adds the class names of unions to the location; a user knows only their own keys
    keys, here = [], values
    for level, part in enumerate(problem["loc"], start=1):
        if isinstance(here, dict) and part in here:
            here = here[part]
            keys.append(str(part))
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
            keys.append(str(part + 1))
        elif problem["type"] in ("missing", "extra_forbidden") and level == len(problem["loc"]):
            keys.append(str(part))
    where = f"{path}, {'.'.join(keys)}" if keys else str(path)
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(keys[-1], _all_keys(), n=1)
        fix = f"Did you mean '{near[0]}'?" if near else "See docs/study-file.md for the keys"
        return Finding("error", f"unknown key '{keys[-1]}'", where, fix)
    if problem["type"] == "missing":
        return Finding("error", f"the key '{keys[-1]}' is missing", where, "See docs/study-file.md")
    if problem["type"].startswith("union_tag"):
        expected = problem["ctx"].get("expected_tags", "'random', 'date', 'site', 'given'")
        return Finding("error", f"`kind` must be one of {expected}", where)
    message = problem["msg"].removeprefix("Value error, ")
    got = problem.get("input")
    shown = f" (got {_short(repr(got))})" if isinstance(got, str | int | float | bool) else ""
    return Finding("error", f"{message[0].lower()}{message[1:]}{shown}", where)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _all_keys() -> list[str]:
    def fields(model: type[BaseModel]) -> set[str]:
        return set(model.model_fields)

    def below(model: type[BaseModel]) -> list[type[BaseModel]]:
        return [model, *(one for child in model.__subclasses__() for one in below(child))]

    return sorted(set().union(*(fields(model) for model in below(_Strict))))
