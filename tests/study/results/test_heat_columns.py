"""Columns of the heat maps' tables keep the names under which earlier runs wrote them."""

from __future__ import annotations

import subprocess
import sys

from sonoher2.study.results import heat_columns as c


def test_each_share_has_the_area_of_its_own_region() -> None:
    assert {c.LESION: c.LESION_AREA, c.RING: c.RING_AREA} == {"lesion": "lesion_area", "ring": "ring_area"}
    assert (c.ELSEWHERE, c.BY_HEAT, c.BY_CHANCE) == ("elsewhere", "by_heat", "by_chance")
    # the predicted class stands under the name that it had in the first tables
    assert (c.PREDICTED, c.PATIENT_ID) == ("called", "patient_id")


def test_the_names_need_no_code_but_those_of_the_core() -> None:
    """Kept heat maps depend on this file: whatever it imported would be part of their key."""
    code = "import sys, sonoher2.study.results.heat_columns; print(*sorted(n for n in sys.modules if 'sonoher2' in n))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    rooms = {"sonoher2", "sonoher2.core", "sonoher2.core.columns", "sonoher2.study", "sonoher2.study.results"}
    assert set(said) - rooms <= {"sonoher2.study.results.heat_columns", "sonoher2.core.version"}
