"""Reclassification: from the smaller signature to the larger one."""

from __future__ import annotations

import pandas as pd

import report_by_hand as by
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.chapters.performance.reclassification import reclassification_parts

ROWS = by.with_ends(
    pd.DataFrame(
        [
            (TRAIN_OOF, by.YES, "Clinical", "Clinical+Radiomics", "NRI", 0.1111, 0.2222, -0.1111),
            (TEST, by.YES, "Clinical", "Clinical+Radiomics", "IDI", 0.3333, 0.4444, 0.5555),
        ],
        columns=["set", "outcome", "old", "new", "measure", "total", "cases", "controls"],
    ),
    0.01,
    "total",
    "cases",
    "controls",
)


def test_cells() -> None:
    [part] = reclassification_parts(by.view(added_value=ROWS))
    assert part.shown.columns.tolist() == ["Set", "From", "To", "Measure", "Total", "Cases", "Controls"]
    assert part.shown.to_numpy().tolist() == [
        [
            "Training", "Clinical", "Clinical+Radiomics", "NRI", "0.111 (0.101–0.131)", "0.222 (0.212–0.242)",
            "−0.111 (−0.121 to −0.091)",
        ],
        [
            "Test", "Clinical", "Clinical+Radiomics", "IDI", "0.333 (0.323–0.353)", "0.444 (0.434–0.464)",
            "0.555 (0.545–0.576)",
        ],
    ]  # fmt: skip
    assert part.caption.startswith("Secondary")
    assert part.caption.endswith("90% Wald intervals.")


def test_outcomes_have_a_column_only_where_there_are_several() -> None:
    [part] = reclassification_parts(by.view(by.three_classes(), added_value=ROWS.assign(outcome="low")))
    assert part.shown["Outcome"].tolist() == ["low", "low"]
    assert list(reclassification_parts(by.view())) == []


def test_headings() -> None:
    assert by.headings(reclassification_parts(by.view(added_value=ROWS))) == [
        ("table", "added_value", "Reclassification by nested signatures")
    ]
