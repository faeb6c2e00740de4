"""How a new cohort differs from the training patients: features, clinical columns, images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.reference import Reference, model_spaces
from sonoher2.bundle.training import (
    LevelSummary,
    NumberSummary,
    TrainingSummary,
    level_summary,
    number_summary,
    summarise_training,
)
from sonoher2.cohort.images.check import ImageRecord
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.engine import FRAME, Keyed, Step
from sonoher2.evaluation.shift.differences import distance_to_quantiles, mean_difference, share_difference
from sonoher2.evaluation.shift.predictability import predict_outcome
from sonoher2.images.pixels.spacing import pixel_side
from sonoher2.signatures.feature_table import CLINICAL, RADIOMICS
from sonoher2.signatures.set import SignatureSet
from sonoher2.study.analyses.analysis import Analysis, Scored, is_validation
from sonoher2.study.measure.measured import Measured
from sonoher2.study.results import columns as c
from sonoher2.study.results.schema import Column, declare

IMAGE_FIGURES = {
    "rows": "image rows (pixels)",
    "columns": "image columns (pixels)",
    "mm_per_pixel": "pixel size (mm)",
    "grey_mean": "mean grey value",
    "grey_sd": "sd of grey values",
    "levels": "grey levels around the lesion",
    "saturated": "share of white pixels around the lesion",
    "blur": "blur around the lesion",
    "diameter": "lesion diameter (pixels)",
}
ROUNDING = 1e-9
"""Share of a mean below which a deviation is what is left of adding equal numbers."""
COLUMNS = (c.PART, c.COLUMN, c.TRAINING, c.NEW, c.MISSING_TRAINING, c.MISSING_NEW, c.DIFFERENCE, c.DISTANCE)


def image_table(records: Sequence[ImageRecord]) -> pd.DataFrame:
    """Figures of acquisition and quality of each image, (images, figures); pixel size NaN where unknown."""
    rows = [{**record.quality, c.MM_PER_PIXEL: pixel_side(record.mm_per_pixel)} for record in records]
    return pd.DataFrame(rows, columns=list(IMAGE_FIGURES), dtype=np.float64)


def training_summary(
    measured: Measured, records: Sequence[ImageRecord], patients: pd.Index, features: Sequence[str]
) -> TrainingSummary:
    """Summarise the training patients for the bundle.

    Parameters
    ----------
    measured, records
        Of the whole study.
    patients
        The training patients.
    features
        Names of the radiomic features that the frozen model rests on.
    """
    X, cohort = measured.feature_table.loc[patients], measured.cohort
    own = cohort.images[c.PATIENT_ID].isin(patients).to_numpy()
    present = set(X.columns.get_level_values(0))
    return summarise_training(
        pd.DataFrame(X[RADIOMICS])[list(features)] if RADIOMICS in present else pd.DataFrame(index=patients),
        pd.DataFrame(X[CLINICAL]) if CLINICAL in present else pd.DataFrame(index=patients),
        cohort.clinical,
        image_table(records)[own] if records else pd.DataFrame(),
    )


def shift_table(
    training: TrainingSummary,
    measured: Measured,
    records: Sequence[ImageRecord],
    columns: dict[str, ClinicalColumn],
) -> pd.DataFrame:
    """Compare a new cohort with the training patients, column by column.

    Parameters
    ----------
    training
        Of the bundle.
    measured, records
        The new cohort.
    columns
        The model's clinical columns that the cohort has.

    Returns
    -------
    `part` (features, clinical or images), `column`, `training` and `new` (mean and sd, or the commonest level with its
    share, as text), shares missing, `difference` (standardised mean difference) and `distance` (Kolmogorov-Smirnov,
    numbers only); the largest difference of each part first.
    """
    X = measured.feature_table
    present = set(X.columns.get_level_values(0))
    rows = []
    if RADIOMICS in present:
        table = pd.DataFrame(X[RADIOMICS])
        rows += [_row("features", name, known, table[name]) for name, known in training.features.items()]
    if CLINICAL in present:
        table = pd.DataFrame(X[CLINICAL])
        known = [name for name in columns if name in table and name in training.clinical]
        rows += [_row("clinical", name, training.clinical[name], table[name]) for name in known]
    if records:
        table = image_table(records)
        rows += [_row("images", name, known, table[name]) for name, known in training.images.items()]
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    size = found[c.DIFFERENCE].abs()
    order = pd.DataFrame({c.PART: found[c.PART].map({"features": 0, "clinical": 1, "images": 2}), "size": -size})
    return found.loc[order.sort_values([c.PART, "size"], kind="stable").index].reset_index(drop=True)


def domain_table(
    reference: Reference | None,
    model: SignatureSet,
    X: pd.DataFrame,
    group: NDArray[np.int64],
    seed: int,
    confidence: float,
) -> pd.DataFrame:
    """How well a cross-validated classifier tells the new patients from the training patients.

    Parameters
    ----------
    reference
        The bundle's training cases; None for a bundle without them.
    model
        The frozen model, through whose eyes both are seen: selected features, encoded clinical columns.
    X
        The new patients by (feature group, name).
    group
        (new patients,): those who share a picture stay in one fold, or each would give the other away.
    seed
        Of the folds.
    confidence
        Level of the interval.

    Returns
    -------
    `space` (the clinical columns, or a signature's features), `training`, `new` (patients), `columns`, `auc`,
    `auc_low`, `auc_high`: 0.5 alike, 1 told apart without fail; and `p` by permutation.

    References
    ----------
    Lopez-Paz D, Oquab M. Revisiting classifier two-sample tests. ICLR 2017.
    """
    if reference is None:
        return pd.DataFrame()
    rows = []
    for space, new in model_spaces(model, X).items():
        if space not in reference.spaces:
            continue
        old = reference.spaces[space]
        both = np.vstack([old[new.columns].to_numpy(), new.to_numpy()])
        domain = np.repeat([0, 1], [len(old), len(new)])
        groups = np.concatenate([np.arange(len(old)), len(old) + group])
        found = predict_outcome(both, domain, groups, seed=seed, permutations=199, confidence=confidence)
        sizes = {c.TRAINING: len(old), c.NEW: len(new), c.COLUMNS: new.shape[1]}
        auc = {c.AUC: found.auc.value, c.low(c.AUC): found.auc.low, c.high(c.AUC): found.auc.high}
        rows.append({c.SPACE: space, **sizes, **auc, c.P: found.p})
    return pd.DataFrame(rows)


def _row(part: str, name: str, known: NumberSummary | LevelSummary, values: pd.Series) -> dict[str, object]:
    if isinstance(known, LevelSummary):
        new = level_summary(values)
        levels = sorted({*known.shares, *new.shares})
        shares = [[summary.shares.get(level, 0.0) for level in levels] for summary in (known, new)]
        nobody = not (known.shares and new.shares)
        difference, distance = np.nan if nobody else share_difference(*shares), np.nan
        texts = [_commonest(known), _commonest(new)]
        missing = new.missing
    else:
        own = number_summary(values)
        nobody = not (known.quantiles and own.quantiles)
        difference = np.nan if nobody else mean_difference(known.mean, known.sd, own.mean, own.sd)
        distance = np.nan if nobody else distance_to_quantiles(values.dropna(), known.quantiles)
        texts = [_mean(known), _mean(own)]
        missing = own.missing
    return dict(zip(COLUMNS, (part, name, *texts, known.missing, missing, difference, distance), strict=True))


def _mean(summary: NumberSummary) -> str:
    if not summary.quantiles:
        return ""
    # equal numbers leave a deviation of rounding alone
    spread = 0.0 if summary.sd <= ROUNDING * abs(summary.mean) else summary.sd
    return f"{summary.mean:.3g} ± {spread:.3g}"


def _commonest(summary: LevelSummary) -> str:
    if not summary.shares:
        return ""
    level = max(summary.shares, key=lambda name: summary.shares[name])
    return f"{level} {summary.shares[level]:.0%}"


def _shift(scored: Scored) -> pd.DataFrame:
    if scored.bundle is None:
        return pd.DataFrame(columns=list(COLUMNS))
    schema, given = scored.bundle.schema, scored.measured.cohort.clinical
    columns = {key: column for key, column in schema.clinical.items() if key in given}
    return shift_table(schema.training, scored.measured, scored.records, columns)


def told_apart(scored: Scored) -> pd.DataFrame:
    """Give `domain_table` of a validation, computed once for all who ask; empty without training cases to compare."""
    if scored.bundle is None or scored.bundle.reference is None:
        return pd.DataFrame()
    reference, model = (Keyed(part, scored.bundle.sha256) for part in (scored.bundle.reference, scored.model))
    group = scored.measured.cohort.patients.loc[scored.X.index, c.GROUP].to_numpy(np.int64)
    return scored.context.run(STEP, reference, model, scored.X, group, scored.study.seed, scored.confidence)


SHIFT_SCHEMA = declare(
    "How the cohort differs",
    *(c.PART, c.COLUMN),
    Column(c.TRAINING, "text", "mean and sd, or the commonest level, in training"),
    Column(c.NEW, "text", "the same in the new cohort"),
    *(c.MISSING_TRAINING, c.MISSING_NEW),
    Column(c.DIFFERENCE, "number", "standardised mean difference"),
    c.DISTANCE,
)
DOMAIN_SCHEMA = declare(
    "Whether the cohorts are told apart",
    c.SPACE,
    Column(c.TRAINING, "count", "training patients"),
    Column(c.NEW, "count", "new patients"),
    *(c.COLUMNS, c.AUC, c.P),
    ends=[c.AUC],
)
STEP = Step("told apart", domain_table, FRAME)
SHIFT = Analysis("shift", "external", SHIFT_SCHEMA, _shift, is_validation)
DOMAIN = Analysis(
    "domain",
    "external",
    DOMAIN_SCHEMA,
    told_apart,
    lambda scored: scored.bundle is not None and scored.bundle.reference is not None,
)
