"""Radiomics of training lesions under further outlines, so that what is learned hangs less on who drew them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.config.images import ImageReading
from sonoher2.config.study import StudyConfig
from sonoher2.core import columns as c
from sonoher2.engine import ExecutionContext
from sonoher2.lesions.perturb import ANOTHER_READER
from sonoher2.radiomics.lesion import pool_patients
from sonoher2.signatures.feature_table import RADIOMICS, join_feature_groups, mean_over_outlines
from sonoher2.study.measure.features import try_lesions
from sonoher2.study.measure.lesion_files import file_hashes, lesion_files
from sonoher2.study.measure.measured import Measured
from sonoher2.study.measure.perturbed_features import Way, measure_perturbed
from sonoher2.study.measure.segmented import segment_cohort


def with_training_outlines(
    measured: Measured, in_training: NDArray[np.bool_], study: StudyConfig, context: ExecutionContext
) -> Measured:
    """Measure the training patients' lesions under the outlines that the study asks for, and add the means.

    The outlines are made without labels, and each lesion's without the others. Nobody else than training patients is
    measured anew: test patients and new ones are scored by the outline that they come with.

    Parameters
    ----------
    measured
        As from `measure_cohort`.
    in_training
        (patients,), True for a training patient.
    study
        Its `training_outlines`.
    context
        Where it is computed and kept.

    Returns
    -------
    The same, with a feature group of the means over each patient's outlines and images, NaN for other patients; as it
    is when no outline is asked for.
    """
    if not study.training_outlines or study.reading is None:
        return measured
    patients = measured.cohort.patients.index[in_training]
    images = measured.cohort.images
    images = images[images[c.PATIENT_ID].isin(patients)]
    tables = [measured.features.loc[images.index]]
    if "segment" in study.training_outlines:
        tables.append(_segmented(measured, images, study, study.reading, context))
    if "redraw" in study.training_outlines:
        files, ways = lesion_files(images), [Way("redraw", ANOTHER_READER)]
        hashes = file_hashes(images)
        found = measure_perturbed(files, ways, study.reading, study.radiomics, hashes, study.seed, context)
        tables.append(pd.DataFrame(found.features[:, 0], index=images.index, columns=measured.features.columns))
    # outlines under which a feature cannot be measured do not count
    means = pd.concat(tables).groupby(level=0).mean().loc[images.index]
    pooled = pool_patients(means, images[c.PATIENT_ID]).reindex(measured.feature_table.index)
    group = join_feature_groups({mean_over_outlines(RADIOMICS): pooled})
    return replace(measured, feature_table=pd.concat([measured.feature_table, group], axis=1))


def _segmented(
    measured: Measured, images: pd.DataFrame, study: StudyConfig, reading: ImageReading, context: ExecutionContext
) -> pd.DataFrame:
    """Features under the shipped segmenter's outlines, of the images (images, features) that it found a lesion in."""
    patients = measured.cohort.patients.loc[images[c.PATIENT_ID].unique()]
    part = replace(measured.cohort, patients=patients, images=images)
    _, table = segment_cohort(part, study.model_copy(update={"regions": "segment"}), context)
    masks = table.loc[table[c.FOUND], c.MASK]
    outlined = images.loc[masks.index].assign(**{c.MASKS: [(mask,) for mask in masks]})
    found = try_lesions(lesion_files(outlined), reading, study.radiomics, file_hashes(outlined), context)
    return pd.DataFrame(found.features, index=outlined.index, columns=measured.features.columns)
