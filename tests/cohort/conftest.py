"""Small studies on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig

CLINICAL = """\
patient_id,age,menopause,ihc,ish,visit,hospital
P1,45,no,0,,2020-01-05,A
P2,51,yes,1+,,2020-02-05,A
P3,62,yes,2+,positive,2020-03-05,B
P4,38,no,3+,,2021-01-05,B
P5,70,yes,2+,negative,2021-02-05,A
P6,55,yes,2+,,2021-03-05,B
"""


@pytest.fixture
def study(tmp_path: Path) -> Callable[..., StudyConfig]:
    """Write a study: tables by file name, then keys that replace those of a small valid study."""

    def write(tables: dict[str, str] | None = None, **keys: object) -> StudyConfig:
        for name, text in {"clinical.csv": CLINICAL, **(tables or {})}.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        values = {
            "clinical": {
                "table": "clinical.csv",
                "columns": {
                    "age": {"kind": "number", "timing": "pre-biopsy"},
                    "menopause": {"kind": "yes/no", "timing": "pre-biopsy"},
                },
            },
            "target": {"ihc": "ihc", "ish": "ish", "rule": "ASCO/CAP 2018"},
            **keys,
        }
        path = tmp_path / "study.yaml"
        path.write_text(yaml.safe_dump(values), encoding="utf-8")
        return load_study(path)

    return write
