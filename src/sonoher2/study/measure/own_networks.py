"""The networks that a study names instead of the shipped ones, and which of them clears each image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sonoher2.bundle.image_networks import check_readable
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.image_networks import TRAINED, EnhancedImages, SegmentedRegions
from sonoher2.core import columns as c
from sonoher2.core.errors import InputError
from sonoher2.core.files import file_sha256
from sonoher2.images.fingerprint import images_file, load_training_images
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig


def networks_of_files(study: StudyConfig) -> ImageNetworks:
    """Find the weights that the study file names; networks that are trained in the study are not among them.

    Raises
    ------
    InputError
        There is no such file, it is no such network, or nothing says which images it was trained on.
    """
    if study.images is None:
        return ImageNetworks()
    segmenter = study.regions.segment if isinstance(study.regions, SegmentedRegions) else TRAINED
    enhancer = study.enhance.gan if isinstance(study.enhance, EnhancedImages) else TRAINED
    found = ImageNetworks(
        *(None if named == TRAINED else _of_file(study.path(named)) for named in (segmenter, enhancer))
    )
    check_readable(found)
    return found


def _of_file(path: Path) -> OwnNetwork:
    if not path.is_file():
        raise InputError("there is no such file of weights", where=str(path), fix="Name a file, `shipped` or `trained`")
    load_training_images(path)
    return OwnNetwork(Weights(str(path), file_sha256(path), str(images_file(path))))


def with_enhancers(cohort: Cohort, study: StudyConfig, networks: ImageNetworks) -> Cohort:
    """Say of each image which weights clear it, in a study with enhancers of its own."""
    if networks.enhancer is None or study.enhance == "none" or cohort.images.empty:
        return cohort
    weights = [networks.enhancer.of(patient) for patient in cohort.images[c.PATIENT_ID]]
    column = pd.Series(weights, index=cohort.images.index, dtype=object)
    return replace(cohort, images=cohort.images.assign(**{c.ENHANCER: column}))
