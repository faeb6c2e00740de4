"""Names of the columns of the table of candidate models."""

from __future__ import annotations

from sonoher2.core.columns import MODEL as MODEL

PARAMETERS, CV_AUC, CV_AUC_SD, CHOSEN = "parameters", "cv_auc", "cv_auc_sd", "chosen"
CANDIDATE_COLUMNS = [MODEL, PARAMETERS, CV_AUC, CV_AUC_SD, CHOSEN]
