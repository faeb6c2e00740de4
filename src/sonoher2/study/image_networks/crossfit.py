"""Networks of a study's own, trained so that no training patient is outlined or cleared by one that saw the patient.

One network is trained without each outer fold of the training patients, and a final one on all of them. A training
patient's images go through the network without the patient's fold, those of test patients and of new ones through the
final one. Patients who share a picture are in one fold. The networks learn from images and masks; labels only say, as
for the split, how the patients are dealt out to folds.

The enhancer is treated alike although it learns without masks: it clears the very images that it learned from a little
better than others, and training patients would then be measured on clearer images than test patients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sonoher2.cohort.images.check import image_findings
from sonoher2.cohort.load import load_cohort, with_groups
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.split import Split, split_patients
from sonoher2.cohort.tables.all_errors import raise_errors
from sonoher2.config.image_networks import EnhancedImages, SegmentedRegions
from sonoher2.config.images import FileReading, ImageReading
from sonoher2.core import columns as c
from sonoher2.core.errors import Finding, InputError
from sonoher2.core.files import check_unchanged, file_sha256
from sonoher2.engine import ExecutionContext, Keyed, Step, settings_key
from sonoher2.images.fingerprint import training_images_text
from sonoher2.networks.own import ENHANCER, SEGMENTER, ImageNetworks, OwnNetwork, Weights
from sonoher2.study.fit.training_set import TrainingSet, training_folds
from sonoher2.study.image_networks.enhancers import ENHANCERS
from sonoher2.study.image_networks.segmenters import SEGMENTERS
from sonoher2.study.image_networks.training_images import TRAINING_IMAGES
from sonoher2.study.measure.lesion_files import LesionFile, file_hashes, lesion_files
from sonoher2.study.measure.own_networks import networks_of_files
from sonoher2.study.measure.records import image_records, kept_pairs
from sonoher2.study.measure.trained_on import fingerprints, pictures_of

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig

FEWEST = 10
"""Training patients whom each network needs."""


def image_networks(study: StudyConfig, context: ExecutionContext) -> tuple[ImageNetworks, Split | None]:
    """Find or train the networks that a study uses instead of the shipped ones.

    Parameters
    ----------
    study, context
        Settings; where it is computed and kept.

    Returns
    -------
    The networks; and the split that they were trained by, of all patients, None where nothing is trained.

    Raises
    ------
    InputError, FindingsError
        An image cannot be used, a file of weights cannot be read, or there are too few training patients.
    """
    networks = networks_of_files(study)
    if not study.trained_networks or study.reading is None:
        return networks, None
    cohort, hashes = _looked_at(study, study.reading, context)
    split = split_patients(cohort.patients, study.split, study.seed)
    training = _Training(_folds(cohort, split, study), hashes, study.seed)
    trained = {kind.name: training.network(kind, context) for kind in _kinds(study, cohort.images, training.folds)}
    return replace(networks, **trained), split


def planned_training(study: StudyConfig, cohort: Cohort, split: Split) -> list[Finding]:
    """Say which networks a run of the study would train, on how many patients, or why it cannot.

    Parameters
    ----------
    study
        Settings.
    cohort
        Its patients, with the masks that are given.
    split
        Of the patients.
    """
    if not study.trained_networks:
        return []
    findings = []
    try:
        folds = _folds(cohort, split, study)
        for kind in _kinds(study, cohort.images, folds):
            chosen = _without_each_fold(kind, folds)
            _require_enough(kind, chosen)
            patients, images = chosen[0][c.PATIENT_ID].nunique(), len(chosen[0])
            what = (
                f"the study trains its own {kind.name}: {len(chosen)} networks, one without each fold of the training"
            )
            what += f" patients and one on all of them ({patients} patients{kind.condition}, {images} images)"
            findings.append(Finding("note", what, kind.setting, "The networks are kept; a second run trains none"))
    except InputError as error:
        findings.append(error.finding)
    return findings


def _looked_at(study: StudyConfig, reading: ImageReading, context: ExecutionContext) -> tuple[Cohort, dict[str, str]]:
    """Read the cohort as it is before anything is outlined, and group patients who share a picture."""
    cohort = load_cohort(study)
    hashes = file_hashes(cohort.images)
    records = image_records(cohort.images, reading, hashes, context)
    findings, groups = image_findings(cohort, study, records, hashes, partial(kept_pairs, context=context))
    raise_errors(findings)
    return with_groups(cohort, groups), hashes


def _folds(cohort: Cohort, split: Split, study: StudyConfig) -> pd.Series:
    """Outer fold of each training patient, index `patient_id`."""
    patients = cohort.patients[split.sets.reindex(cohort.patients.index) == c.TRAIN]
    sites = tuple(patients[c.SITE]) if c.SITE in patients else ()
    y, groups = (patients[name].to_numpy(np.int64) for name in (c.LABEL, c.GROUP))
    training = TrainingSet(pd.DataFrame(index=patients.index), y, groups, sites=sites)
    return pd.Series(training_folds(training, study), index=patients.index)


@dataclass(frozen=True)
class _Kind:
    """A kind of network to train.

    Attributes
    ----------
    name
        Of the network.
    step
        That trains one.
    settings
        What the step is given besides the images.
    images
        Rows of `Cohort.images` that may be learned from.
    given
        What the step is given of an image and of its patient's number.
    condition, setting
        Which patients can be learned from, and where the study file speaks of it, in words.
    """

    name: str
    step: Step[bytes]
    settings: tuple[object, ...]
    images: pd.DataFrame
    given: Callable[[LesionFile, int], object]
    condition: str
    setting: str


def _kinds(study: StudyConfig, images: pd.DataFrame, folds: pd.Series) -> list[_Kind]:
    """List the networks to train; rows of `Cohort.images` other than the training patients' are left out."""
    images, kinds = images[images[c.PATIENT_ID].isin(folds.index)], list[_Kind]()
    if SEGMENTER in study.trained_networks and isinstance(study.regions, SegmentedRegions) and study.reading:
        kinds.append(_segmenter(study.regions, study.reading, images))
    if ENHANCER in study.trained_networks and isinstance(study.enhance, EnhancedImages):
        kinds.append(_enhancer(study.enhance, images))
    return kinds


