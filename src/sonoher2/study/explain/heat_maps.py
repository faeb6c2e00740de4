"""Heat maps of the test patients, and whether they can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.engine import ARRAY, FRAME, ExecutionContext, Keyed, Step
from sonoher2.predict.heat import HeatMap, explained_each, explained_network, heat_maps
from sonoher2.signatures.registry import DEEP_SIGNATURE
from sonoher2.signatures.set import SignatureSet
from sonoher2.study.results import heat_columns as c
from sonoher2.study.results.explanations import HeatCase, HeatFindings

if TYPE_CHECKING:
    from sonoher2.deep.crop import Crop
    from sonoher2.deep.encoder import FrozenEncoder
    from sonoher2.explain.explained import Explained

Value = TypeVar("Value")

CASES = 2
"""Right and wrong ones that are shown of each class."""
CHECKED = 24
"""Test patients on whom heat maps are put to the test."""
DELETION_STEPS = 10
BOOTSTRAP = 2000


@dataclass(frozen=True)
class Explainable:
    """Test patients, and the frozen model that scored them.

    Attributes
    ----------
    model, networks, sha256
        The model, the network of its Deep signature (none without one), and a hash of the model and all its networks.
    X
        Test patients by (feature group, name).
    probabilities
        By signature, (patients, classes); of those signatures that can be given.
    labels
        (patients,), 0 to K-1, same index.
    classes
        Names of the labels.
    thresholds
        Of each signature, for two classes.
    crops
        `patient_id, crop`; empty without networks.
    """

    model: SignatureSet
    networks: tuple[FrozenEncoder, ...]
    sha256: str
    X: pd.DataFrame
    probabilities: Mapping[str, NDArray[np.float64]]
    labels: pd.Series
    classes: tuple[str, ...]
    thresholds: Mapping[str, float]
    crops: pd.DataFrame


def explain_crops(of: Explainable, context: ExecutionContext) -> HeatFindings | None:
    """Draw heat maps of all test patients, test some of them, and keep the surest cases to show.

    Parameters
    ----------
    of
        Patients and model.
    context
        Where it is computed and kept.

    Returns
    -------
    None without deep features.
    """
    if not of.networks or DEEP_SIGNATURE not in of.probabilities or of.crops.empty:
        return None
    table = _judged(of, of.probabilities[DEEP_SIGNATURE])
    paths = of.crops.groupby(c.PATIENT_ID)[c.CROP].agg(list)
    checked = spread_patients(table[c.SCORE], CHECKED)
    named = table[[c.LABEL, c.PREDICTED]].map(lambda number: of.classes[number])
    shares = _each(SHARES, of, table, paths, list(table.index), context)
    return HeatFindings(
        shares=named.rename_axis(c.PATIENT_ID).reset_index().merge(shares, on=c.PATIENT_ID),
        cases=_cases(of, table, paths, context),
        deletion=_each(DELETION, of, table, paths, checked, context),
        randomised=_each(RANDOMISED, of, table, paths, checked, context),
    )


def _judged(of: Explainable, probability: NDArray[np.float64]) -> pd.DataFrame:
    """`label, called` (the predicted class), `score, sureness` by patient; classes as numbers."""
    threshold = of.thresholds.get(DEEP_SIGNATURE, 0.5)
    predicted = predicted_classes(probability, threshold)
    score = probability[:, 1] if len(of.classes) == 2 else probability.max(axis=1)
    sureness = _away(score, threshold) if len(of.classes) == 2 else score
    columns = {c.LABEL: of.labels.to_numpy(), c.PREDICTED: predicted, c.SCORE: score, c.SURENESS: sureness}
    return pd.DataFrame(columns, index=of.X.index)


def predicted_classes(probability: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """Class of each patient (patients,): by the threshold of two, the most probable of more."""
    if probability.shape[1] == 2:
        return (probability[:, 1] >= threshold).astype(np.int64)
    return np.asarray(probability.argmax(axis=1), np.int64)


def _away(score: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Distance from the threshold in log-odds."""
    inside, limit = np.clip(score, 1e-6, 1 - 1e-6), np.clip(threshold, 1e-6, 1 - 1e-6)
    return np.asarray(np.abs(np.log(inside / (1 - inside)) - np.log(limit / (1 - limit))))


