"""Names of the columns of a cohort's tables; those of HER2 results are spelled here and nowhere else."""

from __future__ import annotations

from sonoher2.core.columns import DATE as DATE
from sonoher2.core.columns import FRAME as FRAME
from sonoher2.core.columns import GROUP as GROUP
from sonoher2.core.columns import IMAGE as IMAGE
from sonoher2.core.columns import LABEL as LABEL
from sonoher2.core.columns import MASK as MASK
from sonoher2.core.columns import MASKS as MASKS
from sonoher2.core.columns import MM_PER_PIXEL as MM_PER_PIXEL
from sonoher2.core.columns import PATIENT_ID as PATIENT_ID
from sonoher2.core.columns import PATIENTS as PATIENTS
from sonoher2.core.columns import SCANNER as SCANNER
from sonoher2.core.columns import SECOND_MASK as SECOND_MASK
from sonoher2.core.columns import SET as SET
from sonoher2.core.columns import SITE as SITE

LESION_ID, VIEW = "lesion_id", "view"
COLUMN, ROLE, SPELLING, CELLS, ROWS = "column", "role", "spelling", "cells", "rows"
IHC, ISH, RATIO, COPIES = "ihc", "ish", "ratio", "copies"
STATUS, BRANCH, DERIVED, REPORTED = "status", "branch", "derived", "reported"
