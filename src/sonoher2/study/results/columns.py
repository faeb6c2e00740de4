"""Names of all columns of a study's tables: each is spelled here, or in the room below that makes it."""

from __future__ import annotations

from sonoher2.classifiers.columns import CHOSEN as CHOSEN
from sonoher2.classifiers.columns import CV_AUC as CV_AUC
from sonoher2.classifiers.columns import CV_AUC_SD as CV_AUC_SD
from sonoher2.classifiers.columns import PARAMETERS as PARAMETERS
from sonoher2.cohort.tables.columns import BRANCH as BRANCH
from sonoher2.cohort.tables.columns import COLUMN as COLUMN
from sonoher2.cohort.tables.columns import DERIVED as DERIVED
from sonoher2.cohort.tables.columns import REPORTED as REPORTED
from sonoher2.cohort.tables.columns import STATUS as STATUS
from sonoher2.core.columns import CONFIDENCE as CONFIDENCE
from sonoher2.core.columns import CROP as CROP
from sonoher2.core.columns import DATE as DATE
from sonoher2.core.columns import DICE as DICE
from sonoher2.core.columns import DIFFERENCE as DIFFERENCE
from sonoher2.core.columns import FOUND as FOUND
from sonoher2.core.columns import FRAME as FRAME
from sonoher2.core.columns import GROUP as GROUP
from sonoher2.core.columns import IMAGE as IMAGE
from sonoher2.core.columns import IMAGES as IMAGES
from sonoher2.core.columns import LABEL as LABEL
from sonoher2.core.columns import MASK as MASK
from sonoher2.core.columns import MASKS as MASKS
from sonoher2.core.columns import MM_PER_PIXEL as MM_PER_PIXEL
from sonoher2.core.columns import MODEL as MODEL
from sonoher2.core.columns import OUTCOME as OUTCOME
from sonoher2.core.columns import PATIENT_ID as PATIENT_ID
from sonoher2.core.columns import PATIENTS as PATIENTS
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
from sonoher2.core.columns import high as high
from sonoher2.core.columns import low as low
from sonoher2.evaluation.columns import COVERAGE as COVERAGE
from sonoher2.evaluation.columns import EMPTY as EMPTY
from sonoher2.evaluation.columns import HIGH as HIGH
from sonoher2.evaluation.columns import LOW as LOW
from sonoher2.evaluation.columns import OBSERVED_SHARE as OBSERVED_SHARE
from sonoher2.evaluation.columns import PREDICTED_SHARE as PREDICTED_SHARE
from sonoher2.evaluation.columns import RIGHT as RIGHT
from sonoher2.evaluation.columns import SEVERAL as SEVERAL
from sonoher2.evaluation.columns import SINGLE as SINGLE
from sonoher2.evaluation.columns import TREAT_ALL as TREAT_ALL
from sonoher2.evaluation.columns import TREAT_NONE as TREAT_NONE
from sonoher2.evaluation.columns import N as N
from sonoher2.selection.columns import FALLBACK as FALLBACK
from sonoher2.selection.columns import FEATURES_IN as FEATURES_IN
from sonoher2.selection.columns import FEATURES_OUT as FEATURES_OUT
from sonoher2.selection.columns import STEP as STEP
from sonoher2.study.results.heat_columns import AREA as AREA
from sonoher2.study.results.heat_columns import BY_CHANCE as BY_CHANCE
from sonoher2.study.results.heat_columns import BY_HEAT as BY_HEAT
from sonoher2.study.results.heat_columns import CORRELATION as CORRELATION
from sonoher2.study.results.heat_columns import ELSEWHERE as ELSEWHERE
from sonoher2.study.results.heat_columns import HEAT as HEAT
from sonoher2.study.results.heat_columns import LESION as LESION
from sonoher2.study.results.heat_columns import LESION_AREA as LESION_AREA
from sonoher2.study.results.heat_columns import PREDICTED as PREDICTED
from sonoher2.study.results.heat_columns import REGION as REGION
from sonoher2.study.results.heat_columns import RING as RING
from sonoher2.study.results.heat_columns import RING_AREA as RING_AREA
from sonoher2.study.results.heat_columns import SHARE as SHARE
from sonoher2.study.results.heat_columns import STAGE as STAGE


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
FEATURE, COEFFICIENT = "feature", "coefficient"

# robustness
LESIONS, ICC, ICC_SECOND_READER = "lesions", "icc", "icc_second_reader"
FAMILY, SELECTED = "family", "selected"
CHANGE, STRENGTH, MOVED, SWITCHED = "change", "strength", "moved", "switched"
READING = "reading"
HARMONISED, SITES, FEATURES, EXPLAINED, DIFFERING = "harmonised", "sites", "features", "explained", "differing"

# a second cohort
PART, TRAINING = "part", "training"
MISSING_TRAINING, MISSING_NEW, DISTANCE = "missing_training", "missing_new", "distance"
SPACE, COLUMNS = "space", "columns"
UPDATE, A, B = "update", SIGNATURE_A, SIGNATURE_B
EXPECTED, SLOPE, INTERCEPT = "expected", "slope", "intercept"

# explanations; the predicted class stands under the name that it had in the first tables
VARIABLE, POINTS = "variable", "points"

# checks
CODE, TITLE, RESULT, REMEDY, PAGE = "code", "title", "result", "remedy", "page"
SHORTCUT = "shortcut"

# audits
RUN, RUNS, REAL, MEAN, SE = "run", "runs", "real", "mean", "se"
BEST, GAIN = "best", "gain"
CASE = "case"
OUT_OF_FOLD, DECISION = "out_of_fold", "call"