def surest_patients(table: pd.DataFrame, each: int) -> list[str]:
    """Choose the patients of whom the model was surest, right ones and wrong ones of each class.

    Parameters
    ----------
    table
        `label, called, sureness`, by patient.
    each
        How many of each class, right and wrong.

    Returns
    -------
    The last class first, right ones before wrong ones, the surest first.
    """
    ordered = table.sort_values(c.SURENESS, ascending=False, kind="stable")
    chosen: list[str] = []
    for label in sorted(table[c.LABEL].unique(), reverse=True):
        own = ordered[ordered[c.LABEL] == label]
        for part in (own[own[c.PREDICTED] == label], own[own[c.PREDICTED] != label]):
            chosen += [str(patient) for patient in part.index[:each]]
    return chosen


def spread_patients(score: pd.Series, count: int) -> list[str]:
    """Choose patients evenly over the range of scores."""
    ordered = score.sort_values(kind="stable").index
    places = np.unique(np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(int))
    return [str(ordered[place]) for place in places]


def _cases(of: Explainable, table: pd.DataFrame, paths: pd.Series, context: ExecutionContext) -> tuple[HeatCase, ...]:
    shown = surest_patients(table, CASES)
    maps = _looked_at(FIRST_MAPS, of, table, paths, shown, context)
    return tuple(
        HeatCase(
            patient,
            of.classes[int(table[c.LABEL][patient])],
            of.classes[int(table[c.PREDICTED][patient])],
            float(table[c.SCORE][patient]),
            HeatMap(grey.astype(np.uint8), lesion.astype(np.bool_), heat),
        )
        for patient, (grey, lesion, heat) in zip(shown, maps, strict=True)
    )


class _Patient(NamedTuple):
    """A patient whose heat maps are looked at: the predicted class, the crops, and a seed for what is drawn."""

    name: str
    predicted: int
    paths: list[Path]
    seed: int


def _crops(paths: list[Path]) -> list[Crop]:
    return [np.load(path, allow_pickle=False) for path in paths]


def _by_class(model: SignatureSet, networks: tuple[FrozenEncoder, ...]) -> dict[int, Explained]:
    """Explain each class that may be predicted."""
    found = {outcome: explained_network(model, networks, outcome) for outcome in range(len(model.classes_))}
    return {outcome: explained for outcome, explained in found.items() if explained is not None}


def _first_maps(
    patients: list[_Patient], model: SignatureSet, networks: tuple[FrozenEncoder, ...]
) -> list[NDArray[np.float64]]:
    """Give picture, lesion and heat of each patient's first image, (3, size, size)."""
    explained = _by_class(model, networks)
    firsts = [heat_maps(explained[patient.predicted], _crops(patient.paths))[0] for patient in patients]
    return [np.stack([first.grey, first.lesion, first.heat]).astype(np.float64) for first in firsts]


def _shares(patients: list[_Patient], model: SignatureSet, networks: tuple[FrozenEncoder, ...]) -> list[pd.DataFrame]:
    """Where the heat of each patient lies: see `HeatFindings.shares`."""
    from sonoher2.explain.deletion import heat_shares

    explained = _by_class(model, networks)
    tables = []
    for patient in patients:
        maps = heat_maps(explained[patient.predicted], _crops(patient.paths))
        found = pd.DataFrame([vars(heat_shares(one.heat, one.lesion)) for one in maps])
        tables.append(pd.DataFrame([{c.PATIENT_ID: patient.name, **found.mean().to_dict()}]))
    return tables


def _deletion(patients: list[_Patient], model: SignatureSet, networks: tuple[FrozenEncoder, ...]) -> list[pd.DataFrame]:
    """Blur each patient's first crop away: see `HeatFindings.deletion`."""
    from sonoher2.explain.deletion import deletion_curve, noise_map
    from sonoher2.explain.gradcam import heat_map

    explained = _by_class(model, networks)
    tables = []
    for patient in patients:
        crops = _crops(patient.paths)
        alone, crop = explained_each(explained[patient.predicted], crops)[0], crops[0]
        noise = noise_map(alone, crop, seed=patient.seed)
        curves = {
            c.BY_HEAT: deletion_curve(alone, crop, heat_map(alone, crop), steps=DELETION_STEPS),
            c.BY_CHANCE: deletion_curve(alone, crop, noise, steps=DELETION_STEPS),
        }
        share = np.arange(DELETION_STEPS + 1) / DELETION_STEPS
        tables.append(pd.DataFrame({c.PATIENT_ID: patient.name, c.SHARE: share, **curves}))
    return tables


