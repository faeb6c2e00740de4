"""Predicting with a frozen model: one patient from the command line, or a whole cohort's table of blocks."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from sonoher2.bundle.load import Bundle
from sonoher2.bundle.uncertainty import Answer
from sonoher2.cohort.patients.clinical import parse_column
from sonoher2.cohort.tables.all_errors import raise_errors
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.images import ImageReading
from sonoher2.core.errors import Finding, InputError, UsageError
from sonoher2.lesions.open import open_lesion
from sonoher2.predict.explanation import Explanation, explain_patient
from sonoher2.predict.quality import poor_images
from sonoher2.predict.segmented import outlined, warn_of_training_image
from sonoher2.predict.unseen import refuse_unseen
from sonoher2.radiomics.extract import PixelSizeUnknownError
from sonoher2.radiomics.lesion import Measurement, flat_lesions, measure_lesion, pool_patients
from sonoher2.signatures.build import ImageSignature, SignatureSet
from sonoher2.signatures.feature_table import CLINICAL, RADIOMICS, SITE, join_blocks, network_blocks

PATIENT = "patient"


@dataclass(frozen=True)
class PatientInput:
    """What is known of one patient.

    Attributes
    ----------
    images
        Each image with its masks; one without is outlined by the shipped segmenter.
    clinical
        Raw text by column key, as it would stand in a table.
    mm_per_pixel
        Side of a pixel in all images, or in each, mm; None when unknown.
    site
        Where the images were made, for a model that harmonises sites; None when unknown.
    frames
        Frame of each image file, counted from 1; None for the only one. Empty: of every file the only one.
    mask_label
        Of the lesion, in masks with several labels.
    patient_id
        The user's own name for the patient, shown on the case page; empty when not given.
    """

    images: tuple[tuple[Path, tuple[Path, ...]], ...]
    clinical: dict[str, str]
    mm_per_pixel: float | tuple[float, ...] | None = None
    site: str | None = None
    frames: tuple[int | None, ...] = ()
    mask_label: str | None = None
    patient_id: str = ""

    @property
    def sizes(self) -> tuple[float | None, ...]:
        """Side of a pixel in each image, mm."""
        given = self.mm_per_pixel
        return given if isinstance(given, tuple) else (given,) * len(self.images)

    @property
    def pictures(self) -> tuple[tuple[Path, tuple[Path, ...], int | None], ...]:
        """Each image with its masks and its frame."""
        frames = self.frames or (None,) * len(self.images)
        return tuple((image, masks, frame) for (image, masks), frame in zip(self.images, frames, strict=True))

    @classmethod
    def from_options(
        cls,
        images: Sequence[Path],
        masks: Sequence[Path],
        clinical: Sequence[str],
        mm_per_pixel: float | Sequence[float] | None,
        site: str | None = None,
        frames: Sequence[int] = (),
        mask_label: str | None = None,
    ) -> Self:
        """Read command-line options: the masks of one image, or one mask per image; clinical data as KEY=VALUE.

        Frames are none, or one per image. Sizes of a pixel are none, one for all images, or one per image.

        Raises
        ------
        UsageError
            Images do not pair up with masks, frames or sizes, or a clinical option is not KEY=VALUE.
        """
        pairs: tuple[tuple[Path, tuple[Path, ...]], ...]
        if len(images) == 1 and masks:
            pairs = ((images[0], tuple(masks)),)
        elif not masks:
            pairs = tuple((image, ()) for image in images)
        elif len(images) == len(masks):
            pairs = tuple((image, (mask,)) for image, mask in zip(images, masks, strict=True))
        else:
            raise UsageError(
                f"{len(images)} images and {len(masks)} masks were given; give one --mask for each --image, in order, "
                "or none at all."
            )
        if frames and len(frames) != len(images):
            raise UsageError(f"{len(images)} images and {len(frames)} frames were given; give one --frame for each.")
        values = {}
        for option in clinical:
            key, found, value = option.partition("=")
            if not found or not key.strip():
                raise UsageError(f"'{option}' is not KEY=VALUE; write --clinical age=52.")
            if key.strip() in values:
                raise UsageError(f"'{key.strip()}' is given twice.")
            values[key.strip()] = value.strip()
        return cls(pairs, values, _sizes(mm_per_pixel, len(images)), site, tuple(frames), mask_label)


def _sizes(given: float | Sequence[float] | None, images: int) -> float | tuple[float, ...] | None:
    if not isinstance(given, Sequence):
        return given
    if len(given) not in (0, 1, images):
        raise UsageError(
            f"{images} images and {len(given)} sizes of a pixel were given; give --mm-per-pixel once for all images, "
            "or once for each."
        )
    return tuple(given) if len(given) > 1 else next(iter(given), None)


@dataclass(frozen=True)
class Score:
    """One signature's answer.

    Attributes
    ----------
    signature, outcome
        Whose answer, and which class the probability is of.
    probability
        Calibrated on training patients.
    threshold
        Learned on out-of-fold training scores.
    positive
        Whether the probability reaches the threshold.
    filled
        Clinical columns that were not given and count as the training median or mode.
    """

    signature: str
    outcome: str
    probability: float
    threshold: float
    positive: bool
    filled: tuple[str, ...]


@dataclass(frozen=True)
class Prediction:
    """All answers for one patient, and what the main one rests on."""

    title: str
    notice: str
    synthetic: bool
    bundle: str
    images: int
    scores: tuple[Score, ...]
    warnings: tuple[str, ...] = ()
    explanation: Explanation | None = None
    answers: dict[str, Answer] = field(default_factory=dict)

    def json(self) -> str:
        """All of it as JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)

    def text(self) -> str:
        """Lines for a person to read."""
        lines = [f"{self.title}{' (synthetic training cohort)' if self.synthetic else ''}"]
        for score in self.scores:
            side = "at or above" if score.positive else "below"
            lines.append(
                f"  {score.signature}: probability of {score.outcome} {score.probability:.3f}, "
                f"{side} the threshold {score.threshold:.3f}"
            )
            if score.filled:
                lines.append(f"    not given, so counted as the training patients' median: {', '.join(score.filled)}")
        lines += [f"  {name}, at stated error rates: {answer.text}" for name, answer in self.answers.items()]
        lines += self.explanation.text() if self.explanation else []
        lines += [f"  warning: {warning}" for warning in self.warnings]
        return "\n".join([*lines, self.notice])


