"""Which features the selection keeps, where the others leave, and whether it would keep them on other patients.

The selection of the radiomics signature is repeated on the training patients of each outer fold and on draws of all
training patients with replacement. Nothing is chosen by it, and no test patient is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from sonoher2.engine import FRAME, Keyed, Step
from sonoher2.evaluation.selection_stability import nogueira_index
from sonoher2.selection.icc import MIN_SUBJECTS
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.signatures.feature_table import RADIOMICS, SITE, both_readers, first_reader, second_reader
from sonoher2.signatures.registry import RADIOMICS_SIGNATURE
from sonoher2.signatures.set import SignatureSet
from sonoher2.signatures.sites import fit_harmoniser, harmonised
from sonoher2.study.analyses.analysis import Analysis, Scored
from sonoher2.study.fit.scoring import training_set
from sonoher2.study.fit.signatures import estimator_key
from sonoher2.study.fit.training_set import TrainingSet, training_folds
from sonoher2.study.results import columns as c
from sonoher2.study.results.schema import Column, declare

FOLDS, BOOTSTRAPS = "outer folds", "bootstraps"


def draw_patients(groups: NDArray[np.int64], draws: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """Draw groups of patients with replacement, as many as there are.

    Parameters
    ----------
    groups
        (patients,), patients of one group are drawn together.
    draws
        How many draws.
    seed
        Of the draws; more draws begin with the same ones.

    Yields
    ------
    Rows of the drawn patients, repeated as often as they were drawn.
    """
    rng = np.random.default_rng(seed)
    names, member = np.unique(groups, return_inverse=True)
    rows = [np.flatnonzero(member == number) for number in range(len(names))]
    for _ in range(draws):
        yield np.concatenate([rows[number] for number in rng.integers(0, len(names), len(names))])


def can_select(rows: NDArray[np.intp], training: TrainingSet, *, needs_readers: bool) -> bool:
    """Whether a draw holds all classes and, for an ICC filter, enough patients with both readers' masks."""
    if len(np.unique(training.y[rows])) < len(np.unique(training.y)):
        return False
    readers = both_readers(training.X, RADIOMICS, training.X[RADIOMICS].columns) if needs_readers else None
    return readers is None or np.isfinite(readers[rows, 1]).any(axis=1).sum() >= MIN_SUBJECTS


def _select(rows: NDArray[np.intp], training: TrainingSet, signatures: SignatureSet) -> pd.DataFrame:
    """Where each feature leaves when the selection learns from some training patients: `feature, left_at`."""
    X = training.X.iloc[rows]
    if signatures.harmoniser is not None:
        X = harmonised(fit_harmoniser(clone(signatures.harmoniser), X), X)
    features = X[RADIOMICS]
    second = both_readers(X, RADIOMICS, features.columns)
    selection = clone(_selection(signatures)).fit(features, training.y[rows], second=second)
    return pd.DataFrame({c.FEATURE: list(map(str, features.columns)), c.LEFT_AT: list(map(str, selection.left_at_))})


SELECTIONS = Step("selections", _select, FRAME, "Repeating the selection")


def selections(scored: Scored) -> tuple[list[pd.DataFrame], list[pd.DataFrame], list[pd.DataFrame]]:
    """Repeat the selection: on all training patients (one), without each outer fold, and on draws of patients."""
    training = training_set(scored.measured, scored.in_training)
    folds = training_folds(training, scored.study)
    everyone = np.arange(len(training.y))
    without = [np.flatnonzero(folds != fold) for fold in range(folds.max() + 1)]
    groups = [RADIOMICS, first_reader(RADIOMICS), second_reader(RADIOMICS), SITE]
    seen = training.X.loc[:, training.X.columns.get_level_values(0).isin(groups)]
    given = Keyed(TrainingSet(seen, training.y, training.groups), [seen, training.y])
    unfitted = SignatureSet(
        [(RADIOMICS_SIGNATURE, dict(scored.model.signatures)[RADIOMICS_SIGNATURE])], scored.model.harmoniser
    )
    needs_readers = _selection(unfitted).icc is not None
    drawn = [
        rows
        for rows in draw_patients(training.groups, scored.study.selection.bootstraps, scored.study.seed)
        if can_select(rows, training, needs_readers=needs_readers)
    ]
    signatures = Keyed(unfitted, estimator_key(unfitted))
    found = scored.context.map(SELECTIONS, [everyone, *without, *drawn], given, signatures)
    return found[:1], found[1 : 1 + len(without)], found[1 + len(without) :]


