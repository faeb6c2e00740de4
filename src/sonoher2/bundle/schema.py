"""What a bundle says of itself in `model.json`: how to read a patient, what comes out, and at which threshold."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sonoher2.bundle.training import TrainingSummary
from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.config.base import Timing
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.deep import DeepConfig
from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import ColumnTarget, Her2Target
from sonoher2.networks.own import ENHANCER, SEGMENTER

MODEL, NETWORK, SCHEMA, MANIFEST = "model.skops", "network.skops", "model.json", "manifest.json"
REFERENCE = "reference.parquet"
SEGMENTER_WEIGHTS, SEGMENTER_IMAGES = "segmenter.safetensors", "segmenter.images.json"
ENHANCER_WEIGHTS, ENHANCER_IMAGES = "enhancer.safetensors", "enhancer.images.json"
OWN_NETWORKS = {SEGMENTER: (SEGMENTER_WEIGHTS, SEGMENTER_IMAGES), ENHANCER: (ENHANCER_WEIGHTS, ENHANCER_IMAGES)}
"""Files of a network of the study's own: its weights, and the fingerprints of the images that it learned from."""


def _is_none(value: object) -> bool:
    return value is None


class BundleSchema(BaseModel):
    """Everything that prediction needs besides the fitted model; no path, no patient.

    Attributes
    ----------
    format
        Version of this layout.
    sonoher2
        Version of the package that wrote it.
    classes
        Names of the labels, in order.
    signatures
        Names, in the order of the report.
    main
        The signature with the highest out-of-fold training AUC.
    thresholds, threshold_rule
        By signature and outcome, learned on out-of-fold training scores by this rule.
    reading, radiomics
        How images are read and measured, and in which unit; None for a study without images. A bundle written before
        there was a unit measures in pixels, unless it resamples.
    deep
        How the lesion is embedded; the network's tensors are in the bundle. None without deep features.
    clinical
        The clinical columns that the model was trained with.
    training_patients
        Patients by class.
    uncertainty
        By signature: sets of classes, and ruling in and out.
    training
        How the training patients were distributed, column by column.
    segmenter, enhancer
        Sha256 of the weights that outline and clear an image; None for the shipped ones, and then left out of the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    sonoher2: str
    title: str
    synthetic: bool
    target: Her2Target | ColumnTarget
    timing: Timing
    classes: tuple[str, ...]
    signatures: tuple[str, ...]
    main: str
    thresholds: dict[str, dict[str, float]]
    threshold_rule: str
    reading: ImageReading | None
    radiomics: RadiomicsConfig | None
    deep: DeepConfig | None
    clinical: dict[str, ClinicalColumn]
    training_patients: dict[str, int]
    uncertainty: dict[str, Uncertainty] = {}
    training: TrainingSummary = TrainingSummary()
    notice: str = "Research software, not for clinical use."
    segmenter: str | None = Field(None, exclude_if=_is_none)
    enhancer: str | None = Field(None, exclude_if=_is_none)

    @field_validator("radiomics", mode="after")
    @classmethod
    def _has_a_unit(cls, radiomics: RadiomicsConfig | None) -> RadiomicsConfig | None:
        if radiomics is None or radiomics.unit is not None:
            return radiomics
        return radiomics.model_copy(update={"unit": "pixels" if radiomics.resample_mm is None else "mm"})

    @property
    def outcomes(self) -> dict[str, int]:
        """Classes that a score is given for, with their label: the positive one of two, else all."""
        labels = {name: label for label, name in enumerate(self.classes)}
        return {self.classes[1]: 1} if len(self.classes) == 2 else labels


def _without_spellings(target: Her2Target | ColumnTarget) -> Her2Target | ColumnTarget:
    # cells of the hospital's table, perhaps whole sentences of a report: a model has no use for them
    return target.model_copy(update={"values": {}}) if isinstance(target, Her2Target) else target


def _with_missing(column: ClinicalColumn, spellings: list[str]) -> ClinicalColumn:
    """Let a column know what means a missing value in its whole table: a new patient has no table around it."""
    missing = list(dict.fromkeys([*column.missing, *spellings]))
    return column.model_copy(update={"missing": missing})


def schema_of(
    study: StudyConfig,
    *,
    version: str,
    classes: tuple[str, ...],
    signatures: tuple[str, ...],
    main: str,
    thresholds: dict[str, dict[str, float]],
    threshold_rule: str,
    training_patients: dict[str, int],
) -> BundleSchema:
    """Describe a study's frozen model; only the settings that reading and measuring need are carried over."""
    # which number means the lesion is a matter of each cohort's masks
    reading = study.reading and study.reading.model_copy(update={"mask_label": None})
    return BundleSchema(
        sonoher2=version,
        title=study.title,
        synthetic=study.synthetic,
        target=_without_spellings(study.target),
        timing=study.timing,
        classes=classes,
        signatures=signatures,
        main=main,
        thresholds=thresholds,
        threshold_rule=threshold_rule,
        reading=reading,
        radiomics=study.radiomics if reading else None,
        # the tensors travel with the bundle: where they came from is of no use there, and may be a path
        deep=study.deep.model_copy(update={"weights": "none"}) if reading and study.deep else None,
        clinical={key: _with_missing(column, study.clinical.missing) for key, column in study.clinical.columns.items()},
        training_patients=training_patients,
    )
