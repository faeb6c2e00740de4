"""Names of the columns of a cohort's tables; those of HER2 results are spelled here and nowhere else."""

from __future__ import annotations

from sonoher2.core.columns import *  # noqa: F403

LESION_ID, VIEW = "lesion_id", "view"
COLUMN, ROLE, SPELLING, CELLS, ROWS = "column", "role", "spelling", "cells", "rows"
IHC, ISH, RATIO, COPIES = "ihc", "ish", "ratio", "copies"
STATUS, BRANCH, DERIVED, REPORTED = "status", "branch", "derived", "reported"