def predict_patient(bundle: Bundle, patient: PatientInput) -> Prediction:
    """Read, measure and score one patient with the very functions that the study used.

    A lesion without a mask is outlined by the shipped segmenter, and a warning says so.

    Raises
    ------
    InputError, FindingsError
        A file or a value cannot be used, no lesion is found in an image without a mask, or what is given suffices for
        no signature.
    """
    reading = reading_of(bundle, patient)
    if reading is None or not patient.images:
        return _predict_measurable(bundle, patient)
    with outlined(patient.pictures, crop_to_b_mode=reading.crop_to_b_mode) as (images, told):
        prediction = _predict_measurable(bundle, replace(patient, images=images))
    return replace(prediction, warnings=(*told, *_enhancer_warnings(patient, reading), *prediction.warnings))


def _enhancer_warnings(patient: PatientInput, reading: ImageReading) -> list[str]:
    if reading.enhance == "none":
        return []
    # networks are slow to import
    from sonoher2.enhancement.enhancer import SHIPPED

    found = [warn_of_training_image(image, frame, SHIPPED, "enhancer") for image, _, frame in patient.pictures]
    return [warning for warnings in found for warning in warnings]


def reading_of(bundle: Bundle, patient: PatientInput) -> ImageReading | None:
    """How the model reads images, with the label of this patient's masks; None for a model without images."""
    reading = bundle.schema.reading
    return reading and reading.model_copy(update={"mask_label": patient.mask_label})


