"""Updates on a share of a second cohort: learned on some patients, judged on the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.core.errors import InputError, UsageError
from sonoher2.study.analyses.performance.updating import _figures, update_predictions
from sonoher2.study.results.updated import FROZEN, UPDATES


def test_updates_are_judged_on_patients_they_were_not_learned_on(cohort) -> None:
    predictions, patients = cohort
    updated = update_predictions(predictions, patients, 0.3, 0, 0.95)
    assert updated.learned_on == 180
    assert sum(updated.events.values()) == 180
    judged = updated.predictions.groupby("update")["patient_id"].apply(set)
    assert len(judged[FROZEN]) == 420
    assert judged[FROZEN] == judged[UPDATES[0]] == judged[UPDATES[1]]
    frozen = updated.predictions.query("update == @FROZEN").set_index("patient_id")["score"]
    assert frozen.equals(predictions.set_index("patient_id")["score"].loc[frozen.index])


def test_recalibration_mends_slope_and_intercept_and_leaves_the_auc(cohort) -> None:
    figures = update_predictions(*cohort, 0.3, 0, 0.95).figures.set_index("update")
    assert figures["auc"].nunique() == 1
    assert figures.loc[FROZEN, "slope_high"] < 1
    assert figures.loc[FROZEN, "intercept_low"] > 0
    both = figures.loc["intercept and slope"]
    assert abs(both["slope"] - 1) < abs(figures.loc[FROZEN, "slope"] - 1)
    assert abs(both["intercept"]) < abs(figures.loc[FROZEN, "intercept"])
    assert both["brier"] < figures.loc["intercept", "brier"] < figures.loc[FROZEN, "brier"]
    assert abs(both["expected"] - 1) < abs(figures.loc[FROZEN, "expected"] - 1)


def test_labels_of_the_judged_patients_do_not_change_the_update(cohort) -> None:
    predictions, patients = cohort
    first = update_predictions(predictions, patients, 0.3, 0, 0.95)
    judged = first.predictions["patient_id"].unique()
    turned = predictions.copy()
    rows = turned["patient_id"].isin(judged)
    turned.loc[rows, "label"] = turned.loc[rows, "label"].map({"benign": "malignant", "malignant": "benign"})
    again = update_predictions(turned, patients, 0.3, 0, 0.95)
    np.testing.assert_array_equal(first.predictions["score"], again.predictions["score"])


def test_the_draw_follows_the_seed_and_keeps_groups_together(cohort) -> None:
    predictions, patients = cohort
    patients = patients.assign(group=np.arange(600) // 2)
    judged = [
        set(update_predictions(predictions, patients, 0.5, seed, 0.95).predictions["patient_id"]) for seed in (0, 0, 1)
    ]
    assert judged[0] == judged[1] != judged[2]
    assert {f"p{int(name[1:]) ^ 1:03d}" for name in judged[0]} == judged[0]


def test_a_share_that_cannot_be_is_refused(cohort) -> None:
    with pytest.raises(UsageError, match="no share"):
        update_predictions(*cohort, 1.0, 0, 0.95)


def test_patients_of_one_class_teach_nothing(cohort) -> None:
    predictions, patients = cohort
    alone = {patient: patient not in ("p000", "p001") for patient in patients.index}
    labels = pd.Series(alone).map({True: "benign", False: "malignant"})
    few = predictions.assign(label=predictions["patient_id"].map(labels))
    with pytest.raises(InputError, match="of one class"):
        update_predictions(few, patients.assign(label=0), 0.1, 1, 0.95)


@pytest.mark.parametrize("score", [[0.1, 0.9], [0.4, 0.4]])
def test_a_signature_without_a_slope_leaves_the_updates_of_the_others(score: list[float], cohort) -> None:
    predictions, patients = cohort
    apart = predictions.assign(signature="Apart", score=np.where(predictions["label"] == "benign", score[0], score[1]))
    both = update_predictions(pd.concat([predictions, apart], ignore_index=True), patients, 0.3, 0, 0.95)
    alone = update_predictions(predictions, patients, 0.3, 0, 0.95)
    pd.testing.assert_frame_equal(both.figures[:3], alone.figures)
    refused = both.figures.iloc[5]
    assert (refused["signature"], refused["update"]) == ("Apart", "intercept and slope")
    assert refused[["a", "b", "auc", "slope", "brier"]].isna().all()
    made = both.predictions.query("signature == 'Apart'")["update"].unique().tolist()
    assert made == [FROZEN, "intercept"]


def test_a_slope_that_would_turn_the_ranking_round_makes_no_update(cohort) -> None:
    predictions, patients = cohort
    turned = predictions.assign(score=1 - predictions["score"])
    updated = update_predictions(turned, patients, 0.3, 0, 0.95)
    # the intercept alone keeps b at 1 and is made all the same
    assert updated.predictions.groupby("update", sort=False).size().to_dict() == {FROZEN: 420, "intercept": 420}
    rows = updated.figures.set_index("update")
    assert list(rows.index) == [FROZEN, *UPDATES]
    assert rows["b"].tolist()[:2] == [1, 1]
    assert rows.loc[FROZEN, "auc"] == rows.loc["intercept", "auc"] < 0.5
    refused = rows.loc["intercept and slope"]
    assert refused[["a", "b", "auc", "slope", "intercept", "expected", "brier"]].isna().all()
    assert refused[["n", "events"]].tolist() == rows.loc[FROZEN, ["n", "events"]].tolist()
    assert list(updated.figures)[:7] == ["signature", "outcome", "update", "a", "b", "n", "events"]


def test_figures_of_an_update_by_hand() -> None:
    """Two cases at 0.8 and 0.3, three controls at 0.5, 0.2 and 0.1: five of six pairs are right."""
    part = pd.DataFrame(
        {"label": ["yes", "no", "yes", "no", "no"], "score": [0.8, 0.5, 0.3, 0.2, 0.1]},
    ).assign(outcome="yes", signature="Radiomics", update="intercept")
    found = _figures(part, (0.25, 1.5), 0.95)
    assert [found[name] for name in ("signature", "outcome", "update", "a", "b", "n", "events")] == [
        *("Radiomics", "yes", "intercept", 0.25, 1.5, 5, 2)
    ]
    # 1.9 cases are expected where two were seen
    assert found["expected"] == pytest.approx(0.95)
    assert found["auc"] == pytest.approx(5 / 6)
    # (0.2² + 0.7² + 0.5² + 0.2² + 0.1²) / 5
    assert found["brier"] == pytest.approx(0.83 / 5)
    assert found["auc_low"] < found["auc"] < found["auc_high"]
    assert found["slope_low"] < found["slope"] < found["slope_high"]
    # the mean prediction is 0.38 and the share of cases 0.40: a little has to be added
    assert 0 < found["intercept"] < 0.2


def test_the_frozen_row_is_first_and_unchanged(cohort) -> None:
    figures = update_predictions(*cohort, 0.3, 0, 0.95).figures
    assert figures["update"].tolist() == [FROZEN, *UPDATES]
    assert figures.loc[0, ["a", "b"]].tolist() == [0, 1]
    # the first update moves the intercept alone, and upwards, since the frozen probabilities are too low
    assert figures.loc[1, "b"] == 1
    assert figures.loc[1, "a"] > 0
    assert figures.loc[2, "b"] < 1


@pytest.mark.parametrize("share", [0.0, -0.1, 1.0])
def test_nobody_and_everybody_are_no_share(share: float, cohort) -> None:
    with pytest.raises(UsageError, match="no share"):
        update_predictions(*cohort, share, 0, 0.95)


def test_patients_that_were_learned_on_are_counted_by_class(cohort) -> None:
    predictions, patients = cohort
    updated = update_predictions(predictions, patients, 0.2, 0, 0.95)
    assert updated.share == 0.2
    judged = set(updated.predictions["patient_id"])
    known = predictions[~predictions["patient_id"].isin(judged)]["label"].value_counts().to_dict()
    assert updated.events == known
    assert updated.learned_on == len(patients) - len(judged) == 120
    wide, narrow = (update_predictions(predictions, patients, 0.2, 0, level).figures.iloc[0] for level in (0.95, 0.5))
    for name in ("auc", "slope", "intercept"):
        assert narrow[f"{name}_high"] - narrow[f"{name}_low"] < wide[f"{name}_high"] - wide[f"{name}_low"]
