"""Names of the columns of heat maps' tables: a file of its own, since the kept heat maps depend on it."""

from __future__ import annotations

from sonoher2.core.columns import CROP as CROP
from sonoher2.core.columns import DIFFERENCE as DIFFERENCE
from sonoher2.core.columns import LABEL as LABEL
from sonoher2.core.columns import PATIENT_ID as PATIENT_ID
from sonoher2.core.columns import PATIENTS as PATIENTS
from sonoher2.core.columns import SCORE as SCORE
from sonoher2.core.columns import high as high
from sonoher2.core.columns import low as low

PREDICTED, SURENESS = "called", "sureness"
LESION, RING, ELSEWHERE = "lesion", "ring", "elsewhere"
LESION_AREA, RING_AREA = "lesion_area", "ring_area"
REGION, HEAT, AREA = "region", "heat", "area"
SHARE, BY_HEAT, BY_CHANCE = "share", "by_heat", "by_chance"
STAGE, CORRELATION = "stage", "correlation"
