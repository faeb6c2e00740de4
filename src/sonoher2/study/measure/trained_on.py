"""Patients of a study whose images the segmenter or the enhancer was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sonoher2.core import columns as c
from sonoher2.core.files import file_sha256
from sonoher2.engine import ExecutionContext, Keyed, Step, record_codec
from sonoher2.images.fingerprint import Fingerprint, fingerprint, load_training_images
from sonoher2.images.read import read_image
from sonoher2.study.measure.lesion_files import chosen_frames

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig

SEGMENTER, ENHANCER = "segmenter", "enhancer"
Picture = tuple[str, int | None]
"""Path of an image file, and frame."""


def used_networks(study: StudyConfig, segmented: pd.DataFrame) -> dict[str, Path]:
    """Weights of the shipped networks that segmented a study's lesions or cleared its images, by name.

    Parameters
    ----------
    study
        The study.
    segmented
        As from `segment_cohort`.
    """
    found: dict[str, Path] = {}
    # networks are slow to import
    if len(segmented):
        from sonoher2.segmentation.segmenter import SHIPPED

        found[SEGMENTER] = SHIPPED
    if study.images is not None and study.enhance != "none":
        from sonoher2.enhancement.enhancer import SHIPPED as CLEARING

        found[ENHANCER] = CLEARING
    return found


def network_hashes(study: StudyConfig, segmented: pd.DataFrame) -> dict[str, str]:
    """Sha256 of the weights of each network, by name; parameters as in `used_networks`."""
    return {name: file_sha256(weights) for name, weights in used_networks(study, segmented).items()}


def patients_trained_on(
    study: StudyConfig, images: pd.DataFrame, segmented: pd.DataFrame, context: ExecutionContext
) -> dict[str, frozenset[str]]:
    """Patients with an image that a network was trained on and is now used for, by the network's name.

    Images are compared whole, as they were learned from, however the study crops them.

    Parameters
    ----------
    study, segmented
        As in `used_networks`.
    images
        As `Cohort.images`.
    context
        Where it is computed and kept.
    """
    networks = used_networks(study, segmented)
    rows = {SEGMENTER: segmented, ENHANCER: images}
    pictures = {
        name: list(zip(map(str, rows[name][c.IMAGE]), chosen_frames(rows[name]), strict=True)) for name in networks
    }
    prints = _fingerprints(sorted({one for some in pictures.values() for one in some}, key=str), context)
    found = {}
    for name, weights in networks.items():
        known = load_training_images(weights)
        read = [prints[picture] for picture in pictures[name]]
        seen = [one is not None and known.has(one) for one in read]
        found[name] = frozenset(rows[name][c.PATIENT_ID][np.array(seen, dtype=bool)])
    return found


def _fingerprint(picture: Picture) -> Fingerprint:
    return fingerprint(read_image(picture[0], frame=picture[1]).pixels)


FINGERPRINTS = Step(
    "fingerprints", _fingerprint, record_codec(Fingerprint), "Comparing with training images", packed=True
)


def _fingerprints(pictures: Sequence[Picture], context: ExecutionContext) -> dict[Picture, Fingerprint | None]:
    """Fingerprint of each picture, each kept under the content of its file; None for one that cannot be read."""
    items = [Keyed(picture, [file_sha256(Path(picture[0])), picture[1]]) for picture in pictures]
    # what cannot be read is told of by those who measure it
    found = context.attempt(FINGERPRINTS, items)
    return {picture: found.values.get(i) for i, picture in enumerate(pictures)}
