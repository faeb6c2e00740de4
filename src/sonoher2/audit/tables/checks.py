"""The checks of another tool's tables: each looks for one trace and says what it saw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.audit.tables.pool import Pooled
from sonoher2.audit.tables.read import Tables
from sonoher2.audit.tables.rerun import Rerun, features_behind
from sonoher2.audit.tables.scores import arrays, rows_of, scored
from sonoher2.audit.tables.sets import FOLDS
from sonoher2.cohort.patients.identity import alias_keys, view_stems
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.core.errors import InputError
from sonoher2.evaluation.calibration import calibration_slope_intercept
from sonoher2.evaluation.compare.comparison import holm
from sonoher2.evaluation.compare.independent import Scored, larger_auc_p
from sonoher2.evaluation.discrimination import auc
from sonoher2.evaluation.estimate import Estimate
from sonoher2.evaluation.shift.leakage import count_scaled, selection_excess, trace_threshold
from sonoher2.selection.univariate import p_values
from sonoher2.study.checks.folds import LEAK003
from sonoher2.study.checks.leakage import LEAK001, LEAK002, across_sets
from sonoher2.study.checks.outcome import Outcome, p_words
from sonoher2.study.checks.performance import CAL001, LEAK004, LEAK005, intercept_is_off, slope_is_off
from sonoher2.study.results import columns as c

LEVEL = 0.005
"""Of every test that may call something a leak: a clean table raises a false alarm once in some hundred."""
REPEATED = 0.05
"""How often a threshold from training may be the best one in the test set by luck, to be called taken from there."""
FIXED = 0.5
"""A threshold that decides as this one does may have been fixed beforehand."""
NEARLY_ALL = 0.9
"""Share of patients in both sets from which on the tables may be those of a cross-validation."""
FILTERED, FAILING = 20, 0.1
"""Features that must all pass a univariate test on everyone, and share of them that fails in training."""


@dataclass(frozen=True)
class Sign:
    """What one check saw.

    Attributes
    ----------
    looked_for
        In a few words.
    outcome
        Its code and severity; passed, or not checked with the reason.
    evidence
        Figures, also of a check that found nothing.
    """

    looked_for: str
    outcome: Outcome
    evidence: str = ""


def both_sides(tables: Tables) -> Sign:
    """LEAK001: a patient in training and in the test set, under one identifier or with views under two."""
    looked = "the same patient in both sets"
    given = [tables.rows, tables.predictions, tables.labels]
    rows = pd.concat([table for table in given if len(table)], ignore_index=True).dropna(subset=c.SET)
    sets = rows.drop_duplicates([c.PATIENT_ID, c.SET]).set_index(c.PATIENT_ID)[c.SET]
    if set(sets) != {TRAIN, TEST}:
        return Sign(looked, LEAK001.skipped("the tables do not say who is in training and who is tested"))
    keys = pd.Series(alias_keys(sets.index), index=sets.index, dtype=object)
    pairs = across_sets(sets, keys)
    views = view_stems(sets.index, rows.dropna(subset=c.LABEL).set_index(c.PATIENT_ID)[c.LABEL].to_dict())
    torn = across_sets(sets, [views.get(name, (str(name),)) for name in sets.index]) if views else []
    if len(torn) > len(pairs):
        evidence = f"{len(torn)} of {len(set(views.values()))} patients, if the last number of a name is that of a view"
        what = f"{len(torn)} patients have views in both sets, {' and '.join(torn[0])} first"
        return Sign(looked, LEAK001.found("error", what), evidence)
    count = keys.nunique()
    evidence = f"{len(pairs)} patients of {count}"
    if not pairs:
        return Sign(looked, LEAK001.passed(), evidence)
    shown = " and ".join(pairs[0]) if pairs[0][0] != pairs[0][1] else pairs[0][0]
    what = f"{len(pairs)} patients are in both sets, {shown} first"
    if len(pairs) >= NEARLY_ALL * count:
        what += f"; {FOLDS}"
    return Sign(looked, LEAK001.found("error", what), evidence)


def same_rows(tables: Tables) -> Sign:
    """LEAK002: a row of the test set whose features equal those of a training row."""
    looked = "equal rows across the sets"
    varying = tables.features.loc[:, tables.features.nunique() > 1]
    if varying.shape[1] < 5 or set(tables.rows[c.SET].dropna()) != {TRAIN, TEST}:
        return Sign(looked, LEAK002.skipped("it takes five features and both sets"))
    # six digits survive a detour through a spreadsheet
    text = varying.map("{:.6g}".format).agg("|".join, axis=1)
    side = {name: set(text[tables.rows[c.SET] == name]) for name in (TRAIN, TEST)}
    count = len(side[TRAIN] & side[TEST])
    evidence = f"{count} equal rows"
    if not count:
        return Sign(looked, LEAK002.passed(), evidence)
    return Sign(looked, LEAK002.found("error", f"{count} test rows have the features of a training row"), evidence)


def scaled_on_everyone(tables: Tables) -> Sign:
    """LEAK003: features standardised over training and test patients together, or over the test patients alone."""
    looked = "scaling fitted on everyone"
    training = (tables.rows[c.SET] == TRAIN).to_numpy()
    if not training.any() or not (tables.rows[c.SET] == TEST).any():
        return Sign(looked, LEAK003.skipped("the tables do not say who is in training and who is tested"))
    known = tables.rows[c.SET].notna().to_numpy()
    count = count_scaled(tables.features[known], training[known])
    evidence = (
        f"{count.everyone:,} of {count.features:,} features are scaled exactly over all rows, {count.training:,} over"
        f" the training rows, {count.apart:,} over each set by itself"
    )
    few = max(1, 0.05 * count.features)
    if count.apart > few:
        return Sign(looked, LEAK003.found("error", f"the test rows were scaled on themselves: {evidence}"), evidence)
    if count.everyone > few and not count.training:
        return Sign(looked, LEAK003.found("error", f"features were scaled with the test rows: {evidence}"), evidence)
    return Sign(looked, LEAK003.passed(), evidence)


def filtered_on_everyone(data: Pooled) -> Sign:
    """LEAK003: a table that only holds features which pass a univariate test on everyone, though not in training."""
    looked = "a univariate filter fitted on everyone"
    if not data.usable or data.X.shape[1] < FILTERED:
        return Sign(looked, LEAK003.skipped(f"it takes {FILTERED} features and five patients of each class and set"))
    values = data.X.to_numpy()
    for name, test in (("Mann-Whitney", "mann-whitney"), ("t", "t-test")):
        everyone = p_values(values, data.y, test)  # type: ignore[arg-type]
        inside = p_values(values[data.training], data.y[data.training], test)  # type: ignore[arg-type]
        failing = float((inside > 0.05).mean())
        if everyone.max() <= 0.05 and failing >= FAILING:
            evidence = (
                f"all {len(everyone)} features pass a {name} test (p ≤ 0.05) on everyone, {failing:.0%} of them fail it"
                " in training"
            )
            return Sign(
                looked, LEAK003.found("error", f"the table was filtered with the test rows: {evidence}"), evidence
            )
    return Sign(looked, LEAK003.passed(), f"{data.X.shape[1]:,} features, not all of which pass a test on everyone")


def selected_on_everyone(
    data: Pooled, tables: Tables, selected: Iterable[str] | None, again: Rerun | None, seed: int = 0
) -> Sign:
    """LEAK003: selected features that do better in the test set than others that were as good in training.

    Parameters
    ----------
    data, tables
        What was read.
    selected
        Names of the selected features; None: those that the predictions rest on.
    again
        The selection, run again.
    seed
        Of the permutations.

    Raises
    ------
    InputError
        A selected feature is not in the table.
    """
    looked = "features selected on everyone"
    if not data.usable:
        return Sign(looked, LEAK003.skipped("it takes labels, and five patients of each class in each set"))
    chosen, how = _chosen(data, tables, selected)
    if chosen is None:
        return Sign(looked, LEAK003.skipped(how))
    excess = selection_excess(data.X.to_numpy(), data.y, data.training, chosen, seed=seed)
    if excess.features < 3:
        return Sign(looked, LEAK003.skipped("the table holds no unselected features to compare the selected with"))
    evidence = (
        f"{how}; {excess.features} of them can be compared: mean association in the test set {excess.selected:.2f} SD,"
        f" of others as strong in training {excess.others:.2f} SD ({p_words(excess.p, 4)}){_rerun_text(again)}"
    )
    if excess.p <= LEVEL:
        return Sign(looked, LEAK003.found("error", f"the selection knew the test labels: {evidence}"), evidence)
    return Sign(looked, LEAK003.passed(), evidence)


def _chosen(data: Pooled, tables: Tables, selected: Iterable[str] | None) -> tuple[NDArray[np.bool_] | None, str]:
    """Find the selected features and how they are known; None and why they are not."""
    if selected is not None:
        names = list(selected)
        absent = [name for name in names if name not in tables.features]
        if absent:
            raise InputError(
                f"{len(absent)} selected features are not in the table, {absent[0]} first",
                where="the table of selected features",
                fix=(
                    "Give the table of all features that they were selected from; a column named like a label, a set, a"
                    " fold, a score or an identifier is no feature"
                ),
            )
        chosen = data.X.columns.isin(names)
        return np.asarray(chosen), f"{int(chosen.sum())} features were selected"
    behind = [
        features_behind(data, rows.groupby(c.PATIENT_ID)[c.SCORE].mean())
        for _, rows in tables.predictions.groupby(c.MODEL, sort=False)
    ]
    if not behind:
        return None, "neither predictions nor the selected features were given"
    chosen, share = max(behind, key=lambda pair: pair[1])
    return chosen, f"the scores rest on {int(chosen.sum())} features (R² {share:.2f})"


def _rerun_text(again: Rerun | None) -> str:
    if again is None:
        return ""
    return (
        f". Run again here, selection in training reaches a test AUC of {again.in_fold:.2f}, selection on everyone"
        f" {again.on_all:.2f}"
    )


def tested_above_training(tables: Tables, again: Rerun | None) -> Sign:
    """LEAK005: a test AUC above the out-of-fold AUC of the training patients.

    The tool's own out-of-fold scores decide where there are any; otherwise those of the selection run again, which
    may be of a weaker model, so that the finding is a warning.

    Parameters
    ----------
    tables
        What was read.
    again
        The selection, run again.
    """
    looked = "a test AUC above that out of fold"
    rows = []
    for model in tables.models:
        test, own = scored(tables, model, TEST), scored(tables, model, TRAIN)
        own = own[own[c.OUT_OF_FOLD].astype(bool)]
        training = arrays(own) if len(own) else None if again is None else (again.training, again.scores)
        if len(test) and training is not None:
            rows.append({c.MODEL: model, "own": len(own) > 0, **_difference(arrays(test), training)})
    table = pd.DataFrame(rows)
    if table.empty:
        return Sign(looked, LEAK005.skipped("it takes test predictions, and features or out-of-fold predictions"))
    if table[c.P].isna().all():
        return Sign(looked, LEAK005.skipped("a set of one class, or two AUCs of 1, cannot be compared"))
    table = table.dropna(subset=c.P).assign(**{c.P_HOLM: lambda frame: holm(frame[c.P])})
    row = table.sort_values(c.P).iloc[0]
    whose = "out of fold in training" if row["own"] else "out of fold, run again here on its features"
    p = p_words(row[c.P_HOLM], 4)
    evidence = f"{row[c.MODEL]}: test AUC {row[c.TEST]:.2f}, {whose} {row[c.TRAINING]:.2f} ({p})"
    if row[c.P_HOLM] > LEVEL:
        return Sign(looked, LEAK005.passed(), evidence)
    return Sign(looked, LEAK005.found("error" if row["own"] else "warning", evidence), evidence)


def _difference(test: Scored, training: Scored) -> dict[str, float]:
    """Both AUCs, and the one-sided p value that the first is larger."""
    return {c.TEST: auc(*test), c.TRAINING: auc(*training), c.P: larger_auc_p(test, training)}


def threshold_from_test(tables: Tables, threshold: float | None, seed: int = 0) -> Sign:
    """LEAK004: a threshold that is the best one of the test set and does not follow from training.

    Parameters
    ----------
    tables
        What was read; the decisions in `call` give the threshold where it is not told.
    threshold
        The reported threshold.
    seed
        Of the bootstrap.
    """
    looked = "a threshold from the test set"
    why = "no threshold and no decisions were given"
    signs = []
    for model in tables.models:
        # a threshold was applied to rows, as they are
        test, training = rows_of(tables, model, TEST), rows_of(tables, model, TRAIN)
        own = training[c.OUT_OF_FOLD].astype(bool)
        training = training[own] if own.any() else training
        used = threshold if threshold is not None else _threshold_of_calls(test)
        if used is None:
            continue
        if min(len(set(test[c.LABEL])), len(set(training[c.LABEL]))) < 2:
            why = "it takes cases and controls with predictions in both sets"
            continue
        scores = pd.concat([test[c.SCORE], training[c.SCORE]])
        if not scores.min() <= used <= scores.max():
            why = f"the threshold {used:.3g} is not between the scores ({scores.min():.3g} to {scores.max():.3g})"
            continue
        trace = trace_threshold(arrays(training), arrays(test), used, seed=seed)
        evidence = (
            f"{model}: the threshold {used:.3g} is {'' if trace.best_in_test else 'not '}the best of the test set; one"
            f" from training is so in {trace.chance:.0%} of resampled training sets"
        )
        halved = bool((test[c.SCORE].ge(used) == test[c.SCORE].ge(FIXED)).all())
        taken = trace.best_in_test and not (trace.from_training or halved) and trace.chance <= REPEATED
        signs.append(Sign(looked, LEAK004.found("error", evidence) if taken else LEAK004.passed(), evidence))
    worst = [sign for sign in signs if sign.outcome.finding is not None]
    return (worst or signs or [Sign(looked, LEAK004.skipped(why))])[0]


def _threshold_of_calls(rows: pd.DataFrame) -> float | None:
    """Lowest score that was called positive; None when the decisions do not follow from a threshold."""
    known = rows.dropna(subset=c.DECISION)
    positive, negative = (known.loc[known[c.DECISION] == k, c.SCORE] for k in (1, 0))
    if positive.empty or negative.empty or negative.max() >= positive.min():
        return None
    return float(positive.min())


def calibrated(tables: Tables) -> Sign:
    """CAL001: probabilities of the test patients that are off, with the whole interval."""
    looked = "probabilities that are off"
    texts, off = [], []
    for model in tables.models:
        rows = scored(tables, model, TEST)
        if rows[c.LABEL].nunique() < 2 or not rows[c.SCORE].between(0, 1).all():
            continue
        slope, intercept = calibration_slope_intercept(*arrays(rows))
        text = f"{model}: slope {_interval(slope)}, intercept {_interval(intercept)}"
        texts.append(text)
        off += [text] if slope_is_off(slope) or intercept_is_off(intercept) else []
    if not texts:
        return Sign(looked, CAL001.skipped("it takes probabilities and labels of test patients of both classes"))
    outcome = CAL001.found("warning", "; ".join(off)) if off else CAL001.passed()
    return Sign(looked, outcome, "; ".join(texts))


def _interval(estimate: Estimate) -> str:
    if isnan(estimate.value):
        return "without a finite value, since the scores part the classes"
    return f"{estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"
