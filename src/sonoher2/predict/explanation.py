"""What one prediction rests on, and how it compares with the training patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.reference import Reference, image_spaces, model_spaces
from sonoher2.bundle.schema import BundleSchema
from sonoher2.explain.margins import of_table, selected_margin
from sonoher2.explain.shapley import shap_values
from sonoher2.predict.findings import PredictionFinding
from sonoher2.predict.reference_cases import (
    Distance,
    Neighbour,
    Similar,
    distance_from_training,
    nearest_cases,
    outside_range,
    similar_scores,
)
from sonoher2.signatures.contributions import part_contributions
from sonoher2.signatures.feature_table import CLINICAL
from sonoher2.signatures.protocol import outcome_contrast
from sonoher2.signatures.registry import headline
from sonoher2.signatures.set import SignatureSet
from sonoher2.signatures.stacking import with_scores

MOST_FEATURES = 8
"""Features of the image that are named, those that weigh most."""
LEAST_SHOWN = 0.005
"""Log-odds below which a feature adds nothing that two digits can show."""


@dataclass(frozen=True)
class Effect:
    """What one thing adds to the log-odds, against the mean training patient.

    Attributes
    ----------
    name
        Clinical column, signature or feature.
    log_odds
        Above 0 it speaks for the outcome.
    group
        ``clinical``, or the signature that the feature belongs to or that is meant itself.
    value
        Of a feature: its z-score among training patients.
    """

    name: str
    log_odds: float
    group: str
    value: float | None = None


@dataclass(frozen=True)
class Points:
    """Points on the nomogram of the explained signature."""

    variable: str
    points: float


@dataclass(frozen=True)
class Explanation:
    """What a prediction rests on.

    Attributes
    ----------
    signature, outcome
        What is explained: the study's main signature, or the one of those that can be given that joins the most; and
        the positive of two classes, of more the most probable.
    parts
        What clinical columns and signatures of the image add; empty for a signature that stacks nothing.
    features
        By signature of the image, what its features add to its own log-odds, the largest first.
    points, total_points
        On the nomogram; empty and None where there is none.
    similar
        By signature and outcome: the observed share among training patients with similar scores.
    neighbours
        The training patients that resemble this one most.
    distances
        How far the image's features lie from the training patients'.
    outside
        Findings; empty when the patient is like those that the model has seen.
    """

    signature: str
    outcome: str
    parts: tuple[Effect, ...]
    features: dict[str, tuple[Effect, ...]]
    points: tuple[Points, ...]
    total_points: float | None
    similar: tuple[Similar, ...]
    neighbours: tuple[Neighbour, ...]
    distances: tuple[Distance, ...]
    outside: tuple[PredictionFinding, ...]

    def groups(self) -> dict[str, float]:
        """Log-odds that clinical data and each signature of the image add in all."""
        names = dict.fromkeys(effect.group for effect in self.parts)
        return {name: sum(effect.log_odds for effect in self.parts if effect.group == name) for name in names}


def explain_patient(
    schema: BundleSchema,
    model: SignatureSet,
    reference: Reference,
    X: pd.DataFrame,
    probabilities: Mapping[str, NDArray[np.float64]],
    given: Sequence[str],
    seen: Mapping[str, pd.DataFrame] | None = None,
) -> Explanation:
    """Explain one patient's prediction.

    Parameters
    ----------
    schema, model, reference
        Of the bundle.
    X
        One patient by (feature group, name).
    probabilities
        By signature, (1, classes).
    given
        Clinical columns that are known.
    seen
        The patient in the spaces of `model_spaces`, where they were computed already.
    """
    name = headline(schema.main, list(probabilities))
    outcome = max(schema.outcomes, key=lambda one: probabilities[name][0, schema.outcomes[one]])
    label = schema.outcomes[outcome]
    leaves = model.image_leaves(name)
    seen = model_spaces(model, X) if seen is None else seen
    spaces = {space: row for space, row in seen.items() if space in reference.spaces}
    columns = _given_columns(spaces.get(CLINICAL), given) if model.uses_clinical(name) else []
    of_image = image_spaces(schema, model, spaces)
    compared = {leaf: of_image[leaf] for leaf in leaves if leaf in of_image}
    distances = tuple(distance_from_training(reference, space, row) for space, row in compared.items())
    compared |= {CLINICAL: spaces[CLINICAL][columns]} if columns else {}
    points = _points(model, name, X, probabilities)
    return Explanation(
        signature=name,
        outcome=outcome,
        parts=_parts(model, name, X, probabilities, reference, label),
        features=_features(model, leaves, reference, spaces, label),
        points=points,
        total_points=sum(point.points for point in points) if points else None,
        similar=tuple(
            similar_scores(reference, signature, one, float(found[0, number]))
            for signature, found in probabilities.items()
            for one, number in schema.outcomes.items()
        ),
        neighbours=nearest_cases(reference, compared, name, outcome) if compared else (),
        distances=distances,
        outside=(*_far_from_training(distances), *_outside_range(schema, model, X, given)),
    )


def _given_columns(clinical: pd.DataFrame | None, given: Sequence[str]) -> list[str]:
    """Name the encoded columns of the variables that are known: what was filled in resembles nobody."""
    names = [] if clinical is None else [str(name) for name in clinical]
    return [name for name in names if name in given or name.partition("=")[0] in given]


def _parts(
    model: SignatureSet,
    name: str,
    X: pd.DataFrame,
    probabilities: Mapping[str, NDArray[np.float64]],
    reference: Reference,
    label: int,
) -> tuple[Effect, ...]:
    if not model.fitted_[name].additive:
        return ()
    centre = reference.spaces[CLINICAL].mean() if CLINICAL in reference.spaces else pd.Series(dtype=np.float64)
    contrast = outcome_contrast(len(model.classes_), label)
    found = part_contributions(model, name, with_scores(X, probabilities), centre, contrast).iloc[0]
    return tuple(
        Effect(str(part), float(value), str(part) if part in probabilities else CLINICAL)
        for part, value in found.items()
    )


def worth_showing(effects: Sequence[Effect]) -> Sequence[Effect]:
    """Effects, the largest first, less those that add nothing; the largest is always among them."""
    return [effect for place, effect in enumerate(effects) if not place or abs(effect.log_odds) >= LEAST_SHOWN]


def _features(
    model: SignatureSet,
    leaves: Sequence[str],
    reference: Reference,
    spaces: Mapping[str, pd.DataFrame],
    label: int,
) -> dict[str, tuple[Effect, ...]]:
    """SHAP values of the features that can be named; components of an embedding cannot."""
    found = {}
    for name in leaves:
        search = model.fitted_[name].feature_model
        if search is None or name not in spaces or not model.fitted_[name].has_named_features:
            continue
        margin, row = selected_margin(search, label), spaces[name]
        values, _ = shap_values(of_table(margin), reference.spaces[name], row)
        ordered = values.iloc[0].sort_values(key=abs, ascending=False, kind="stable")[:MOST_FEATURES]
        found[name] = tuple(
            Effect(str(feature), float(value), name, float(row[feature].iloc[0])) for feature, value in ordered.items()
        )
    return found


def _points(
    model: SignatureSet, name: str, X: pd.DataFrame, probabilities: Mapping[str, NDArray[np.float64]]
) -> tuple[Points, ...]:
    found = model.fitted_[name].nomogram_points(with_scores(X, probabilities))
    return () if found is None else tuple(Points(str(name), float(value)) for name, value in found.iloc[0].items())


def _far_from_training(distances: Sequence[Distance]) -> list[PredictionFinding]:
    return [
        PredictionFinding("FAR_FROM_TRAINING", {"space": found.space, "distance": found.distance, "limit": found.limit})
        for found in distances
        if found.outside
    ]


def _outside_range(
    schema: BundleSchema, model: SignatureSet, X: pd.DataFrame, given: Sequence[str]
) -> list[PredictionFinding]:
    """Clinical values that no training patient had."""
    ranges: dict[str, tuple[float, float]] = {}
    for signature in model.fitted_.values():
        encoder, kinds = signature.clinical_encoder, signature.clinical_kinds
        if encoder is not None:
            ranges |= {name: encoder.range_[name] for name in kinds if kinds[name] == "number" and name in given}
    found = outside_range(X[CLINICAL].iloc[0], ranges) if ranges else []
    return [
        PredictionFinding("OUTSIDE_RANGE", {"column": name, "low": ranges[name][0], "high": ranges[name][1]})
        for name in found
    ]
