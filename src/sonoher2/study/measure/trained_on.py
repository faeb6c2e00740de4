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
from sonoher2.images.fingerprint import Fingerprint, fingerprint, images_file, load_training_images
from sonoher2.images.read import read_image
from sonoher2.networks.own import ENHANCER, SEGMENTER, SHIPPED_NETWORKS, ImageNetworks, OwnNetwork, Weights
from sonoher2.study.measure.lesion_files import chosen_frames

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig

Picture = tuple[str, int | None]
"""Path of an image file, and frame."""
OF_ABLATION = " of the ablation"
"""Behind the name of a network that only the ablation uses, on test patients alone."""


def used_networks(study: StudyConfig, segmented: pd.DataFrame, networks: ImageNetworks) -> dict[str, OwnNetwork]:
    """Networks that segment a study's lesions or clear its images, by name, the shipped ones included.

    Parameters
    ----------
    study
        The study.
    segmented
        As from `segment_cohort`.
    networks
        Of the study's own; one that is still to be trained is not used yet.
    """
    found: dict[str, OwnNetwork] = {}
    if len(segmented):
        found[SEGMENTER] = networks.segmenter or _shipped(SEGMENTER)
    clears = study.images is not None and study.enhance != "none"
    if clears and (networks.enhancer is not None or ENHANCER not in study.trained_networks):
        found[ENHANCER] = networks.enhancer or _shipped(ENHANCER)
    return found


def _of_ablation(study: StudyConfig) -> dict[str, OwnNetwork]:
    """Shipped networks with which the ablation outlines or clears what the study takes as it is."""
    if study.images is None or not study.ablation:
        return {}
    idle = {SEGMENTER: study.regions == "given", ENHANCER: study.enhance == "none"}
    return {name + OF_ABLATION: _shipped(name) for name, is_idle in idle.items() if is_idle}


def _shipped(name: str) -> OwnNetwork:
    if name == SEGMENTER:
        from sonoher2.segmentation.shipped import SHIPPED as OUTLINING

        path = OUTLINING
    else:
        # the enhancer needs torch, which is slow to import
        from sonoher2.enhancement.enhancer import SHIPPED as CLEARING

        path = CLEARING
    return OwnNetwork(Weights(str(path), file_sha256(path), str(images_file(path))))


def network_hashes(
    study: StudyConfig, segmented: pd.DataFrame, networks: ImageNetworks = SHIPPED_NETWORKS
) -> dict[str, str]:
    """Sha256 of the final weights of each network, by name, those of an ablation included."""
    used = used_networks(study, segmented, networks) | _of_ablation(study)
    return {name: network.final.sha256 for name, network in used.items()}


def patients_trained_on(
    study: StudyConfig,
    images: pd.DataFrame,
    segmented: pd.DataFrame,
    context: ExecutionContext,
    networks: ImageNetworks = SHIPPED_NETWORKS,
) -> dict[str, frozenset[str]]:
    """Patients with an image that a network was trained on and is (or may be) used for, by the network's name.

    Images are compared whole, as they were learned from, however the study crops them. Of a network that was trained
    in the study those weights count that are used for the patient.

    Parameters
    ----------
    study, segmented, networks
        As in `used_networks`.
    images
        As `Cohort.images`.
    context
        Where it is computed and kept.
    """
    of_ablation = _of_ablation(study)
    used = used_networks(study, segmented, networks) | of_ablation
    rows = {SEGMENTER: segmented, ENHANCER: images} | dict.fromkeys(of_ablation, images)
    prints = fingerprints(sorted({one for name in used for one in pictures_of(rows[name])}, key=str), context)
    compared = study.images is not None and study.images.near_duplicates
    found = {}
    for name, network in used.items():
        # a study that looks for near-duplicates compares the pictures themselves and deals those that are alike out
        # together: what a hash takes for one picture there is two
        resaved = not (network.unseen_by and compared)
        known = {weights: load_training_images(*weights.files) for weights in network.all}
        patients = rows[name][c.PATIENT_ID]
        read = [prints[picture] for picture in pictures_of(rows[name])]
        seen = [
            one is not None and known[network.of(patient)].has(one, resaved=resaved)
            for one, patient in zip(read, patients, strict=True)
        ]
        found[name] = frozenset(patients[np.array(seen, dtype=bool)])
    return found


def pictures_of(images: pd.DataFrame) -> list[Picture]:
    """Path and frame of each row of `Cohort.images` or of a table of outlines."""
    return list(zip(map(str, images[c.IMAGE]), chosen_frames(images), strict=True))


def _fingerprint(picture: Picture) -> Fingerprint:
    return fingerprint(read_image(picture[0], frame=picture[1]).pixels)


FINGERPRINTS = Step(
    "fingerprints", _fingerprint, record_codec(Fingerprint), "Comparing with training images", packed=True
)


def fingerprints(pictures: Sequence[Picture], context: ExecutionContext) -> dict[Picture, Fingerprint | None]:
    """Fingerprint of each picture, each kept under the content of its file; None for one that cannot be read."""
    items = [Keyed(picture, [file_sha256(Path(picture[0])), picture[1]]) for picture in pictures]
    # what cannot be read is told of by those who measure it
    found = context.attempt(FINGERPRINTS, items)
    return {picture: found.values.get(i) for i, picture in enumerate(pictures)}
