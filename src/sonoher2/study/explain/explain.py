"""Explaining the frozen signatures on the test patients: nomogram points and what adds to the log-odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.reference import Reference, build_reference, model_spaces
from sonoher2.core.files import content_key
from sonoher2.engine import ExecutionContext, Keyed
from sonoher2.explain.feature_shap import FEATURE_SHAP
from sonoher2.signatures.contributions import part_contributions
from sonoher2.signatures.feature_table import CLINICAL
from sonoher2.signatures.protocol import outcome_contrast
from sonoher2.signatures.registry import DEEP_SIGNATURE, RADIOMICS_SIGNATURE, headline
from sonoher2.signatures.set import SignatureSet
from sonoher2.signatures.stacking import with_scores
from sonoher2.study.explain.heat_maps import Explainable, explain_crops
from sonoher2.study.fit.signatures import Fitted
from sonoher2.study.measure.measured import Measured
from sonoher2.study.results import columns as c
from sonoher2.study.results.explanations import Attribution, Explanations

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder


def explain_test_set(of: Explainable, reference: Reference, main: str, context: ExecutionContext) -> Explanations:
    """Explain what the frozen model made of the test patients.

    Parameters
    ----------
    of
        Patients and model.
    reference
        The training patients, whose mean patient all is compared with.
    main
        The study's main signature.
    context
        Where it is computed and kept.
    """
    X = with_scores(of.X, of.probabilities)
    attributions = {**_shap(of, reference, context), **_parts(of, X, reference, main)}
    return Explanations(_points(of, X), attributions, explain_crops(of, context))


def _points(of: Explainable, X: pd.DataFrame) -> pd.DataFrame:
    """Points of every patient on every nomogram."""
    columns = [c.PATIENT_ID, c.LABEL, c.SIGNATURE, c.VARIABLE, c.POINTS]
    tables = []
    for name in of.probabilities:
        points = of.model.fitted_[name].nomogram_points(X)
        if points is not None:
            rows = points.assign(**{c.TOTAL: points.sum(axis=1)}).melt(
                var_name=c.VARIABLE, value_name=c.POINTS, ignore_index=False
            )
            labels = [of.classes[number] for number in of.labels[rows.index]]
            tables.append(
                rows.assign(**{c.SIGNATURE: name, c.LABEL: labels}).rename_axis(c.PATIENT_ID).reset_index()[columns]
            )
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _outcome(of: Explainable) -> int:
    """Choose the class that attributions are about: the positive of two, the last of more."""
    return len(of.classes) - 1


def _shap(of: Explainable, reference: Reference, context: ExecutionContext) -> dict[str, Attribution]:
    """SHAP values of the radiomic features within their signature; components of an embedding mean nothing."""
    name = RADIOMICS_SIGNATURE
    search = of.model.fitted_[name].feature_model if name in of.probabilities else None
    space = model_spaces(of.model, of.X).get(name)
    if search is None or space is None or not of.model.fitted_[name].has_named_features:
        return {}
    found = context.run(FEATURE_SHAP, space, reference.spaces[name], Keyed(search, of.sha256), _outcome(of))
    return {name: Attribution(found, space)}


def _parts(of: Explainable, X: pd.DataFrame, reference: Reference, main: str) -> dict[str, Attribution]:
    """Add up what clinical columns and signatures of the image bring to the main stacked signature."""
    stacked = [name for name in of.probabilities if of.model.fitted_[name].additive]
    if not stacked:
        return {}
    name = headline(main, stacked)
    centre = reference.spaces[CLINICAL].mean() if CLINICAL in reference.spaces else pd.Series(dtype=np.float64)
    contrast = outcome_contrast(len(of.classes), _outcome(of))
    effects = part_contributions(of.model, name, X, centre, contrast)
    values = pd.DataFrame({part: _value(of, X, str(part)) for part in effects}, index=X.index)
    return {name: Attribution(effects, (values - values.mean()) / values.std().replace(0, np.nan))}


def _value(of: Explainable, X: pd.DataFrame, part: str) -> NDArray[np.float64]:
    """Give a part's own value, for its colour: log-odds of a signature, a number, or nothing of a category."""
    if part in of.probabilities:
        return class_log_odds(of.probabilities[part], _outcome(of))
    column = X[CLINICAL, part]
    return column.to_numpy(np.float64) if pd.api.types.is_numeric_dtype(column) else np.full(len(X), np.nan)


def class_log_odds(probability: NDArray[np.float64], outcome: int) -> NDArray[np.float64]:
    """Log-odds (patients,) of a class against all others, of probabilities (patients, classes)."""
    inside = np.clip(probability[:, outcome], 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1 - inside)))


def explainable_patients(
    model: SignatureSet,
    sha256: str,
    measured: Measured,
    X: pd.DataFrame,
    probabilities: Mapping[str, NDArray[np.float64]],
    thresholds: pd.DataFrame,
) -> Explainable:
    """Lay test patients beside the frozen model that scored them.

    Parameters
    ----------
    model, sha256
        The model, and its hash.
    measured
        Where the patients come from, with the model's networks.
    X
        The patients by (feature group, name).
    probabilities
        By signature, (patients, classes).
    thresholds
        As in `StudyResult`.
    """
    classes, crops = measured.cohort.classes, measured.crops
    frozen = thresholds[thresholds[c.OUTCOME] == classes[-1]].set_index(c.SIGNATURE)[c.THRESHOLD]
    return Explainable(
        model=model,
        networks=_explained(model, measured.networks),
        # `map` lets go of a network before it takes the next one
        sha256=content_key(sha256, *map(attrgetter("sha256"), measured.networks)),
        X=X,
        probabilities=probabilities,
        labels=measured.cohort.patients.loc[X.index, c.LABEL],
        classes=classes,
        thresholds={str(name): float(threshold) for name, threshold in frozen.items()},
        crops=crops if crops.empty else crops[crops[c.PATIENT_ID].isin(X.index)],
    )


def _explained(model: SignatureSet, networks: Sequence[FrozenEncoder]) -> tuple[FrozenEncoder, ...]:
    """Take the network of the Deep signature, the only one that heat maps are drawn of."""
    deep = model.fitted_.get(DEEP_SIGNATURE)
    found = next(filter(lambda network: deep is not None and network.network == deep.network, networks), None)
    return () if found is None else (found,)


def study_reference(measured: Measured, rows: NDArray[np.bool_], fitted: Fitted) -> tuple[Reference, pd.DataFrame]:
    """Take the training patients as the bundle keeps them.

    Parameters
    ----------
    measured
        All patients.
    rows
        (patients,), true for those of the training set.
    fitted
        The signatures, with the out-of-fold scores.

    Returns
    -------
    The reference; and `case, patient_id`, which stays with the study.
    """
    classes, outcomes = measured.cohort.classes, measured.cohort.outcomes
    labels = measured.cohort.patients[c.LABEL][rows].map(dict(enumerate(classes)))
    scores = {name: {classes[k]: found[:, k] for k in outcomes} for name, found in fitted.oof.items()}
    reference, patients = build_reference(fitted.model, measured.feature_table[rows], labels, scores)
    return reference, pd.DataFrame({c.CASE: reference.labels.index, c.PATIENT_ID: patients})