def _randomised(
    patients: list[_Patient], model: SignatureSet, networks: tuple[FrozenEncoder, ...]
) -> list[pd.DataFrame]:
    """Compare each patient's first map with those of a randomised network: see `HeatFindings.randomised`."""
    from sonoher2.explain.deletion import randomised_similarity

    explained = _by_class(model, networks)
    tables = []
    for patient in patients:
        crops = _crops(patient.paths)
        alone = explained_each(explained[patient.predicted], crops)[0]
        found = randomised_similarity(alone, crops[0], seed=patient.seed)
        table = {c.PATIENT_ID: patient.name, c.STAGE: range(len(found)), c.CORRELATION: found}
        tables.append(pd.DataFrame(table))
    return tables


# a process builds its networks anew for each chunk
FIRST_MAPS = Step("heat maps", _first_maps, ARRAY, "Drawing heat maps to show", chunk=32, packed=True)
SHARES = Step("heat shares", _shares, FRAME, "Drawing heat maps", chunk=16, packed=True)
DELETION = Step("heat deletion", _deletion, FRAME, "Blurring hot pixels", chunk=12, packed=True)
RANDOMISED = Step("heat randomised", _randomised, FRAME, "Randomising networks", chunk=12, packed=True)


def _each(
    step: Step[pd.DataFrame],
    of: Explainable,
    table: pd.DataFrame,
    paths: pd.Series,
    patients: list[str],
    context: ExecutionContext,
) -> pd.DataFrame:
    found: list[pd.DataFrame] = _looked_at(step, of, table, paths, patients, context)
    return pd.concat(found, ignore_index=True)


def _looked_at(
    step: Step[Value],
    of: Explainable,
    table: pd.DataFrame,
    paths: pd.Series,
    patients: list[str],
    context: ExecutionContext,
) -> list[Value]:
    """Look at the heat maps of some patients."""
    items = []
    for seed, name in enumerate(patients):
        patient = _Patient(name, int(table[c.PREDICTED][name]), list(paths[name]), seed)
        items.append(Keyed(patient, [name, patient.predicted, [path.stem for path in patient.paths], seed]))
    return context.map(step, items, Keyed(of.model, of.sha256), Keyed(of.networks, of.sha256))


def share_summary(shares: pd.DataFrame, confidence: float, seed: int) -> pd.DataFrame:
    """Mean shares of heat and of area over patients, and their difference, with percentile bootstrap intervals.

    Parameters
    ----------
    shares
        As in `HeatFindings`; maps without heat are left out.
    confidence
        Of the intervals.
    seed
        Of the resampling of patients.

    Returns
    -------
    `region, patients, heat, heat_low, heat_high, area, difference, difference_low, difference_high`.
    """
    known = shares.dropna(subset=[c.LESION])
    drawn = np.random.default_rng(seed).integers(len(known), size=(BOOTSTRAP, len(known)))
    ends = [(1 - confidence) / 2, (1 + confidence) / 2]
    area = known[[c.LESION_AREA, c.RING_AREA]].assign(elsewhere_area=1 - known[c.LESION_AREA] - known[c.RING_AREA])
    rows = []
    for name in (c.LESION, c.RING, c.ELSEWHERE):
        heat, own = known[name].to_numpy(np.float64), area[f"{name}_area"].to_numpy(np.float64)
        low, high = np.quantile(heat[drawn].mean(axis=1), ends)
        below, above = np.quantile((heat - own)[drawn].mean(axis=1), ends)
        row = {c.REGION: name, c.PATIENTS: len(known), c.HEAT: heat.mean(), c.low(c.HEAT): low, c.high(c.HEAT): high}
        difference = {c.DIFFERENCE: (heat - own).mean(), c.low(c.DIFFERENCE): below, c.high(c.DIFFERENCE): above}
        rows.append(row | {c.AREA: own.mean()} | difference)
    return pd.DataFrame(rows)
