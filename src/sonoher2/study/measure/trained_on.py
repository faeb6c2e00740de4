"""Patients of a study whose images the segmenter or the enhancer was trained on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key, file_sha256
from sonoher2.engine import ExecutionContext
from sonoher2.images.fingerprint import Fingerprint, fingerprint, load_training_images
from sonoher2.images.read import read_image
from sonoher2.study.cache import code_key
from sonoher2.study.compute import run_jobs
from sonoher2.study.measure.steps import chosen_frames

SEGMENTER, ENHANCER = "segmenter", "enhancer"
Picture = tuple[str, int | None]
"""Path of an image file, and frame."""


def used_networks(study: StudyConfig, outlines: pd.DataFrame) -> dict[str, Path]:
    """Weights of the shipped networks that made a study's outlines or cleared its images, by name.

    Parameters
    ----------
    study
        The study.
    outlines
        As from `outline_cohort`.
    """
    found: dict[str, Path] = {}
    # networks are slow to import
    if len(outlines):
        from sonoher2.segmentation.segmenter import SHIPPED

        found[SEGMENTER] = SHIPPED
    if study.images is not None and study.enhance != "none":
        from sonoher2.enhancement.enhancer import SHIPPED as CLEARING

        found[ENHANCER] = CLEARING
    return found


def network_hashes(study: StudyConfig, outlines: pd.DataFrame) -> dict[str, str]:
    """Sha256 of the weights of each network, by name; parameters as in `used_networks`."""
    return {name: file_sha256(weights) for name, weights in used_networks(study, outlines).items()}


def patients_trained_on(
    study: StudyConfig, images: pd.DataFrame, outlines: pd.DataFrame, context: ExecutionContext
) -> dict[str, frozenset[str]]:
    """Patients with an image that a network was trained on and is now used for, by the network's name.

    Images are compared whole, as they were learned from, however the study crops them.

    Parameters
    ----------
    study, outlines
        As in `used_networks`.
    images
        As `Cohort.images`.
    context
        Cache and processes.
    """
    networks = used_networks(study, outlines)
    rows = {SEGMENTER: outlines, ENHANCER: images}
    pictures = {
        name: list(zip(map(str, rows[name]["image"]), chosen_frames(rows[name]), strict=True)) for name in networks
    }
    prints = _fingerprints(sorted({one for some in pictures.values() for one in some}, key=str), context)
    found = {}
    for name, weights in networks.items():
        known = load_training_images(weights)
        read = [prints[picture] for picture in pictures[name]]
        seen = [one is not None and known.has(one) for one in read]
        found[name] = frozenset(rows[name]["patient_id"][np.array(seen, dtype=bool)])
    return found


def _fingerprints(pictures: Sequence[Picture], context: ExecutionContext) -> dict[Picture, Fingerprint | None]:
    """Fingerprint of each picture, each kept under the content of its file; None for one that cannot be read."""
    common = code_key("images")
    keys = {picture: content_key(common, file_sha256(Path(picture[0])), picture[1]) for picture in pictures}
    waiting = [picture for picture, key in keys.items() if not context.cache.has("fingerprints", key, ".json")]
    for i, found in run_jobs(_fingerprint, waiting, workers=context.workers, label="Comparing with training images"):
        context.cache.write("fingerprints", keys[waiting[i]], ".json", json.dumps(found and asdict(found)).encode())
    read = {picture: json.loads(context.cache.entry("fingerprints", key, ".json")) for picture, key in keys.items()}
    return {picture: found and Fingerprint(**found) for picture, found in read.items()}


def _fingerprint(picture: Picture) -> Fingerprint | None:
    try:
        return fingerprint(read_image(picture[0], frame=picture[1]).pixels)
    # what cannot be read is told of by those who measure it
    except InputError:
        return None
