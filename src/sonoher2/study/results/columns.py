"""Names of all columns of a study's tables: each is spelled here, or in `core/columns.py`, and nowhere else."""

from __future__ import annotations

from sonoher2.core.columns import CONFIDENCE as CONFIDENCE
from sonoher2.core.columns import CROP as CROP
from sonoher2.core.columns import DATE as DATE
from sonoher2.core.columns import DICE as DICE
from sonoher2.core.columns import FOUND as FOUND
from sonoher2.core.columns import FRAME as FRAME
from sonoher2.core.columns import GROUP as GROUP
from sonoher2.core.columns import IMAGE as IMAGE
from sonoher2.core.columns import IMAGES as IMAGES
from sonoher2.core.columns import LABEL as LABEL
from sonoher2.core.columns import MASK as MASK
from sonoher2.core.columns import MASKS as MASKS
from sonoher2.core.columns import MM_PER_PIXEL as MM_PER_PIXEL
from sonoher2.core.columns import OUTCOME as OUTCOME
from sonoher2.core.columns import PATIENT_ID as PATIENT_ID
from sonoher2.core.columns import PROBLEM as PROBLEM
from sonoher2.core.columns import RULE as RULE
from sonoher2.core.columns import SCANNER as SCANNER
from sonoher2.core.columns import SCORE as SCORE
from sonoher2.core.columns import SECOND_MASK as SECOND_MASK
from sonoher2.core.columns import SET as SET
from sonoher2.core.columns import SIGNATURE as SIGNATURE
from sonoher2.core.columns import SITE as SITE
from sonoher2.core.columns import TEST as TEST
from sonoher2.core.columns import THRESHOLD as THRESHOLD
from sonoher2.core.columns import TRAIN as TRAIN
from sonoher2.core.columns import TRAIN_OOF as TRAIN_OOF


def low(name: str) -> str:
    """Name of the column of the lower end of an interval."""
    return f"{name}_low"


def high(name: str) -> str:
    """Name of the column of the upper end of an interval."""
    return f"{name}_high"


# the cohort
BRANCH, STATUS, PATIENTS = "branch", "status", "patients"
DERIVED, REPORTED = "derived", "reported"

# signatures and their figures
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

# explanations; the predicted class stands under the name that it had in the first tables
VARIABLE, POINTS = "variable", "points"
PREDICTED, LESION, RING, ELSEWHERE = "called", "lesion", "ring", "elsewhere"
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
OUT_OF_FOLD, DECISION = "out_of_fold", "call"
