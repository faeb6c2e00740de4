"""Changed scores of the same patients against the given ones, worked by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from sonoher2.study.analyses.compared import COMPARED, compared_rows

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


def test_intervals_are_of_the_level_that_is_asked_for_and_columns_in_their_order() -> None:
    limits = pd.Series([0.5], index=pd.MultiIndex.from_tuples([("Radiomics", "yes")]))
    given, changed = scores([0.9, 0.8, 0.2, 0.1]), scores([0.9, 0.1, 0.8, 0.2])
    [wide], [narrow] = (compared_rows(given, changed, limits, level) for level in (0.95, 0.5))
    for low, high in (("auc_low", "auc_high"), ("low", "high")):
        assert narrow[high] - narrow[low] < wide[high] - wide[low]
    assert wide["auc_low"] < wide["auc"] < wide["auc_high"]
    assert list(wide) == [
        "signature", "outcome", "n", "events", "auc", "auc_low", "auc_high", "difference", "low", "high", "moved",
        "switched",
    ]  # fmt: skip
    assert [name for name in wide if name not in ("auc_low", "auc_high")] == list(COMPARED)


def test_each_signature_and_outcome_is_compared_with_itself() -> None:
    """The second signature is turned round, and has a threshold of its own."""
    both = pd.concat([scores([0.9, 0.8, 0.2, 0.1]), scores([0.1, 0.2, 0.8, 0.9]).assign(signature="DLR")])
    index = pd.MultiIndex.from_tuples([("DLR", "yes"), ("Radiomics", "yes")])
    rows = compared_rows(both, pd.concat([both[4:], both[:4]]), pd.Series([0.85, 0.5], index), 0.95)
    assert [(row["signature"], row["auc"]) for row in rows] == [("Radiomics", 1), ("DLR", 0)]
