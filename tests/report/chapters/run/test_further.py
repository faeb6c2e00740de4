"""Tables without a chapter of their own."""

from __future__ import annotations

import pandas as pd
import pytest

import report_by_hand as by
from sonoher2.report.chapters.run import further
from sonoher2.report.chapters.run.further import further_parts
from sonoher2.study.results.schema import Column, declare

TOY = declare(
    "A toy table",
    Column("name", "text", "who", "Who"),
    Column("rows_in", "count", "how many"),
    Column("score", "number", "how well", digits=3),
    Column("kept", "truth", "whether kept"),
    optional=["kept"],
)
ROWS = pd.DataFrame({"name": ["a", "b"], "rows_in": [1234, 5], "score": [0.12345, float("nan")]})


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(further, "declared", lambda: {"extra.toy": TOY, "performance.other": TOY})


@pytest.mark.usefixtures("toy")
def test_cells_and_caption_are_as_declared() -> None:
    [part] = further_parts(by.view(extra={"toy": ROWS, "other": ROWS}))
    assert (part.name, part.title) == ("toy", "A toy table")
    assert part.caption == "Who: who; Rows in: how many; Score: how well."
    assert part.shown.columns.tolist() == ["Who", "Rows in", "Score"]
    assert part.shown.to_numpy().tolist() == [["a", "1,234", "0.123"], ["b", "5", ""]]
    assert part.data is ROWS
    assert not part.long


@pytest.mark.usefixtures("toy")
def test_more_than_25_rows_scroll() -> None:
    rows = pd.concat([ROWS] * 13, ignore_index=True).assign(kept=True)
    [part] = further_parts(by.view(extra={"toy": rows}))
    assert part.long
    assert part.shown["Kept"].unique().tolist() == ["yes"]
    [part] = further_parts(by.view(extra={"toy": rows.iloc[:25]}))
    assert not part.long


def test_nothing_without_further_analyses() -> None:
    assert list(further_parts(by.view())) == []
