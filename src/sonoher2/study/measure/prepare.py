"""From a study file to patients that are checked, split and measured; nothing is learned here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import pandas as pd

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.evaluation import StabilityConfig
from sonoher2.config.images import ImageReading
from sonoher2.config.study import StudyConfig
from sonoher2.core import columns as c
from sonoher2.core.errors import Finding
from sonoher2.engine import ExecutionContext
from sonoher2.radiomics.extract import feature_names
from sonoher2.radiomics.lesion import pool_patients
from sonoher2.signatures.feature_table import (
    CLINICAL,
    RADIOMICS,
    SITE,
    first_reader,
    join_feature_groups,
    second_reader,
)
from sonoher2.study.measure.crops import crop_lesions
from sonoher2.study.measure.deep_features import deep_feature_groups
from sonoher2.study.measure.features import measure_lesions
from sonoher2.study.measure.lesion_files import lesion_files
from sonoher2.study.measure.measured import Measured
from sonoher2.study.measure.perturbed_features import Way, measure_perturbed

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder


class Stopwatch:
    """Wall time by step, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        start = monotonic()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + monotonic() - start, 2)


def measure_cohort(
    cohort: Cohort,
    study: StudyConfig,
    hashes: dict[str, str],
    context: ExecutionContext,
    networks: Sequence[FrozenEncoder] = (),
) -> Measured:
    """Measure every lesion and lay a patient's clinical and image data side by side.

    Parameters
    ----------
    cohort
        Who.
    study
        How to read and what to measure.
    hashes
        Sha256 of every image and mask file, by path.
    context
        Where it is computed and kept.
    networks
        Networks of the deep feature groups, which have seen none of these patients.
    """
    images = cohort.images
    feature_groups = {CLINICAL: cohort.patients[list(cohort.clinical)]}
    features = pd.DataFrame(index=images.index)
    findings: list[Finding] = []
    if study.reading is not None:
        names = feature_names(study.radiomics)
        measured, findings = measure_lesions(lesion_files(images), study.reading, study.radiomics, hashes, context)
        features = pd.DataFrame(measured, index=images.index, columns=names)
        feature_groups[RADIOMICS] = pool_patients(features, images[c.PATIENT_ID])
    if study.harmonise is not None:
        feature_groups[SITE] = cohort.patients[[c.SITE]].astype(object)
    crops = pd.DataFrame()
    if study.reading is not None and study.deep is not None:
        paths = crop_lesions(lesion_files(images), study.reading, study.deep, hashes, context)
        crops = pd.DataFrame({c.PATIENT_ID: images[c.PATIENT_ID], c.CROP: paths})
        feature_groups |= deep_feature_groups(crops, networks, context)
    if study.reading is not None and study.selection.icc is not None:
        feature_groups |= _both_readers(cohort, features, study, study.reading, hashes, context)
    return Measured(cohort, features, join_feature_groups(feature_groups), tuple(findings), crops, networks)


def _both_readers(
    cohort: Cohort,
    measured: pd.DataFrame,
    study: StudyConfig,
    reading: ImageReading,
    hashes: dict[str, str],
    context: ExecutionContext,
) -> dict[str, pd.DataFrame]:
    """Radiomics (patients, features) of the given masks and of a second reader's, or redrawn ones: for the ICC filter.

    Both are means over the same images, those that both masks could be measured on: else the filter would see how a
    patient's views differ, not how the readers do.
    """
    images = cohort.images
    if study.selection.icc_from == "perturbation":
        files, way = lesion_files(images), Way("redraw", (study.stability or StabilityConfig()).strength)
        again = measure_perturbed(files, [way], reading, study.radiomics, hashes, study.seed, context).features[:, 0]
    else:
        images = images[images[c.SECOND_MASK].notna()]
        files = lesion_files(images, "second_mask")
        again, _ = measure_lesions(files, reading, study.radiomics, hashes, context)
    second = pd.DataFrame(again, index=images.index, columns=measured.columns)
    first = measured.loc[images.index]
    known = first.notna() & second.notna()
    readers = {first_reader(RADIOMICS): first, second_reader(RADIOMICS): second}
    return {
        group: pool_patients(table.where(known), images[c.PATIENT_ID]).reindex(cohort.patients.index)
        for group, table in readers.items()
    }
