"""Names of all columns of a study's tables: each is spelled here, or in the room below that makes it."""

from __future__ import annotations

from sonoher2.classifiers.columns import *  # noqa: F403
from sonoher2.cohort.tables.columns import *  # noqa: F403
from sonoher2.core.columns import *  # noqa: F403
from sonoher2.evaluation.columns import *  # noqa: F403
from sonoher2.selection.columns import *  # noqa: F403
from sonoher2.study.results.heat_columns import *  # noqa: F403


def error(name: str) -> str:
    """Name of the column of a figure's standard error."""
    return f"{name}_se"


# signatures and their figures
EVENTS = "events"
AUC = "auc"
AUC_BOOT = "auc_boot"
AUPRC = "auprc"
SENSITIVITY, SPECIFICITY, PPV, NPV = "sensitivity", "specificity", "ppv", "npv"
F1, MCC, ACCURACY, BALANCED_ACCURACY = "f1", "mcc", "accuracy", "balanced_accuracy"
BRIER, ECE = "brier", "ece"
CALIBRATION_SLOPE, CALIBRATION_INTERCEPT = "calibration_slope", "calibration_intercept"
SIGNATURE_A, SIGNATURE_B, AUC_A, AUC_B = "a", "b", "auc_a", "auc_b"
Z, P, P_HOLM, P_AUC = "z", "p", "p_holm", "p_auc"
CHI2, DF = "chi2", "df"
SUBGROUP, LEVEL, LEVELS = "subgroup", "level", "levels"
TAU2, I2 = "tau2", "i2"
OLD, NEW, MEASURE = "old", "new", "measure"
CASES, CONTROLS, TOTAL = "cases", "controls", "total"
ASKED = "asked"
RULE_OUT, RULE_IN = "rule_out", "rule_in"
RULED_OUT, UNDECIDED, RULED_IN = "ruled_out", "undecided", "ruled_in"
ASKED_SENSITIVITY, ASKED_SPECIFICITY = "asked_sensitivity", "asked_specificity"

# the model
FAMILY = "family"
LEFT_AT, IN_FOLDS, IN_BOOTSTRAPS, REPEATS, KEPT, INDEX = (
    "left_at",
    "in_folds",
    "in_bootstraps",
    "repeats",
    "kept",
    "index",
)
FEATURE, COEFFICIENT = "feature", "coefficient"

# robustness
LESIONS, ICC, ICC_SECOND_READER = "lesions", "icc", "icc_second_reader"
SELECTED = "selected"
CHANGE, STRENGTH, MOVED, SWITCHED = "change", "strength", "moved", "switched"
READING = "reading"
SHIFT, AUC_OTHER = "shift", "auc_other"
HARMONISED, SITES, FEATURES, EXPLAINED, DIFFERING = "harmonised", "sites", "features", "explained", "differing"

# a second cohort
PART, TRAINING = "part", "training"
MISSING_TRAINING, MISSING_NEW, DISTANCE = "missing_training", "missing_new", "distance"
SPACE, COLUMNS = "space", "columns"
UPDATE, A, B = "update", SIGNATURE_A, SIGNATURE_B
EXPECTED, SLOPE, INTERCEPT = "expected", "slope", "intercept"
PREVALENCE, SATURATED, CAUTION = "prevalence", "saturated", "caution"
LABELLED, UNFITTED, WORSE = "labelled", "unfitted", "worse"
TOLD_APART, AT_MOST = "told_apart", "at_most"

# explanations; the predicted class stands under the name that it had in the first tables
VARIABLE, POINTS = "variable", "points"

# checks
CODE, TITLE, RESULT, REMEDY, PAGE = "code", "title", "result", "remedy", "page"
SHORTCUT = "shortcut"

# audits
RUN, RUNS, REAL, MEAN, SE = "run", "runs", "real", "mean", "se"
MEDIAN = "median"
BEST, GAIN = "best", "gain"
CASE = "case"
OUT_OF_FOLD, DECISION = "out_of_fold", "call"
