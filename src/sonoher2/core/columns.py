"""Names of the columns of all tables, and of the two sets: each is spelled here and nowhere else.

What a column means, and which table holds it, is declared in `study/schema.py`.
"""

from __future__ import annotations

TRAIN, TEST = "train", "test"
"""The two sets of patients."""
TRAIN_OOF = "train_oof"
"""The set of the training patients in tables of scores: each patient was scored by models that never saw them."""


def low(name: str) -> str:
    """Name of the column of the lower end of an interval."""
    return f"{name}_low"


def high(name: str) -> str:
    """Name of the column of the upper end of an interval."""
    return f"{name}_high"


def interval(name: str) -> tuple[str, str, str]:
    """Names of the columns of an estimate and of both ends of its interval."""
    return name, low(name), high(name)


# patients and images
PATIENT_ID = "patient_id"
LABEL = "label"
GROUP = "group"
SET = "set"
SITE = "site"
SCANNER = "scanner"
DATE = "date"
IMAGE = "image"
IMAGES = "images"
FRAME = "frame"
MASK = "mask"
MASKS = "masks"
SECOND_MASK = "second_mask"
MM_PER_PIXEL = "mm_per_pixel"
CROP = "crop"
BRANCH, STATUS, PATIENTS = "branch", "status", "patients"
DERIVED, REPORTED = "derived", "reported"
FOUND, CONFIDENCE, DICE, PROBLEM = "found", "confidence", "dice", "problem"

# signatures and their figures
SIGNATURE = "signature"
OUTCOME = "outcome"
SCORE = "score"
THRESHOLD, RULE = "threshold", "rule"
N, EVENTS = "n", "events"
AUC = "auc"
AUC_BOOT = "auc_boot"
AUPRC = "auprc"
SENSITIVITY, SPECIFICITY, PPV, NPV = "sensitivity", "specificity", "ppv", "npv"
F1, ACCURACY, BRIER = "f1", "accuracy", "brier"
CALIBRATION_SLOPE, CALIBRATION_INTERCEPT = "calibration_slope", "calibration_intercept"
SIGNATURE_A, SIGNATURE_B, AUC_A, AUC_B = "a", "b", "auc_a", "auc_b"
DIFFERENCE, LOW, HIGH = "difference", "low", "high"
Z, P, P_HOLM, P_AUC = "z", "p", "p_holm", "p_auc"
CHI2, DF = "chi2", "df"
SUBGROUP, LEVEL, LEVELS = "subgroup", "level", "levels"
TAU2, I2 = "tau2", "i2"
OLD, NEW, MEASURE = "old", "new", "measure"
CASES, CONTROLS, TOTAL = "cases", "controls", "total"
ASKED, COVERAGE, SINGLE, SEVERAL, EMPTY, RIGHT = "asked", "coverage", "single", "several", "empty", "right"
RULE_OUT, RULE_IN = "rule_out", "rule_in"
RULED_OUT, UNDECIDED, RULED_IN = "ruled_out", "undecided", "ruled_in"
ASKED_SENSITIVITY, ASKED_SPECIFICITY = "asked_sensitivity", "asked_specificity"

# the model
MODEL, PARAMETERS, CV_AUC, CV_AUC_SD, CHOSEN = "model", "parameters", "cv_auc", "cv_auc_sd", "chosen"
STEP, FEATURES_IN, FEATURES_OUT, FALLBACK = "step", "features_in", "features_out", "fallback"
FEATURE, COEFFICIENT = "feature", "coefficient"

# robustness
LESIONS, ICC, ICC_SECOND_READER = "lesions", "icc", "icc_second_reader"
CHANGE, STRENGTH, MOVED, SWITCHED = "change", "strength", "moved", "switched"
READING = "reading"
HARMONISED, SITES, FEATURES, EXPLAINED, DIFFERING = "harmonised", "sites", "features", "explained", "differing"

# a second cohort
PART, COLUMN, TRAINING = "part", "column", "training"
MISSING_TRAINING, MISSING_NEW, DISTANCE = "missing_training", "missing_new", "distance"
SPACE, COLUMNS = "space", "columns"
UPDATE, A, B = "update", "a", "b"
EXPECTED, SLOPE, INTERCEPT = "expected", "slope", "intercept"

# explanations
VARIABLE, POINTS = "variable", "points"
CALLED, LESION, RING, ELSEWHERE = "called", "lesion", "ring", "elsewhere"
LESION_AREA, RING_AREA = "lesion_area", "ring_area"
SHARE, BY_HEAT, BY_CHANCE = "share", "by_heat", "by_chance"
STAGE, CORRELATION = "stage", "correlation"

# checks
CODE, TITLE, RESULT, REMEDY, PAGE = "code", "title", "result", "remedy", "page"
SHORTCUT = "shortcut"

# audits
RUN, RUNS, REAL, MEAN, SE = "run", "runs", "real", "mean", "se"
BEST, GAIN = "best", "gain"
CASE = "case"
