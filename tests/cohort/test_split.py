"""Splits: patients, never images; drawn once; duplicates on one side."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.split import draw_or_reload, load_split, split_patients, split_values
from sonoher2.config.split import DateSplit, GivenSplit, RandomSplit, SiteSplit
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.core.errors import InputError


def patients(labels: list[int], groups: list[int] | None = None, **columns: list[str | None]) -> pd.DataFrame:
    index = pd.Index([f"P{i:03}" for i in range(len(labels))], name="patient_id")
    return pd.DataFrame({"label": labels, "group": groups or list(range(len(labels))), **columns}, index=index)


def test_random_split_keeps_the_share_of_each_class() -> None:
    cohort = patients([0] * 100 + [1] * 50 + [2] * 21)
    sets = split_patients(cohort, RandomSplit(test_share=0.3), seed=1).sets
    assert pd.crosstab(cohort["label"], sets)[TEST].tolist() == [30, 15, 6]


@pytest.mark.parametrize(("share", "in_test"), [(0.01, [1, 1]), (0.99, [1, 4])])
def test_every_class_has_a_patient_on_each_side(share: float, in_test: list[int]) -> None:
    cohort = patients([0, 0, 1, 1, 1, 1, 1])
    sets = split_patients(cohort, RandomSplit(test_share=share), seed=1).sets
    assert pd.crosstab(cohort["label"], sets)[TEST].tolist() == in_test


def test_random_split_depends_on_the_seed_alone() -> None:
    cohort = patients([0, 1] * 50)
    one, same, other = (split_patients(cohort, RandomSplit(), seed=seed) for seed in (1, 1, 2))
    assert one.sha256 == same.sha256 != other.sha256


@settings(max_examples=60, deadline=None)
@given(
    members=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 25)), min_size=12, max_size=60),
    seed=st.integers(0, 1000),
)
def test_groups_are_never_torn_and_shares_are_near(members: list[tuple[int, int]], seed: int) -> None:
    labels = [0, 0, 1, 1, *(label for label, _ in members)]
    # the first four patients are alone, so that both classes can be split
    groups = [100, 101, 102, 103, *(group for _, group in members)]
    cohort = patients(labels, groups)
    split = split_patients(cohort, RandomSplit(test_share=0.3), seed)
    assert (split.sets.groupby(cohort["group"]).nunique() == 1).all()
    assert split.moved == 0
    for label, quota in cohort["label"].value_counts().mul(0.3).items():
        in_test = int((split.sets[cohort["label"] == label] == TEST).sum())
        assert in_test <= np.floor(quota + 0.5) or in_test == 1


def test_with_a_few_duplicates_the_shares_are_exact() -> None:
    groups = list(range(100))
    groups[1], groups[61], groups[62] = 0, 60, 5
    cohort = patients([0] * 60 + [1] * 40, groups)
    for seed in range(20):
        sets = split_patients(cohort, RandomSplit(test_share=0.3), seed).sets
        assert pd.crosstab(cohort["label"], sets)[TEST].tolist() == [18, 12]
        assert (sets.groupby(cohort["group"]).nunique() == 1).all()


def test_groups_get_into_both_sets() -> None:
    cohort = patients([0, 1] * 30, [i // 2 for i in range(60)])
    assert set(split_patients(cohort, RandomSplit(), 0).sets) == {TRAIN, TEST}


def test_date_site_and_given_splits() -> None:
    dates = ["2020-01-01", "2021-06-01", "2021-05-31", "2022-01-01"]
    for split, values in (
        (DateSplit(kind="date", test_from="2021-06-01"), dates),
        (SiteSplit(kind="site", test=["B", "C"]), ["A", "b ", "A", "C"]),
        (GivenSplit(kind="given", column="fold", test=["5"]), ["1", "5.0", "2", "5"]),
    ):
        # a site or date of the images is no matter where the split has a column of its own
        cohort = patients([0, 1, 0, 1], split_by=values, site=["X"] * 4, date=["1999-01-01"] * 4)
        assert split_patients(cohort, split, 0).sets.tolist() == [TRAIN, TEST, TRAIN, TEST]


@pytest.mark.parametrize(
    "split",
    [
        DateSplit(kind="date", test_from="2021-01-01"),
        SiteSplit(kind="site", test=["B"]),
        GivenSplit(kind="given", column="fold", test=["5"]),
    ],
)
def test_a_test_patient_who_shares_a_picture_with_training_moves_there(
    split: DateSplit | SiteSplit | GivenSplit,
) -> None:
    values = {"date": ["2020-01-01", "2021-06-01"], "site": ["A", "B"], "given": ["1", "5"]}
    first, second = values[split.kind]
    drawn = split_patients(patients([0, 1, 0, 1], [0, 0, 1, 2], split_by=[first, second, second, first]), split, 0)
    assert drawn.moved_patients == ("P001",)
    assert drawn.sets.tolist() == [TRAIN, TRAIN, TEST, TRAIN]
    assert drawn.moved == 1
    assert [finding.severity for finding in drawn.findings] == ["warning"]
    assert "1 test patients share a picture" in drawn.findings[0].what


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (DateSplit(kind="date", test_from="2030-01-01"), "the test set would be empty"),
        (DateSplit(kind="date", test_from="2000-01-01"), "the train set would be empty"),
        (DateSplit(kind="date", test_from="31.5.2021"), "not an ISO date"),
        (SiteSplit(kind="site", test=["B"]), r"1 patients have no value to split by \(patient P001\)"),
    ],
)
def test_splits_that_cannot_be_drawn(split: DateSplit | SiteSplit, message: str) -> None:
    values = {"date": ["2020-01-01", "2021-01-01"], "site": ["A", None]}
    cohort = patients([0, 1], split_by=values[split.kind])
    with pytest.raises(InputError, match=message):
        split_patients(cohort, split, 0)


ROWS = pd.DataFrame(
    {"fold": ["1", "2", "5", "5"], "day": ["2021-02-01", "2020-02-01 10:30:00", None, "2021-03-01"]},
    index=[2, 3, 4, 5],
    dtype=object,
)
OWNERS = pd.Series(["P1", "P1", "P2", "P2"], index=ROWS.index)


def test_the_value_to_split_by_comes_from_the_rows_of_a_patient() -> None:
    tables = [(ROWS.drop(columns="fold"), OWNERS, "a.csv"), (ROWS, OWNERS, "b.csv")]
    fold = split_values(GivenSplit(kind="given", column="fold", test=["5"]), tables)
    assert fold.to_dict() == {"P1": "1", "P2": "5"}
    day = split_values(DateSplit(kind="date", column="day", test_from="2021-01-01"), tables)
    assert day.to_dict() == {"P1": "2020-02-01", "P2": "2021-03-01"}


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (GivenSplit(kind="given", column="fold", test=["2"]), r"in both sets \(patient P1\)"),
        (GivenSplit(kind="given", column="fold", test=["7"]), "no row has the value 7. The values are: 1, 2, 5"),
        (GivenSplit(kind="given", column="folds", test=["5"]), "no column 'folds'. Did you mean 'fold'"),
        (DateSplit(kind="date", column="fold", test_from="2021-01-01"), "column 'fold', row 2: not an ISO date"),
    ],
)
def test_values_that_cannot_split(split: GivenSplit | DateSplit, message: str) -> None:
    with pytest.raises(InputError, match=message):
        split_values(split, [(ROWS, OWNERS, "b.csv")])


def study(**keys: object) -> StudyConfig:
    return StudyConfig.model_validate(
        {"clinical": {"table": "c.csv"}, "target": {"column": "x", "positive": "1"}, **keys}
    )


@pytest.fixture
def cohort() -> Cohort:
    return Cohort(patients([0, 1] * 20), pd.DataFrame(), ("negative", "positive"), {}, ())


def test_a_second_run_reloads_the_split(tmp_path: Path, cohort: Cohort) -> None:
    path = tmp_path / "split.json"
    drawn, reloaded = (draw_or_reload(cohort, study(), path) for _ in range(2))
    pd.testing.assert_series_equal(drawn.sets, reloaded.sets)
    assert drawn.sha256 == reloaded.sha256 == json.loads(path.read_text(encoding="utf-8"))["sha256"]


def test_a_changed_split_is_refused(tmp_path: Path, cohort: Cohort) -> None:
    path = tmp_path / "split.json"
    draw_or_reload(cohort, study(), path)
    record = json.loads(path.read_text(encoding="utf-8"))
    record["patients"]["P000"] = TEST if record["patients"]["P000"] == TRAIN else TRAIN
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match="changed since it was drawn"):
        draw_or_reload(cohort, study(), path)


def test_the_split_of_another_study_is_refused(tmp_path: Path, cohort: Cohort) -> None:
    path = tmp_path / "split.json"
    draw_or_reload(cohort, study(), path)
    with pytest.raises(InputError, match="other patients"):
        draw_or_reload(replace(cohort, patients=patients([0, 1] * 21)), study(), path)
    for changed in (study(seed=1), study(split={"kind": "random", "test_share": 0.2})):
        with pytest.raises(InputError, match="other settings"):
            draw_or_reload(cohort, changed, path)


def test_a_split_by_a_column_that_says_something_else_today_is_refused(tmp_path: Path, cohort: Cohort) -> None:
    path, given = tmp_path / "split.json", ["test", "train"] * 20
    by_column = study(split={"kind": "given", "column": "set", "test": ["test"]})
    # the first and the second patient share a picture, so that the first is moved to training
    groups = [0, 0, *range(2, 40)]
    told = replace(cohort, patients=patients([0, 0, 1, 1] * 10, groups, split_by=given))
    assert draw_or_reload(told, by_column, path).moved == 1
    assert draw_or_reload(told, by_column, path).sets["P000"] == TRAIN
    for changed, number in ((["train", *given[1:]], 0), (["test", "train", "train", *given[3:]], 1),
                            (["test", "train", "test", "test", *given[4:]], 1)):  # fmt: skip
        now = replace(cohort, patients=patients([0, 0, 1, 1] * 10, groups, split_by=changed))
        if not number:
            assert draw_or_reload(now, by_column, path).sets["P000"] == TRAIN
            continue
        with pytest.raises(InputError, match=f"has {number} patients in another set than the column"):
            draw_or_reload(now, by_column, path)
    # one who was moved says train today, and another one test: not the same patient, though the count is
    swapped = ["train", "test", *given[2:]]
    swapped[3] = "test"
    with pytest.raises(InputError, match="has 2 patients in another set than the column"):
        draw_or_reload(replace(cohort, patients=patients([0, 0, 1, 1] * 10, groups, split_by=swapped)), by_column, path)
    # of a split that an earlier version saved only the count is known
    record = json.loads(path.read_text(encoding="utf-8"))
    del record["moved_patients"]
    path.write_text(json.dumps(record), encoding="utf-8")
    assert draw_or_reload(told, by_column, path).moved == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"patients": 3}'])
def test_what_is_no_split_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "split.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="not a saved split"):
        load_split(path)


def test_twenty_values_and_five_patients_are_named() -> None:
    rows = pd.DataFrame({"fold": [f"{i:02}" for i in range(21)]}, dtype=object)
    patients_ = pd.Series([f"P{i}" for i in range(21)])
    with pytest.raises(InputError) as caught:
        split_values(GivenSplit(kind="given", column="fold", test=["x", "00", "y"]), [(rows, patients_, "t")])
    assert caught.value.what == "no row has the value x, y"
    assert caught.value.fix.startswith("The values are: 00, 01,")
    assert caught.value.fix.endswith(", 18, 19")
    torn = pd.DataFrame({"fold": ["1", "2"] * 6}, dtype=object)
    owners = pd.Series([f"P{i // 2}" for i in range(12)])
    with pytest.raises(InputError, match=r"\(patient P0, P1, P2, P3, P4\)"):
        split_values(GivenSplit(kind="given", column="fold", test=["2"]), [(torn, owners, "t")])
    cohort = patients([0, 1] * 4, split_by=["1", "2", *[None] * 6])
    with pytest.raises(InputError, match=r"6 patients have no value .*\(patient P002, P003, P004, P005, P006\)"):
        split_patients(cohort, GivenSplit(kind="given", column="fold", test=["2"]), 0)