def kept_features(scored: Scored) -> pd.DataFrame:
    """Where each feature leaves the final selection, and how often it is kept elsewhere.

    Returns
    -------
    `feature, left_at` (empty: kept), `in_folds` and `in_bootstraps` (shares; the latter missing without draws), the
    features that are kept most often first.
    """
    [final], folds, drawn = selections(scored)
    table = final.assign(**{c.IN_FOLDS: _shares(folds)}).assign(**{c.IN_BOOTSTRAPS: _shares(drawn)})
    table[c.LEFT_AT] = table[c.LEFT_AT].fillna("")
    return table.sort_values([c.IN_BOOTSTRAPS, c.IN_FOLDS], ascending=False, kind="stable", ignore_index=True)


def selection_index(scored: Scored) -> pd.DataFrame:
    """How alike the selections are: `repeats, runs, kept` (features, on average), `index` with its interval."""
    _, folds, drawn = selections(scored)
    rows = []
    for name, tables in ((FOLDS, folds), (BOOTSTRAPS, drawn)):
        if len(tables) > 1:
            kept = _kept(tables)
            index = nogueira_index(kept, scored.confidence)
            rows.append(
                {
                    c.REPEATS: name,
                    c.RUNS: len(tables),
                    c.KEPT: float(kept.sum(axis=1).mean()),
                    c.INDEX: index.value,
                    c.low(c.INDEX): index.low,
                    c.high(c.INDEX): index.high,
                }
            )
    return pd.DataFrame(rows)


def selection_steps(scored: Scored) -> pd.DataFrame:
    """Features before and after each step: `repeats` (final, or without a fold), `step, features_in, features_out`."""
    final, folds, _ = selections(scored)
    rows = []
    for name, table in (("final", final[0]), *((f"without fold {i}", fold) for i, fold in enumerate(folds, start=1))):
        left = len(table)
        at = table[c.LEFT_AT].fillna("")
        for step in _order(scored):
            gone = int((at == step).sum())
            rows.append({c.REPEATS: name, c.STEP: step, c.FEATURES_IN: left, c.FEATURES_OUT: left - gone})
            left -= gone
    return pd.DataFrame(rows)


def _order(scored: Scored) -> list[str]:
    fitted = scored.model.fitted_[RADIOMICS_SIGNATURE].final_selection
    return [] if fitted is None else list(fitted.log_[c.STEP])


def _kept(tables: list[pd.DataFrame]) -> NDArray[np.bool_]:
    return np.array([table[c.LEFT_AT].fillna("").eq("").to_numpy() for table in tables])


def _shares(tables: list[pd.DataFrame]) -> NDArray[np.float64] | float:
    return _kept(tables).mean(axis=0) if tables else float("nan")


def _selection(signatures: SignatureSet) -> SelectionPipeline:
    [(_, signature)] = signatures.signatures
    selection: SelectionPipeline = signature.selection  # type: ignore[attr-defined]
    return selection


def _applies(scored: Scored) -> bool:
    return scored.bundle is None and RADIOMICS_SIGNATURE in dict(scored.model.signatures)


FEATURES = Analysis(
    "kept_features",
    "robustness",
    declare(
        "Features and the step at which they leave",
        c.FEATURE,
        Column(c.LEFT_AT, "text", "step of the final selection at which the feature leaves; empty for one that stays"),
        Column(c.IN_FOLDS, "number", "share of the outer folds whose selection keeps it"),
        Column(c.IN_BOOTSTRAPS, "number", "share of the bootstraps whose selection keeps it"),
    ),
    kept_features,
    _applies,
)
STEPS = Analysis(
    "selection_steps",
    "robustness",
    declare(
        "Selection of features, step by step",
        Column(c.REPEATS, "text", "final: all training patients; else without the patients of one outer fold"),
        *(c.STEP, c.FEATURES_IN, c.FEATURES_OUT),
    ),
    selection_steps,
    _applies,
)
STABILITY = Analysis(
    "selection_index",
    "robustness",
    declare(
        "Stability of the selection",
        Column(c.REPEATS, "text", "outer folds, or bootstraps of the training patients"),
        Column(c.RUNS, "count", "selections compared"),
        Column(c.KEPT, "number", "features kept, on average"),
        Column(c.INDEX, "number", "Nogueira's index of stability"),
        ends=[c.INDEX],
    ),
    selection_index,
    _applies,
)
