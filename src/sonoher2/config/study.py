"""The study file: one strict model per stage; an unknown key is an error with a hint.

Paths in a study file are relative to its `data` folder, which is itself relative to the study file.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from sonoher2.config.base import TIMINGS, FilePath, Strict, Timing
from sonoher2.config.clinical import ClinicalConfig
from sonoher2.config.deep import DeepConfig
from sonoher2.config.evaluation import EvaluationConfig, StabilityConfig
from sonoher2.config.image_networks import TRAINED, EnhancedImages, SegmentedRegions, form_of, plain_word
from sonoher2.config.images import ImageReading, ImagesConfig
from sonoher2.config.models import ALL_MODELS, ModelName, ValidationConfig
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.config.selection import HarmoniseConfig, SelectionConfig
from sonoher2.config.split import RandomSplit, Split
from sonoher2.config.target import Target
from sonoher2.core.files import absolute_path
from sonoher2.engine import NeutralAt

Regions = Annotated[
    Annotated[Literal["given", "segment", "segment-missing"], Tag("word")] | Annotated[SegmentedRegions, Tag("own")],
    Discriminator(form_of),
    BeforeValidator(partial(plain_word, role="segment", word="segment")),
]
Enhance = Annotated[
    Annotated[Literal["none", "gan"], Tag("word")] | Annotated[EnhancedImages, Tag("own")],
    Discriminator(form_of),
    BeforeValidator(partial(plain_word, role="gan", word="gan")),
]


class StudyConfig(Strict):
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
    regions: Regions = Field(
        "given",
        description="Masks as given; outlined by the shipped segmenter; outlined where none is given; or"
        " {segment: shipped, trained, or a file}.",
    )
    enhance: Enhance = Field(
        "none",
        description="Images as they are; cleared by the shipped enhancer; or {gan: shipped, trained, or a file}.",
    )
    ablation: bool = Field(
        False, description="Score the test patients also with the other kind of mask, and with the other kind of image."
    )
    radiomics: RadiomicsConfig = RadiomicsConfig()
    deep: DeepConfig | None = Field(None, description="Deep features too: the signatures Deep, DLR and Combined.")
    selection: SelectionConfig = SelectionConfig()
    models: list[ModelName] = Field(list(ALL_MODELS), min_length=1)
    stability: StabilityConfig | None = Field(StabilityConfig(), description="null leaves it out.")
    harmonise: HarmoniseConfig | None = Field(None, description="ComBat between sites; none unless asked for.")
    comparison: Annotated[bool, NeutralAt(False)] = Field(
        False, description="Show every model and every network by itself, too. A description: nothing is chosen by it."
    )
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
    def _models_are_named_once(self) -> StudyConfig:
        twice = sorted({name for name in self.models if self.models.count(name) > 1})
        if twice:
            raise ValueError(f"models names {', '.join(twice)} more than once; name each once")
        return self

    @model_validator(mode="after")
    def _masks_to_learn_from(self) -> StudyConfig:
        if "segmenter" in self.trained_networks and (self.images is None or self.images.mask is None):
            raise ValueError(
                "`segment: trained` learns from the training patients' masks; name their column as `mask` in `images`"
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
    def trained_networks(self) -> tuple[str, ...]:
        """Networks that the study trains on its training patients: `segmenter`, `enhancer`."""
        segmenter = isinstance(self.regions, SegmentedRegions) and self.regions.segment == TRAINED
        enhancer = isinstance(self.enhance, EnhancedImages) and self.enhance.gan == TRAINED
        asked = {"segmenter": segmenter, "enhancer": enhancer and self.images is not None}
        return tuple(name for name, wanted in asked.items() if wanted)

    @property
    def reading(self) -> ImageReading | None:
        """How images are read; None for a study without images."""
        if self.images is None:
            return None
        return ImageReading(
            several_masks=self.images.several_masks,
            crop_to_b_mode=self.images.crop_to_b_mode,
            mask_label=self.images.mask_label,
            enhance="none" if self.enhance == "none" else "gan",
        )

    @property
    def networks(self) -> DeepConfig | None:
        """`deep`, with a file of weights found beside the study's other files, wherever the study is run from."""
        if self.deep is None or not self.deep.weights_are_a_file:
            return self.deep
        return self.deep.model_copy(update={"weights": str(self.path(self.deep.weights))})

    def path(self, relative: Path | str) -> Path:
        """Absolute path of a file named in the study or in its tables."""
        return Path(absolute_path(self.data, str(relative)))
