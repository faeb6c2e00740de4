"""A checked cohort knows its files, and whether they are still those that were read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sonoher2.core.errors import InputError
from sonoher2.study.measure.checked import Checked, _with_unit
from study_facts import facts


def test_a_table_and_an_image_that_changed_are_noticed(tmp_path: Path) -> None:
    known = facts(3)
    table, image = tmp_path / "t.csv", tmp_path / "i.png"
    hashes = {}
    for path in (table, image):
        path.write_bytes(path.name.encode())
        hashes[str(path)] = hashlib.sha256(path.name.encode()).hexdigest()
    images, tables = {str(image): hashes[str(image)]}, {str(table): hashes[str(table)]}
    checked = Checked(known.config, known.cohort, [], images, pd.DataFrame(), tables)
    checked.require_unchanged()
    for path in (table, image):
        path.write_bytes(b"other")
        with pytest.raises(InputError, match=path.name):
            checked.require_unchanged()
        path.write_bytes(path.name.encode())


@pytest.mark.parametrize(("sizes", "unit"), [([0.1, 0.2, 0.3], "mm"), ([0.1, None, 0.3], "pixel")])
def test_lesions_are_measured_in_mm_where_every_size_is_known(sizes: list[float | None], unit: str) -> None:
    known = facts(3)
    records: Any = [SimpleNamespace(mm_per_pixel=size and (size, size), problem="") for size in sizes]
    study, findings = _with_unit(known.config, known.cohort, records)
    assert study.radiomics.unit.rstrip("s") == unit
    assert bool(findings) == (unit != "mm")


def test_without_images_the_study_stays_as_it_is() -> None:
    known = facts(3, images=False)
    cohort: Any = SimpleNamespace(images=pd.DataFrame({"image": []}))
    assert _with_unit(known.config, cohort, []) == (known.config, [])
