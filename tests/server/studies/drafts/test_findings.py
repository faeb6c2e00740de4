from __future__ import annotations

import pytest

from sonoher2.cohort.tables.table import place
from sonoher2.core.errors import Finding
from sonoher2.server.studies.drafts.findings import cell_of, finding_view
from sonoher2.server.studies.drafts.schemas import Cell


@pytest.mark.parametrize(
    ("where", "cell"),
    [
        (place("t.csv", [3]), Cell(table="t.csv", rows=[3])),
        (place("登记 1.xlsx", range(2, 12), "年龄"), Cell(table="登记 1.xlsx", column="年龄", rows=[2, 3, 4, 5, 6])),
        ("t.csv, column 'Age, years'", Cell(table="t.csv", column="Age, years")),
        ("t.xlsx, sheet 'A, B', column 'x', row 3", Cell(table="t.xlsx, sheet 'A, B'", column="x", rows=[3])),
        ("clinical.columns.age", Cell(key="clinical.columns.age")),
        ("target", Cell(key="target")),
        ("t.csv", None),
        ("", None),
        ("study.yaml, line 3", None),
    ],
)
def test_the_cells_of_a_finding(where: str, cell: Cell | None) -> None:
    assert cell_of(where) == cell


def test_a_finding_for_the_page() -> None:
    view = finding_view(Finding("warning", "few cases", "split", "Add some", "SIZE001"))
    assert view.model_dump() == {
        "code": "SIZE001", "level": "warning", "message": "few cases", "where": "split", "fix": "Add some",
        "cell": {"table": "", "column": "", "rows": [], "key": "split"},
    }  # fmt: skip
