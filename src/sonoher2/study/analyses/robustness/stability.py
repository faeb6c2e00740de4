"""How far features and results depend on who segmented the lesions.

Masks are changed as another reader might have drawn them (`regions.perturb`). ICC(2,1) of each feature is measured on
training lesions; the frozen model is then asked about the test patients as if their lesions had been segmented
otherwise. Nothing is fitted or chosen here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.config.evaluation import StabilityConfig
from sonoher2.config.images import ImageReading
from sonoher2.core.columns import TEST
from sonoher2.lesions.perturb import Change
from sonoher2.radiomics.icc import icc_2_1
from sonoher2.radiomics.lesion import pool_patients
from sonoher2.signatures.feature_table import RADIOMICS
from sonoher2.signatures.set import SignatureSet
from sonoher2.study.analyses.analysis import Analysis, Scored
from sonoher2.study.analyses.compared import COMPARED, Row, compared_rows
from sonoher2.study.measure.features import measure_lesions
from sonoher2.study.measure.lesion_files import lesion_files
from sonoher2.study.measure.measured import Measured
from sonoher2.study.measure.perturbed_features import PerturbedFeatures, Way, measure_perturbed
from sonoher2.study.results import columns as c
from sonoher2.study.results.predictions import long_predictions
from sonoher2.study.results.schema import Column, declare

ICC_CHANGES: tuple[Change, ...] = ("shift", "grow", "shrink", "contour")
GIVEN = "given"
"""Name of the masks as they are."""


def feature_stability(scored: Scored) -> pd.DataFrame:
    """ICC(2,1) of each radiomics feature between the given mask and changed ones, on training lesions.

    Parameters
    ----------
    scored
        A study of images with `stability`.

    Returns
    -------
    `feature, lesions, icc` (given and all changed masks), `icc_shift, icc_grow, icc_shrink, icc_contour` (given and
    this one), and `icc_second_reader` where at least two of the lesions have a second reader's mask.
    """
    measured, reading, stability = scored.measured, *_settings(scored)
    images = _sample(measured, scored.in_training, stability.patients, scored.study.seed)
    given = measured.features.loc[images.index].to_numpy()
    ways = [Way(change, stability.strength) for change in ICC_CHANGES]
    perturbed = _perturbed(scored, images, ways)
    ratings = np.concatenate([given[:, None], perturbed.features], axis=1)
    table = pd.DataFrame({c.FEATURE: measured.features.columns, c.LESIONS: len(images), c.ICC: icc_2_1(ratings)})
    for position, change in enumerate(ICC_CHANGES, start=1):
        table[f"icc_{change}"] = icc_2_1(ratings[:, [0, position]])
    twice = images[images[c.SECOND_MASK].notna()]
    if len(twice) > 1:
        files = lesion_files(twice, c.SECOND_MASK)
        second, _ = measure_lesions(files, reading, scored.study.radiomics, scored.hashes, scored.context)
        first = measured.features.loc[twice.index].to_numpy()
        table[c.ICC_SECOND_READER] = icc_2_1(np.stack([first, second], axis=1))
    return table


def _settings(scored: Scored) -> tuple[ImageReading, StabilityConfig]:
    return scored.study.reading or ImageReading(), scored.study.stability or StabilityConfig()


def _perturbed(scored: Scored, images: pd.DataFrame, ways: Sequence[Way]) -> PerturbedFeatures:
    study, (reading, _) = scored.study, _settings(scored)
    return measure_perturbed(
        lesion_files(images), ways, reading, study.radiomics, scored.hashes, study.seed, scored.context
    )


def _sample(measured: Measured, in_training: NDArray[np.bool_], most: int, seed: int) -> pd.DataFrame:
    """Images of at most so many training patients."""
    patients = measured.cohort.patients.index[in_training]
    if len(patients) > most:
        patients = patients[np.random.default_rng(seed).choice(len(patients), most, replace=False)]
    images = measured.cohort.images
    return images[images[c.PATIENT_ID].isin(patients)]


def perturbed_results(scored: Scored) -> pd.DataFrame:
    """Results of the frozen model in the test set, had its lesions been segmented otherwise.

    Parameters
    ----------
    scored
        A study of images with `stability`.

    Returns
    -------
    `change` (``given`` first), `strength`, `dice` (mean overlap with the given masks), and the columns of
    `compared.compared_rows`. Only signatures that rest on radiomics, and on no network: a network's view of the lesion
    is not taken anew.
    """
    measured, names = scored.measured, remeasured_signatures(scored.model)
    tested, images = scored.X.index, scored.measured.cohort.images
    images = images[images[c.PATIENT_ID].isin(tested)]
    ways = tested_ways(_settings(scored)[1])
    perturbed = _perturbed(scored, images, ways)
    labels = measured.cohort.patients.loc[tested, c.LABEL]

    def of(table: pd.DataFrame) -> pd.DataFrame:
        return long_predictions(scored.model.predict_proba(table, names), labels, scored.classes, TEST)

    given = of(scored.X)
    how: Row = {c.CHANGE: GIVEN, c.STRENGTH: 0.0, c.DICE: 1.0}
    rows = [how | row for row in compared_rows(given, given, scored.limits, scored.confidence)]
    for position, way in enumerate(ways):
        features = pd.DataFrame(perturbed.features[:, position], images.index, measured.features.columns)
        changed = scored.X.copy()
        group = changed.columns.get_level_values(0) == RADIOMICS
        changed.loc[:, group] = pool_patients(features, images[c.PATIENT_ID]).loc[tested].to_numpy()
        how = {**way._asdict(), c.DICE: float(perturbed.dice[:, position].mean())}
        rows += [how | row for row in compared_rows(given, of(changed), scored.limits, scored.confidence)]
    return pd.DataFrame(rows)


def tested_ways(stability: StabilityConfig) -> list[Way]:
    """Ways in which the test patients' masks are changed: redrawn at each strength, and all too large or too small."""
    redrawn = [Way("redraw", strength) for strength in sorted(stability.strengths)]
    return [*redrawn, Way("grow", stability.strength), Way("shrink", stability.strength)]


def remeasured_signatures(model: SignatureSet) -> list[str]:
    """Signatures that use radiomics and nothing else of the image."""
    names: list[str] = []
    for name, signature in model.fitted_.items():
        own = set(signature.feature_groups) == {RADIOMICS}
        additive = signature.additive and bool(signature.parents)
        if own or (additive and all(parent in names for parent in signature.parents)):
            names.append(name)
    return names


def _wanted(scored: Scored) -> bool:
    return scored.bundle is None and scored.study.reading is not None and scored.study.stability is not None


ICC_SCHEMA = declare(
    "Agreement of the features between outlines",
    *(c.FEATURE, c.LESIONS, c.ICC),
    *(
        Column(f"icc_{change}", "number", f"ICC(2,1) between unchanged and changed masks: {change}")
        for change in ICC_CHANGES
    ),
    c.ICC_SECOND_READER,
    optional=[c.ICC_SECOND_READER],
)
PERTURBED_SCHEMA = declare("Test set under changed outlines", c.CHANGE, c.STRENGTH, c.DICE, *COMPARED, ends=[c.AUC])
FEATURE_ICC = Analysis("feature_icc", "robustness", ICC_SCHEMA, feature_stability, _wanted)
PERTURBED = Analysis(
    "perturbed",
    "robustness",
    PERTURBED_SCHEMA,
    perturbed_results,
    lambda scored: _wanted(scored) and bool(remeasured_signatures(scored.model)),
)
