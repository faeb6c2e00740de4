"""Outcomes and scores of rows of predictions."""

from __future__ import annotations

import pandas as pd

from sonoher2.study.results.outcomes import outcome_scores


def test_the_named_class_is_the_event_and_the_order_of_the_rows_stays() -> None:
    rows = pd.DataFrame({"label": ["low", "zero", "positive", "low"], "score": [0.4, 0.3, 0.2, 0.1]})
    y, score = outcome_scores(rows, "low")
    assert y.tolist() == [1, 0, 0, 1]
    assert score.tolist() == [0.4, 0.3, 0.2, 0.1]
    assert outcome_scores(rows, "absent")[0].tolist() == [0, 0, 0, 0]
    assert (y.dtype.kind, score.dtype.kind) == ("i", "f")