def _segmenter(regions: SegmentedRegions, reading: ImageReading, images: pd.DataFrame) -> _Kind:
    """Learn from the images that have a mask."""
    # networks are slow to import
    from sonoher2.segmentation.training.cases import Case

    def case(file: LesionFile, patient: int) -> Case:
        return Case(str(patient), Path(file.image), tuple(map(Path, file.masks)), frame=file.frame)

    how = Keyed(reading, settings_key(reading, *FileReading.model_fields))
    masked = images[images[c.MASKS].map(len) > 0]
    return _Kind(SEGMENTER, SEGMENTERS, (regions.training, how), masked, case, " with a mask", "regions")


def _enhancer(enhance: EnhancedImages, images: pd.DataFrame) -> _Kind:
    """Learn from all images, whatever their masks."""

    def picture(file: LesionFile, patient: int) -> tuple[Path, int | None]:
        return Path(file.image), file.frame

    bare = images.assign(**{c.MASKS: pd.Series([()] * len(images), index=images.index, dtype=object)})
    return _Kind(ENHANCER, ENHANCERS, (enhance.training,), bare, picture, "", "enhance")


@dataclass(frozen=True)
class _Training:
    """Training patients of a study: their folds, index `patient_id`; sha256 of their files, by path; and the seed."""

    folds: pd.Series
    hashes: Mapping[str, str]
    seed: int

    def network(self, kind: _Kind, context: ExecutionContext) -> OwnNetwork:
        """Train a network without each fold and one on all training patients."""
        left_out, chosen = [None, *range(int(self.folds.max()) + 1)], _without_each_fold(kind, self.folds)
        _require_enough(kind, chosen)
        paths = context.files(kind.step, [self._item(kind, rows) for rows in chosen], *kind.settings, self.seed)
        sha256 = [file_sha256(path) for path in paths]
        images = context.files(TRAINING_IMAGES, _told(chosen, sha256, context))
        weights = [
            Weights(str(path), key, str(told), fold, rows[c.PATIENT_ID].nunique(), len(rows))
            for path, key, told, fold, rows in zip(paths, sha256, images, left_out, chosen, strict=True)
        ]
        return OwnNetwork(weights[0], {str(patient): weights[1 + fold] for patient, fold in self.folds.items()})

    def _item(self, kind: _Kind, rows: pd.DataFrame) -> Keyed[list[object]]:
        """Give images to a step, known by what they hold, in an order that their places in the table do not change."""
        hashes, numbers = self.hashes, dict[str, int]()
        files = zip(rows[c.PATIENT_ID], lesion_files(rows), strict=True)
        ordered = sorted(files, key=lambda one: (hashes[one[1].image], one[1].frame or 0))
        given, key, paths = list[object](), list[object](), set[str]()
        for patient, file in ordered:
            number = numbers.setdefault(patient, len(numbers))
            given.append(kind.given(file, number))
            key.append([number, hashes[file.image], [hashes[mask] for mask in file.masks], file.frame])
            paths |= {file.image, *file.masks}
        return Keyed(given, key, partial(check_unchanged, {path: hashes[path] for path in paths}))


def _without_each_fold(kind: _Kind, folds: pd.Series) -> list[pd.DataFrame]:
    """Images that each network learns from: the final one's, then those of the networks without each fold."""
    owners = kind.images[c.PATIENT_ID].map(folds)
    return [kind.images, *(kind.images[owners != fold] for fold in range(int(folds.max()) + 1))]


def _require_enough(kind: _Kind, chosen: Sequence[pd.DataFrame]) -> None:
    fewest = min(rows[c.PATIENT_ID].nunique() for rows in chosen)
    if fewest < FEWEST:
        patients = f"training patients{kind.condition}"
        what = f"one network of the study's own {kind.name} would learn from {fewest} {patients}, and it takes {FEWEST}"
        fix = f"Outline more of them, or use the shipped {kind.name}" if kind.condition else "Add patients"
        raise InputError(what, where=kind.setting, fix=fix)


def _told(chosen: Sequence[pd.DataFrame], sha256: Sequence[str], context: ExecutionContext) -> list[str]:
    """Content of the file that says which images each network was trained on."""
    known = fingerprints(pictures_of(chosen[0]), context)
    told = []
    for key, rows in zip(sha256, chosen, strict=True):
        read = [known[picture] for picture in pictures_of(rows)]
        told.append(training_images_text(key, [one for one in read if one is not None]))
    return told