def _predict_measurable(bundle: Bundle, patient: PatientInput) -> Prediction:
    site_warnings = _site_warnings(bundle, patient)
    blocks = {CLINICAL: clinical_block(bundle.schema.clinical, patient.clinical)}
    refuse_unseen(bundle.schema.training, blocks[CLINICAL], "--clinical ")
    given = [key for key in bundle.schema.clinical if blocks[CLINICAL][key].notna().all()]
    measured = _measured(bundle, patient) if patient.images else []
    if measured:
        blocks[RADIOMICS] = _pooled(pd.DataFrame([measurement.features for measurement in measured]))
        blocks |= _deep_blocks(bundle, patient)
    if measured and bundle.model.harmoniser_ is not None:
        blocks[SITE] = pd.DataFrame({SITE: [patient.site]}, index=blocks[RADIOMICS].index, dtype=object)
    names = usable_signatures(bundle.model, given, RADIOMICS in blocks)
    if not names:
        raise InputError(
            "what is given suffices for none of the model's signatures",
            fix=f"Give an image, or clinical data ({', '.join(bundle.schema.clinical)})",
        )
    X = join_blocks(blocks)
    probabilities = bundle.model.predict_proba(X, names)
    scores = [
        _score(bundle, name, outcome, float(probability[0, label]), given)
        for name, probability in probabilities.items()
        for outcome, label in bundle.schema.outcomes.items()
    ]
    levels = [measurement.grey_levels for measurement in measured]
    flat = flat_lesions([str(image) for image, _ in patient.images], levels) if measured else []
    return Prediction(
        title=bundle.schema.title,
        notice=bundle.schema.notice,
        synthetic=bundle.schema.synthetic,
        bundle=bundle.sha256,
        images=len(patient.images),
        scores=tuple(scores),
        warnings=(
            *site_warnings,
            *_unit_warnings(bundle, measured),
            *(str(finding) for finding in flat),
            *_poor_images(bundle, patient),
        ),
        answers={
            name: limits.answer(bundle.schema.classes, list(probabilities[name][0]))
            for name, limits in bundle.schema.uncertainty.items()
            if name in probabilities
        },
        explanation=None
        if bundle.reference is None
        else explain_patient(bundle.schema, bundle.model, bundle.reference, X, probabilities, given),
    )


def _site_warnings(bundle: Bundle, patient: PatientInput) -> list[str]:
    """Say when a model that harmonises sites cannot harmonise this patient's features.

    Raises
    ------
    InputError
        A site is given to a model that knows none.
    """
    harmoniser = bundle.model.harmoniser_
    if harmoniser is None:
        if patient.site is not None:
            raise InputError("the model does not harmonise sites", fix="Leave out --site")
        return []
    if not patient.images or patient.site in harmoniser.sites_:
        return []
    found = "no site is given" if patient.site is None else f"the site '{patient.site}' was not in training"
    known = ", ".join(harmoniser.sites_)
    return [f"{found}, so features count as measured at {harmoniser.reference}; sites in training: {known}"]


def _poor_images(bundle: Bundle, patient: PatientInput) -> list[str]:
    reading = reading_of(bundle, patient)
    return [] if reading is None else poor_images(patient.pictures, reading)


def usable_signatures(model: SignatureSet, clinical: Sequence[str], has_images: bool) -> list[str]:
    """Signatures that can score a patient: those whose images and at least one clinical column are given.

    Parameters
    ----------
    model
        Fitted signatures.
    clinical
        Keys of the clinical columns that are given.
    has_images
        Whether the lesion is measured.
    """
    names: list[str] = []
    for name, signature in model.fitted_.items():
        if isinstance(signature, ImageSignature):
            usable = has_images
        else:
            known = not signature.kinds or any(key in signature.kinds for key in clinical)
            usable = known and all(part in names for part in signature.scores)
        if usable:
            names.append(name)
    return names


