"""Similar scores, nearest cases and distances, against what can be counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors

from sonoher2.bundle.reference import Reference, dump_reference, load_reference
from sonoher2.core.errors import InputError
from sonoher2.predict.reference_cases import (
    NEAREST,
    Distance,
    distance_from_training,
    nearest_cases,
    outside_range,
    similar_scores,
)


@pytest.fixture
def reference() -> Reference:
    rng = np.random.default_rng(0)
    n = 200
    cases = pd.RangeIndex(1, n + 1, name="case")
    score = rng.uniform(0.05, 0.95, n)
    labels = pd.Series(np.where(rng.uniform(size=n) < score, "positive", "negative"), index=cases)
    spaces = {
        "clinical": pd.DataFrame(rng.normal(size=(n, 2)), index=cases, columns=["age", "size"]),
        "Radiomics": pd.DataFrame(rng.normal(size=(n, 8)), index=cases, columns=[f"f{i}" for i in range(8)]),
    }
    return Reference(labels, pd.DataFrame({("Combined", "positive"): score}, index=cases), spaces)


def test_similar_scores_are_the_fifty_nearest(reference: Reference) -> None:
    found = similar_scores(reference, "Combined", "positive", 0.5)
    scores = reference.scores["Combined", "positive"]
    away = (np.log(scores / (1 - scores))).abs().sort_values()
    events = (reference.labels[away.index[:50]] == "positive").sum()
    assert (found.patients, found.events) == (50, events)
    assert found.low < found.share == events / 50 < found.high
    # a score beyond all others still has neighbours
    assert similar_scores(reference, "Combined", "positive", 1.0).share > 0.8


def test_a_small_study_compares_with_a_quarter_of_its_patients(reference: Reference) -> None:
    few = Reference(reference.labels[:40], reference.scores[:40], {})
    assert similar_scores(few, "Combined", "positive", 0.5).patients == 10


def test_a_training_patient_is_nearest_to_itself(reference: Reference) -> None:
    row = {name: space.iloc[[6]] for name, space in reference.spaces.items()}
    first, second, *_ = nearest_cases(reference, row, "Combined", "positive")
    assert (first.case, first.distance) == (7, 0.0)
    assert (first.label, first.score) == (reference.labels[7], reference.scores["Combined", "positive"][7])
    assert second.distance > 0


def test_spaces_count_alike_whatever_their_width(reference: Reference) -> None:
    row = {name: space.iloc[[0]] for name, space in reference.spaces.items()}
    found = nearest_cases(reference, row, "Combined", "positive")
    squares = [((space - space.iloc[0]) ** 2).mean(axis=1) for space in reference.spaces.values()]
    expected = np.sqrt(sum(squares) / 2).sort_values()
    assert [case.case for case in found] == list(expected.index[:NEAREST])
    np.testing.assert_allclose([case.distance for case in found], expected[:NEAREST])


def test_limit_is_that_of_the_training_patients_among_themselves(reference: Reference) -> None:
    seen = reference.spaces["Radiomics"].to_numpy() / np.sqrt(8)
    distances, _ = NearestNeighbors(n_neighbors=NEAREST + 1).fit(seen).kneighbors(seen)
    expected = np.quantile(distances[:, 1:].mean(axis=1), 0.99)
    near = distance_from_training(reference, "Radiomics", reference.spaces["Radiomics"].iloc[[0]] * 0)
    far = distance_from_training(reference, "Radiomics", reference.spaces["Radiomics"].iloc[[0]] * 0 + 5)
    assert near.limit == pytest.approx(expected)
    assert not near.outside
    assert far.outside
    assert far.distance > 4


def test_new_patients_like_the_training_patients_are_seldom_called_outside(reference: Reference) -> None:
    rng = np.random.default_rng(1)
    fresh = pd.DataFrame(rng.normal(size=(300, 8)), columns=reference.spaces["Radiomics"].columns)
    outside = [distance_from_training(reference, "Radiomics", fresh.iloc[[i]]).outside for i in range(300)]
    assert np.mean(outside) < 0.04


def test_numbers_that_nobody_reached_are_named() -> None:
    ranges = {"age": (30.0, 80.0), "size": (5.0, 60.0), "weeks": (0.0, 9.0), "depth": (1.0, 8.0), "grade": (1.0, 3.0)}
    values = pd.Series({"age": 81.0, "size": 5.0, "weeks": float("nan"), "depth": 8.0, "grade": 0.0})
    assert outside_range(values, ranges) == ["age", "grade"]


def five(score: list[float], labels: str = "nnppp") -> Reference:
    cases = pd.RangeIndex(1, 1 + len(score), name="case")
    named = pd.Series([{"n": "negative", "p": "positive"}[one] for one in labels], index=cases)
    return Reference(named, pd.DataFrame({("Combined", "positive"): score}, index=cases), {})


def test_likeness_of_scores_is_that_of_their_log_odds() -> None:
    # log-odds -6.9, -2.2, 0, 2.2, 6.9: of four or more patients a quarter is compared, here the one nearest
    few = five([0.001, 0.1, 0.5, 0.9, 0.999])
    # as a probability 0.3 is halfway between 0.1 and 0.5; its log-odds -0.85 are nearer to 0
    found = similar_scores(few, "Combined", "positive", 0.3)
    assert (found.signature, found.outcome, found.patients, found.events, found.share) == (
        "Combined", "positive", 1, 1, 1.0,
    )  # fmt: skip
    # Wilson for 1 of 1: 1 / (1 + 1.96²) to 1
    assert (found.low, found.high) == (pytest.approx(0.2065, abs=1e-4), pytest.approx(1.0))
    assert similar_scores(few, "Combined", "positive", 0.2).events == 0
    # a certain score is taken for one in a million, so that 0.999 is still nearer than 0.9
    assert similar_scores(five([0.001, 0.1, 0.5, 0.9, 0.999], "ppppn"), "Combined", "positive", 1.0).events == 0


def test_distances_by_hand() -> None:
    seen = pd.DataFrame({"a": [0.0, 3, 0], "b": [0.0, 4, 2]})
    known = Reference(pd.Series(["x"] * 3), pd.DataFrame(), {"Radiomics": seen})
    # columns are matched by name; root mean squared differences 0, sqrt(12.5) and sqrt(2)
    row = pd.DataFrame({"b": [0.0], "a": [0.0]})
    found = distance_from_training(known, "Radiomics", row)
    assert found.space == "Radiomics"
    assert found.distance == pytest.approx((0 + np.sqrt(12.5) + np.sqrt(2)) / 3)
    # among themselves: 1-2 sqrt(12.5), 1-3 sqrt(2), 2-3 sqrt(6.5); each has two others
    own = np.array([np.sqrt(12.5) + np.sqrt(2), np.sqrt(12.5) + np.sqrt(6.5), np.sqrt(2) + np.sqrt(6.5)]) / 2
    assert found.limit == pytest.approx(np.quantile(own, 0.99))


def test_reference_is_read_as_it_was_written(reference: Reference) -> None:
    read = load_reference(dump_reference(reference))
    pd.testing.assert_series_equal(read.labels, reference.labels, check_names=False, check_dtype=False)
    pd.testing.assert_frame_equal(read.scores, reference.scores, check_names=False)
    for name, space in reference.spaces.items():
        pd.testing.assert_frame_equal(read.spaces[name], space, check_exact=False, rtol=1e-6, check_names=False)


@pytest.mark.parametrize("data", [b"nothing", pd.DataFrame({"a": [1]}).to_parquet()])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="training cases"):
        load_reference(data)


def test_fifty_scores_and_five_cases_are_compared_however_many_there_are() -> None:
    rng = np.random.default_rng(2)
    cases = pd.RangeIndex(1, 401, name="case")
    space = pd.DataFrame({"a": rng.normal(size=400)}, index=cases)
    scores = pd.DataFrame({("Combined", "positive"): rng.uniform(0.1, 0.9, 400)}, index=cases)
    known = Reference(pd.Series("positive", index=cases), scores, {"Radiomics": space})
    found = similar_scores(known, "Combined", "positive", 0.5)
    assert (found.patients, found.confidence) == (50, 0.95)
    row = {"Radiomics": space.iloc[[0]]}
    assert len(nearest_cases(known, row, "Combined", "positive")) == 5
    away = np.sort(np.abs(space["a"] - space["a"].iloc[0]))
    # the mean of the five nearest, of whom the first is the patient
    assert distance_from_training(known, "Radiomics", row["Radiomics"]).distance == pytest.approx(away[:5].mean())
    two = Reference(pd.Series(["positive"] * 3), scores[:3], {})
    assert similar_scores(two, "Combined", "positive", 0.5).patients == 1


def test_a_patient_at_the_limit_is_not_outside() -> None:
    assert not Distance("Radiomics", 1.5, 1.5).outside
    assert Distance("Radiomics", 1.5001, 1.5).outside
