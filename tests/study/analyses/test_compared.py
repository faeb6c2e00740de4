"""Changed scores of the same patients against the given ones, worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from sonoher2.study.analyses.compared import compared_rows

LABELS = ["yes", "yes", "no", "no"]


def scores(values: list[float]) -> pd.DataFrame:
    names = ["P1", "P2", "P3", "P4"]
    return pd.DataFrame(
        {"patient_id": names, "label": LABELS, "outcome": "yes", "signature": "Radiomics", "score": values}
    )


def row(given: list[float], changed: list[float], limit: float) -> dict[str, float]:
    limits = pd.Series([limit], index=pd.MultiIndex.from_tuples([("Radiomics", "yes")]))
    [found] = compared_rows(scores(given), scores(changed), limits, 0.95)
    return found


def test_a_worse_condition_has_a_negative_difference() -> None:
    found = row([0.9, 0.8, 0.2, 0.1], [0.9, 0.1, 0.8, 0.2], 0.5)
    # of the four pairs two are right
    assert found["auc"] == pytest.approx(0.5)
    assert found["difference"] == pytest.approx(-0.5)
    assert found["low"] < -0.5 < found["high"]
    assert (found["n"], found["events"]) == (4, 2)
    # changes of 0, 0.7, 0.6 and 0.1
    assert found["moved"] == pytest.approx(0.35)


def test_a_better_condition_has_a_positive_difference() -> None:
    found = row([0.9, 0.1, 0.8, 0.2], [0.9, 0.8, 0.2, 0.1], 0.5)
    assert found["difference"] == pytest.approx(0.5)


def test_scores_of_another_model_have_a_threshold_of_their_own() -> None:
    index = pd.MultiIndex.from_tuples([("Radiomics", "yes")])
    given, changed = scores([0.4, 0.35, 0.1, 0.32]), scores([0.9, 0.8, 0.2, 0.1])
    [found] = compared_rows(given, changed, pd.Series([0.5], index), 0.95, pd.Series([0.33], index))
    # at 0.33 the first two are above; at the threshold of the changed scores nobody would be
    assert found["switched"] == 0
    [found] = compared_rows(given, changed, pd.Series([0.5], index), 0.95, pd.Series([0.3], index))
    assert found["switched"] == 0.25


def test_a_score_at_the_threshold_is_on_its_upper_side() -> None:
    # the second patient leaves the threshold downwards, the third comes to it from below
    assert row([0.9, 0.8, 0.2, 0.1], [0.9, 0.1, 0.8, 0.2], 0.8)["switched"] == 0.5
    assert row([0.9, 0.8, 0.2, 0.1], [0.9, 0.8, 0.2, 0.1], 0.8)["switched"] == 0
