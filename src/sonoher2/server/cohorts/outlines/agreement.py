"""How far readers agree, with intervals: overlap, lesions that one did not see, agreement of measurements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import nan

import numpy as np
from numpy.typing import NDArray

from sonoher2.evaluation.counts import resampling_weights
from sonoher2.evaluation.discrimination import percentile_estimate
from sonoher2.radiomics.icc import icc_2_1
from sonoher2.server.cohorts.outlines.models import (
    Figure,
    ImageAgreement,
    MeasureAgreement,
    PairAgreement,
    ReadImage,
)

Floats = NDArray[np.float64]
REPEATS = 1000
SEED = 0
CONFIDENCE = 0.95


def pair_agreements(agreements: Sequence[ImageAgreement]) -> list[PairAgreement]:
    """Sum up each pair of readers; the interval of the mean Dice draws patients, with all their images.

    Parameters
    ----------
    agreements
        From `image_agreements`.
    """
    by_pair: dict[tuple[str, str], list[ImageAgreement]] = {}
    for one in agreements:
        by_pair.setdefault((one.first, one.second), []).append(one)
    return [_of_pair(*pair, by_pair[pair]) for pair in sorted(by_pair)]


def _of_pair(first: str, second: str, images: Sequence[ImageAgreement]) -> PairAgreement:
    drawn = [one for one in images if not one.missed and not np.isnan(one.dice)]
    values = np.array([one.dice for one in drawn])

    def mean(rows: NDArray[np.intp]) -> Floats:
        return np.array([values[rows].mean()])

    estimate = over_patients(mean, [one.patient for one in drawn])[0] if drawn else Figure(nan, nan, nan)
    return PairAgreement(
        first,
        second,
        len(images),
        len(drawn),
        estimate,
        float(np.median(values)) if drawn else nan,
        float(values.min()) if drawn else nan,
        sum(one.missed == first for one in images),
        sum(one.missed == second for one in images),
        sum(bool(np.isnan(one.dice)) for one in images),
    )


def measure_agreements(read: Sequence[ReadImage]) -> list[MeasureAgreement]:
    """ICC(2,1) of each measurement: of every pair of readers, and of all of them where there are more than two.

    ICC(2,1) of Shrout and Fleiss: two-way random effects, absolute agreement, one reader (`radiomics.icc`). An image on
    which one of the readers saw no lesion, or which is not measured, does not count. Intervals draw patients, with all
    their images.

    Parameters
    ----------
    read
        As in `image_agreements`.
    """
    measured = {(one.image, one.reader): one.measured for one in read if one.measured}
    patients = {one.image: one.patient for one in read}
    readers = sorted({reader for _, reader in measured})
    groups: list[tuple[str, ...]] = list(combinations(readers, 2))
    groups += [tuple(readers)] if len(readers) > 2 else []
    rows: list[MeasureAgreement] = []
    for group in groups:
        images = [image for image in patients if all((image, reader) in measured for reader in group)]
        if images:
            table = [[measured[image, reader] for reader in group] for image in images]
            rows += _of_group(group, table, [patients[image] for image in images])
    return rows


def _of_group(
    readers: tuple[str, ...], table: Sequence[Sequence[Mapping[str, float]]], patients: Sequence[str]
) -> list[MeasureAgreement]:
    names = [name for name in table[0][0] if all(name in cell for row in table for cell in row)]
    ratings = np.array([[[cell[name] for name in names] for cell in row] for row in table], dtype=np.float64)
    estimates = over_patients(lambda rows: icc_2_1(ratings[rows]), patients)
    several = len(set(patients))
    return [
        MeasureAgreement(name, readers, len(patients), several, icc) for name, icc in zip(names, estimates, strict=True)
    ]


def over_patients(statistic: Callable[[NDArray[np.intp]], Floats], patients: Sequence[str]) -> list[Figure]:
    """Give figures of images with percentile bootstrap intervals, in which patients are drawn.

    Images of one patient are no independent readings: a drawn patient comes with all of them.

    Parameters
    ----------
    statistic
        From positions of images, some of them several times, to the figures, (figures,).
    patients
        Of each image.

    Returns
    -------
    One for each figure; no interval with a single patient, or where most draws do not determine the figure.
    """
    positions = np.arange(len(patients))
    value = statistic(positions)
    names, group = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    if len(names) < 2:
        return [Figure(float(one), nan, nan) for one in value]
    # all patients are of one stratum
    draws = resampling_weights(np.zeros(len(names), dtype=np.int64), REPEATS, SEED)
    samples = np.array([statistic(np.repeat(positions, times[group])) for times in draws])
    return [_interval(float(one), samples[:, i]) for i, one in enumerate(value)]


def _interval(value: float, samples: Floats) -> Figure:
    known = samples[np.isfinite(samples)]
    if not np.isfinite(value) or 2 * len(known) < len(samples):
        return Figure(value, nan, nan)
    estimate = percentile_estimate(value, known, CONFIDENCE)
    return Figure(value, estimate.low, estimate.high)
