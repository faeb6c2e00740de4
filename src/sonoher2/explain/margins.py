"""The score that is explained: log-odds of a class, from what a classical model sees or from an embedding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.classifiers.candidates import raw_scores
from sonoher2.classifiers.search import ModelSearch
from sonoher2.selection.reduce import PrincipalComponents

Floats = NDArray[np.float64]
Score = Callable[[Floats], Floats]
"""From rows (rows, columns) to scores (rows,)."""

STEP = 0.5
"""Of the finite differences, in standard deviations: exact for linear models, a smoothed slope for trees."""


def class_margin(probability: Floats, outcome: int) -> Floats:
    """Log-odds of a class: its log-probability less the mean of the others'.

    Parameters
    ----------
    probability
        Shape (patients, K).
    outcome
        Position of the class.

    Returns
    -------
    Shape (patients,).
    """
    logs = np.log(np.maximum(probability, 1e-300))
    return np.asarray(logs[:, outcome] - np.delete(logs, outcome, axis=1).mean(axis=1))


def selected_margin(search: ModelSearch, outcome: int) -> Score:
    """Calibrated log-odds of a class from selected, standardised features (patients, selected)."""

    def margin(selected: Floats) -> Floats:
        return class_margin(search.calibrator_.transform(raw_scores(search.model_, selected)), outcome)

    return margin


def of_table(score: Score) -> Callable[[pd.DataFrame], Floats]:
    """Let a score take a table, as `shapley.shap_values` gives it."""
    return lambda table: score(table.to_numpy(np.float64))


def slope(score: Score, at: Floats, deviations: Floats) -> Floats:
    """Gradient (columns,) of a score at one row (columns,), by central differences of `STEP` deviations (columns,)."""
    steps = STEP * deviations
    both = score(np.concatenate([at + np.diag(steps), at - np.diag(steps)]))
    return np.asarray((both[: len(at)] - both[len(at) :]) / (2 * steps))


def embedding_margin(search: ModelSearch, outcome: int) -> Score:
    """Calibrated log-odds of a class from embeddings (rows, width)."""
    margin, components = selected_margin(search, outcome), components_of(search)
    return lambda embeddings: margin(_transformed(components, embeddings))


def embedding_slope(search: ModelSearch, outcome: int) -> Callable[[Floats], Floats]:
    """Gradient of `embedding_margin` at one embedding (width,): along each component, then back through them."""
    margin, components = selected_margin(search, outcome), components_of(search)
    # a component that does not vary in training still has a slope
    deviations = np.maximum(components.deviations_, 1e-6)
    jacobian = components.pca_.components_ / components.scale_ / components.scaler_.scale_

    def of_embedding(embedding: Floats) -> Floats:
        return np.asarray(slope(margin, _transformed(components, embedding[None])[0], deviations) @ jacobian)

    return of_embedding


def _transformed(components: PrincipalComponents, embeddings: Floats) -> Floats:
    names = getattr(components, "feature_names_in_", None)
    return np.asarray(components.transform(pd.DataFrame(embeddings, columns=names)))


def components_of(search: ModelSearch) -> PrincipalComponents:
    """Principal components that a model of embeddings rests on.

    Raises
    ------
    ValueError
        The model rests on something else.
    """
    if not isinstance(search.selection_, PrincipalComponents):
        raise ValueError("the model does not rest on the principal components of an embedding")
    return search.selection_
