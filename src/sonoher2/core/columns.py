"""Names of the columns that several layers share, and of the two sets: each is spelled here and nowhere else."""

from __future__ import annotations

TRAIN, TEST = "train", "test"
"""The two sets of patients."""
TRAIN_OOF = "train_oof"
"""The set of the training patients in tables of scores: each patient was scored by models that never saw them."""
