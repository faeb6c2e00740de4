"""The feature table of one patient: what each group of features says of all images together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sonoher2.core.errors import InputError
from sonoher2.predict.case import Case, CaseImage
from sonoher2.predict.clinical import PATIENT
from sonoher2.radiomics.extract import PixelSizeUnknownError
from sonoher2.radiomics.lesion import pool_patients
from sonoher2.signatures.feature_table import RADIOMICS, SITE, network_feature_groups


def image_features(case: Case) -> dict[str, pd.DataFrame]:
    """Measure a patient's images, each group of features averaged over them, (1, features); empty without images.

    Raises
    ------
    InputError
        An image cannot be read or measured.
    """
    if not case.images:
        return {}
    _require_pixel_sizes(case.images)
    measured = [image.measurement for image in case.images]
    groups = {RADIOMICS: _pooled(pd.DataFrame([one.features for one in measured])), **_network_features(case)}
    if case.bundle.model.harmoniser_ is not None:
        groups[SITE] = pd.DataFrame({SITE: [case.patient.site]}, index=groups[RADIOMICS].index, dtype=object)
    return groups


def _require_pixel_sizes(images: Sequence[CaseImage]) -> None:
    """Measure all images, so that all whose size of a pixel is needed and unknown are named."""
    unknown = []
    for image in images:
        try:
            _ = image.measurement
        except PixelSizeUnknownError:
            unknown.append(image.name)
    if unknown:
        raise InputError(
            "the model measures lesions in mm, and nothing says how large a pixel is",
            where=", ".join(unknown),
            fix="Give the side of a pixel in mm",
            hint="pixel size",
        )


def _network_features(case: Case) -> dict[str, pd.DataFrame]:
    if case.bundle.schema.deep is None:
        return {}
    groups: dict[str, pd.DataFrame] = {}
    for network in case.bundle.networks:
        embedded = network.raw_embedding([image.crop[None] for image in case.images])
        groups |= network_feature_groups(network, _pooled(pd.DataFrame(np.asarray(embedded))))
    return groups


def _pooled(features: pd.DataFrame) -> pd.DataFrame:
    return pool_patients(features, pd.Series(PATIENT, index=features.index))
