"""Names of the columns of heat maps' tables: a file of its own, since the kept heat maps depend on it."""

from __future__ import annotations

from sonoher2.core.columns import *  # noqa: F403

PREDICTED, SURENESS = "called", "sureness"
LESION, RING, ELSEWHERE = "lesion", "ring", "elsewhere"
LESION_AREA, RING_AREA = "lesion_area", "ring_area"
REGION, HEAT, AREA = "region", "heat", "area"
SHARE, BY_HEAT, BY_CHANCE = "share", "by_heat", "by_chance"
STAGE, CORRELATION = "stage", "correlation"