def clinical_block(columns: dict[str, ClinicalColumn], values: dict[str, str]) -> pd.DataFrame:
    """Typed clinical columns of one patient; those not given are missing, as is a spelling of a missing value.

    Raises
    ------
    InputError, FindingsError
        A column that the model does not know, or a value that cannot be.
    """
    for key in values:
        if key not in columns:
            near = difflib.get_close_matches(key, columns, n=1)
            known = f"Known are: {', '.join(columns)}"
            raise InputError(
                f"the model has no clinical column '{key}'", fix=f"Did you mean '{near[0]}'? {known}" if near else known
            )
    block, findings = {}, list[Finding]()
    for key, column in columns.items():
        texts = pd.Series([values.get(key) or None], index=pd.Index([PATIENT], name="patient_id"), dtype=object)
        block[key], problems = parse_column(texts, key, column.model_copy(update={"column": None}), "--clinical")
        # one patient has no row
        findings += [replace(problem, where=f"clinical value '{key}'") for problem in problems]
    raise_errors(findings)
    return pd.DataFrame(block)


def _measured(bundle: Bundle, patient: PatientInput) -> list[Measurement]:
    schema = bundle.schema
    reading = reading_of(bundle, patient)
    if reading is None or schema.radiomics is None:
        raise InputError("the model was trained without images", fix="Leave out --image")
    measured: list[Measurement] = []
    unknown: list[str] = []
    for (image, masks, frame), known in zip(patient.pictures, patient.sizes, strict=True):
        try:
            lesion = open_lesion(image, masks, reading=reading, mm_per_pixel=known, frame=frame)
            measured.append(measure_lesion(lesion, schema.radiomics))
        except PixelSizeUnknownError:
            unknown.append(str(image))
    if unknown:
        raise InputError(
            "the model measures lesions in mm, and nothing says how large a pixel is",
            where=", ".join(unknown),
            fix="Give the side of a pixel in mm with --mm-per-pixel",
        )
    return measured


def _unit_warnings(bundle: Bundle, measured: Sequence[Measurement]) -> list[str]:
    """Say that a known pixel size is not used, because the model was trained in pixels."""
    radiomics = bundle.schema.radiomics
    if radiomics is None or radiomics.unit == "mm" or all(found.mm_per_pixel is None for found in measured):
        return []
    return ["the model measures lesions in pixels, so the known size of a pixel was not used"]


def _deep_blocks(bundle: Bundle, patient: PatientInput) -> dict[str, pd.DataFrame]:
    schema, reading = bundle.schema, reading_of(bundle, patient)
    if schema.deep is None or reading is None or not bundle.networks:
        return {}
    from sonoher2.deep.lesion import lesion_crops

    files = [
        (str(image), [str(mask) for mask in masks], known, frame)
        for (image, masks, frame), known in zip(patient.pictures, patient.sizes, strict=True)
    ]
    pictures = [picture[None] for picture in lesion_crops(files, reading=reading, config=schema.deep)]
    blocks: dict[str, pd.DataFrame] = {}
    for network in bundle.networks:
        blocks |= network_blocks(network, _pooled(pd.DataFrame(network.raw_embedding(pictures))))
    return blocks


def _pooled(features: pd.DataFrame) -> pd.DataFrame:
    return pool_patients(features, pd.Series(PATIENT, index=features.index))


def _score(bundle: Bundle, name: str, outcome: str, probability: float, given: Sequence[str]) -> Score:
    threshold = bundle.schema.thresholds[name][outcome]
    signature = bundle.model.fitted_[name]
    used = [] if isinstance(signature, ImageSignature) else list(signature.kinds)
    filled = tuple(key for key in used if key not in given)
    return Score(name, outcome, probability, threshold, bool(np.greater_equal(probability, threshold)), filled)
