"""Names of the columns of patients, images and scores, and of the two sets: each is spelled here and nowhere else.

Names of a study's figures are in `study/results/columns.py`; what a column means is declared in
`study/results/schema.py`. Here stands only what measuring and fitting need: this file is part of the code that their
kept values depend on.
"""

from __future__ import annotations

TRAIN, TEST = "train", "test"
"""The two sets of patients."""
TRAIN_OOF = "train_oof"
"""The set of the training patients in tables of scores: each patient was scored by models that never saw them."""

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
ENHANCER = "enhancer"
CROP = "crop"
FOUND, CONFIDENCE, DICE, PROBLEM = "found", "confidence", "dice", "problem"
NETWORK = "network"

SIGNATURE = "signature"
OUTCOME = "outcome"
SCORE = "score"
THRESHOLD, RULE = "threshold", "rule"
PATIENTS, MODEL, DIFFERENCE = "patients", "model", "difference"


def low(name: str) -> str:
    """Name of the column of the lower end of an interval."""
    return f"{name}_low"


def high(name: str) -> str:
    """Name of the column of the upper end of an interval."""
    return f"{name}_high"
