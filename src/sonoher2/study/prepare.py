"""From a study file to patients that are checked, split and measured; nothing is learned here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import pandas as pd

from sonoher2.cohort.cohort import Cohort
from sonoher2.config import StudyConfig
from sonoher2.errors import Finding
from sonoher2.features.lesion import pool_patients
from sonoher2.features.radiomics import feature_names
from sonoher2.fusion.blocks import CLINICAL, DEEP, RADIOMICS, join_blocks
from sonoher2.fusion.signatures import second_reader
from sonoher2.study.steps import Workshop, embed_images, lesion_files, measure_lesions

if TYPE_CHECKING:
    from sonoher2.models.deep.embedding import DeepEmbedding


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


@dataclass(frozen=True)
class Measured:
    """What is known of each patient before anything is learned.

    Attributes
    ----------
    cohort
        Who.
    features
        (images, features), index as `cohort.images`.
    blocks
        (patients, columns), two-level columns (block, name): the X of every signature, index as `cohort.patients`.
    findings
        What was noticed while measuring.
    """

    cohort: Cohort
    features: pd.DataFrame
    blocks: pd.DataFrame
    findings: tuple[Finding, ...] = ()


def measure_cohort(
    cohort: Cohort,
    study: StudyConfig,
    hashes: dict[str, str],
    workshop: Workshop,
    network: DeepEmbedding | None = None,
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
    workshop
        Cache and processes.
    network
        Frozen network of the deep features, or None for none.
    """
    images = cohort.images
    blocks = {CLINICAL: cohort.patients[list(cohort.clinical)]}
    features = pd.DataFrame(index=images.index)
    findings: list[Finding] = []
    if study.images is not None:
        names = feature_names(study.radiomics)
        measured, findings = measure_lesions(lesion_files(images), study.images, study.radiomics, hashes, workshop)
        features = pd.DataFrame(measured, index=images.index, columns=names)
        blocks[RADIOMICS] = pool_patients(features, images["patient_id"])
    if study.images is not None and study.deep is not None and network is not None:
        embedded = embed_images(lesion_files(images), study.images, study.deep, network, hashes, workshop)
        deep = pd.DataFrame(embedded, index=images.index, columns=network.get_feature_names_out())
        blocks[DEEP] = pool_patients(deep, images["patient_id"])
    if study.images is not None and study.selection.icc is not None:
        twice = images[images["second_mask"].notna()]
        files = lesion_files(twice, "second_mask")
        again, _ = measure_lesions(files, study.images, study.radiomics, hashes, workshop)
        second = pool_patients(pd.DataFrame(again, index=twice.index, columns=names), twice["patient_id"])
        blocks[second_reader(RADIOMICS)] = second.reindex(cohort.patients.index)
    return Measured(cohort, features, join_blocks(blocks), tuple(findings))
