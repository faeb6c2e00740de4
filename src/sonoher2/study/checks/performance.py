"""LEAK004 to LEAK006, BASE001, BASE002, CAL001 and FAIR001: what the finished tables of a study show."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from math import isnan

import numpy as np
import pandas as pd

from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.evaluation.compare.comparison import delong_test, holm
from sonoher2.evaluation.compare.independent import larger_auc_p
from sonoher2.evaluation.discrimination import auc
from sonoher2.evaluation.estimate import Estimate
from sonoher2.evaluation.thresholds import youden_threshold
from sonoher2.study.checks.finished import NO_TRAINING, Finished, ResultCheck
from sonoher2.study.checks.outcome import Outcome, p_words
from sonoher2.study.checks.shortcuts import ALPHA, TOGETHER, WORTH_A_WARNING, Shortcuts
from sonoher2.study.results import columns as c
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.results.predictions import learn_thresholds

LEVEL = 0.05
"""Of the interaction test, after Holm."""
SLOPE, INTERCEPT = (0.8, 1.25), 0.3
"""Calibration slopes, and distance of the intercept from 0, that are let pass."""
TOO_GOOD, FOR_SURE = 0.98, 0.85
"""Out-of-fold AUC of a signature that is hardly true, and what its lower limit lies above. The best published models of
receptors from ultrasound reach some 0.9; pathologists themselves agree no better than that on HER2."""


def has_both(result: StudyResult) -> bool:
    """Whether there are scores of training and of test patients."""
    return {TRAIN_OOF, TEST} <= set(result.performance.predictions[c.SET])


def threshold_from_training(finished: Finished) -> Outcome:
    """LEAK004: a threshold that the out-of-fold training scores do not give again."""
    result = finished.result
    if not has_both(result):
        return LEAK004.skipped(NO_TRAINING)
    training = result.performance.predictions[result.performance.predictions[c.SET] == TRAIN_OOF]
    keys = [c.SIGNATURE, c.OUTCOME]
    again = learn_thresholds(training, result.about.config.evaluation).set_index(keys)[c.THRESHOLD]
    used = result.performance.thresholds.set_index(keys)[c.THRESHOLD]
    moved = [key for key in used.index if not _decides_alike(result, key, float(used[key]), float(again[key]))]
    if not moved:
        return LEAK004.passed()
    best = [key for key in moved if _best_in_test(result, key, float(used[key]))]
    names = ", ".join(signature for signature, _ in best or moved)
    what = "is the best one of the test set" if best else "does not follow from the training scores"
    return LEAK004.found("error", f"the threshold of {names} {what}", "thresholds")


def _decides_alike(result: StudyResult, key: tuple[str, str], one: float, other: float) -> bool:
    """Whether two thresholds predict the same class of each training patient."""
    _, score = result.performance.scores(key[0], TRAIN_OOF, key[1])
    return bool(np.array_equal(score >= one, score >= other))


def _best_in_test(result: StudyResult, key: tuple[str, str], threshold: float) -> bool:
    y, score = result.performance.scores(key[0], TEST, key[1])
    if not 0 < y.sum() < len(y):
        return False
    return bool(np.array_equal(score >= threshold, score >= youden_threshold(y, score)))


def above_training(finished: Finished) -> Outcome:
    """LEAK005: a test AUC above the out-of-fold AUC by more than chance allows (one-sided, Holm over signatures)."""
    result = finished.result
    if not has_both(result):
        return LEAK005.skipped(NO_TRAINING)
    rows = []
    for (signature, outcome), _ in result.performance.predictions.groupby([c.SIGNATURE, c.OUTCOME], sort=False):
        test, training = (
            result.performance.scores(str(signature), subset, str(outcome)) for subset in (TEST, TRAIN_OOF)
        )
        rows.append((signature, auc(*test) - auc(*training), larger_auc_p(test, training)))
    table = pd.DataFrame(rows, columns=[c.SIGNATURE, c.DIFFERENCE, c.P])
    row = table.assign(**{c.P: holm(table[c.P])}).sort_values(c.P).iloc[0]
    if not row[c.P] < ALPHA:
        return LEAK005.passed()
    p = p_words(row[c.P], 4)
    what = f"the test AUC of {row[c.SIGNATURE]} is {row[c.DIFFERENCE]:.2f} above that of training ({p})"
    return LEAK005.found("error", what, "signatures")


def opened_once(finished: Finished) -> Outcome:
    """LEAK006: the ledger knows of more than one opening of the test set, or of a part of it."""
    result = finished.result
    entries = result.about.record.get("ledger", ())
    if len(entries) <= 1:
        return LEAK006.passed()
    kinds = {"model": "models or settings", "set": "choices of patients", "labels": "versions of the labels",
             "data": "versions of values, pictures or masks"}  # fmt: skip
    counts = {name: len({entry[key] for entry in entries if key in entry}) for key, name in kinds.items()}
    several = ", ".join(f"{count} {name}" for name, count in counts.items() if count > 1)
    what = f"the ledger knows of {len(entries)} openings of the test set, or of some of its patients"
    return LEAK006.found("warning", f"{what} ({several or 'with other filters'})", "ledger.json")


def better_than_shortcuts(finished: Finished) -> Outcome:
    """BASE001: shortcuts predict the label, and the main signature is not shown to do better (DeLong, training).

    Whether they predict it is asked of all shortcuts together, once for each outcome: one test that was chosen
    beforehand, so that its own p value counts. Holm's correction is for the search among families, in the other checks.
    """
    result, shortcuts = finished.result, finished.shortcuts
    if shortcuts.scores.empty or not has_both(result):
        return BASE001.skipped(shortcuts.skipped or NO_TRAINING)
    telling = shortcuts.table[(shortcuts.table[c.P] < ALPHA) & (shortcuts.table[c.AUC] >= WORTH_A_WARNING)]
    for outcome in telling.loc[telling[c.SHORTCUT].isin([TOGETHER, *_only(shortcuts)]), c.OUTCOME]:
        chosen = result.performance.predictions.query(
            "signature == @result.about.main and `set` == @TRAIN_OOF and outcome == @outcome"
        )
        own = chosen.set_index(c.PATIENT_ID)[c.SCORE]
        others = shortcuts.scores[outcome].reindex(own.index)
        test = delong_test(chosen[c.LABEL].eq(outcome).to_numpy(), own.to_numpy(), others.to_numpy())
        if not test.low > 0:
            what = (
                f"for {outcome}, {result.about.main} is not shown to do better than shortcuts alone: difference in"
                f" out-of-fold AUC {test.difference:.2f} ({test.low:.2f} to {test.high:.2f})"
            )
            return BASE001.found("error", what, "shortcuts")
    return BASE001.passed()


def too_good(finished: Finished) -> Outcome:
    """BASE002: signatures whose out-of-fold AUC is 0.98 or more, with its lower limit above 0.85."""
    result = finished.result
    rows = result.performance.signatures.query("`set` == @TRAIN_OOF")
    if rows.empty:
        return BASE002.skipped(NO_TRAINING)
    rows = rows[(rows[c.AUC] >= TOO_GOOD) & (rows[c.low(c.AUC)] > FOR_SURE)]
    if rows.empty:
        return BASE002.passed()
    named = ", ".join(
        f"{row[c.SIGNATURE]} {row[c.AUC]:.3f} ({row[c.low(c.AUC)]:.3f} to {row[c.high(c.AUC)]:.3f})"
        f" for {row[c.OUTCOME]}"
        for row in rows.to_dict("records")
    )
    return BASE002.found("warning", f"the out-of-fold AUC is higher than such data allow: {named}", "signatures")


def _only(shortcuts: Shortcuts) -> list[str]:
    """Name of the family when there is just one."""
    names = list(shortcuts.table[c.SHORTCUT].unique())
    return names if len(names) == 1 else []


def calibrated(finished: Finished) -> Outcome:
    """CAL001: slope or intercept of the main signature in the test set is off, with its whole interval."""
    result = finished.result
    rows = result.performance.signatures.query("signature == @result.about.main and `set` == @TEST").dropna(
        subset=c.CALIBRATION_SLOPE
    )
    if rows.empty:
        return CAL001.skipped("the slope cannot be estimated")
    off = [text for row in rows.to_dict("records") for text in _miscalibrations(row)]
    return (
        CAL001.found("warning", f"of {result.about.main}, {'; '.join(off)}", "signatures") if off else CAL001.passed()
    )


def _miscalibrations(row: Mapping[Hashable, float]) -> list[str]:
    """Say which of slope and intercept are off."""
    texts = []
    for name, is_off in (("slope", slope_is_off), ("intercept", intercept_is_off)):
        estimate = Estimate(*(row[f"calibration_{name}{end}"] for end in ("", "_low", "_high")))
        if is_off(estimate):
            texts.append(f"the calibration {name} is {estimate.value:.2f} ({estimate.low:.2f} to {estimate.high:.2f})")
    return texts


def slope_is_off(slope: Estimate) -> bool:
    """Whether a calibration slope is off, with its whole interval; one that could not be estimated is not."""
    return not (isnan(slope.value) or slope.low <= 1 <= slope.high or SLOPE[0] <= slope.value <= SLOPE[1])


def intercept_is_off(intercept: Estimate) -> bool:
    """Whether a calibration intercept is off, with its whole interval; one that could not be estimated is not."""
    return not intercept.low <= 0 <= intercept.high and abs(intercept.value) > INTERCEPT


def alike_in_subgroups(finished: Finished) -> Outcome:
    """FAIR001: the score of the main signature means different things in the levels of a subgroup, in the test set."""
    result = finished.result
    table = result.performance.interactions
    if table.empty:
        return FAIR001.skipped("no subgroups were named or measured")
    rows = table.query("signature == @result.about.main and `set` == @TEST").dropna(subset=c.P_HOLM)
    if rows.empty:
        return FAIR001.skipped("the subgroups of the test set are too small to compare")
    unequal = rows[rows[c.P_HOLM] < LEVEL]
    if unequal.empty:
        return FAIR001.passed()
    shown = ", ".join(f"{row[c.SUBGROUP]} ({p_words(row[c.P_HOLM])})" for row in unequal.to_dict("records"))
    return FAIR001.found(
        "warning", f"the score of {result.about.main} tells more in some levels than in others: {shown}"
    )


LEAK004 = ResultCheck(
    "LEAK004",
    "Threshold from the test set",
    "Learn the threshold on out-of-fold training scores alone",
    threshold_from_training,
)
LEAK005 = ResultCheck(
    "LEAK005",
    "Test AUC implausibly above training",
    "Look for test patients who were seen in training or chosen by result",
    above_training,
)
LEAK006 = ResultCheck(
    "LEAK006",
    "Test set opened more than once",
    "Confirm the last model on patients that were never used",
    opened_once,
)
BASE001 = ResultCheck(
    "BASE001",
    "Shortcuts do as well as the signature",
    "Do not claim that the images tell the label before this is resolved",
    better_than_shortcuts,
)
BASE002 = ResultCheck(
    "BASE002",
    "A signature that is too good to be true",
    "Look for the label among its columns and pictures before believing it",
    too_good,
)
CAL001 = ResultCheck(
    "CAL001",
    "Probabilities are off",
    "Recalibrate where it is used before reading them as risks",
    calibrated,
)
FAIR001 = ResultCheck(
    "FAIR001",
    "The signature works unequally in subgroups",
    "Report it by subgroup; confirm it on further patients",
    alike_in_subgroups,
)
