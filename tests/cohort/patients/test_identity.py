"""Which identifiers mean one patient, and which never do."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoher2.cohort.patients.identity import (
    alias_findings,
    alias_keys,
    alias_pairs,
    doubtful_pairs,
    identity,
    view_stems,
)
from sonoher2.cohort.tables.table import read_table


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("BUS_0012-l", "bus 12", True),
        ("bus_0012-l", "bus_0012-r", True),
        ("P1", "P01", True),
        ("P1", "p1", True),
        ("1.0", "1", True),
        ("001", "1", True),
        ("Ｐ１", "P1", True),
        ("P\u200b1", "P1", True),
        ("\ufeffP1", "P1", True),
        ("P1\u00a0", "P1", True),
        ("P\u20111", "P-1", True),
        ("\u04201", "P1", True),  # a Cyrillic letter
        ("P1_L", "P1_R", True),
        ("P1 (left)", "p1-Right", True),
        ("P1左", "P1右侧", True),
        ("左12", "右12", True),
        ("A-1 left breast", "A-1", True),
        ("A-1 left breast", "A-1 right", True),
        ("A-1 left", "A-2 left", False),
        ("A-1 left breast", "A-2 right breast", False),
        ("STRASSE 1", "straße 1", True),
        ("P1", "P10", False),
        ("P1.0", "P1", False),
        ("1.5", "15", False),
        ("A-1", "B-1", False),
        ("1-23", "12-3", False),
        ("R", "L", False),
        ("Zhang L", "Zhang R", False),
        ("TCGA-A8-A08L", "TCGA-A8-A08R", False),
        ("TCGA-A8-A08L", "TCGA-A8-A08", False),
        ("P1+", "P1*", False),
        ("--", "__", False),
    ],
)
def test_identifiers_that_mean_one_patient(one: str, other: str, same: bool) -> None:
    assert (identity(one) == identity(other)) == same
    assert bool(alias_pairs([one, other])) == same


def test_a_letter_is_a_side_only_where_the_cohort_says_so() -> None:
    sides = ["1L", "1R", "2L", "2R", "3L", "3R", "4"]
    assert alias_pairs(sides) == [("1L", "1R"), ("2L", "2R"), ("3L", "3R")]
    # two patients with both sides are too few
    assert alias_pairs(sides[:4]) == []
    # another letter in that place: all of them are parts of the name
    assert alias_pairs([*sides, "5K"]) == []
    centres = ["S1-A", "S1-B", "S1-C", "S1-L", "S1-R"]
    assert alias_pairs(centres) == []
    # three sides in the wild: left, right and not told
    assert alias_pairs(["1-l", "1-r", "2-l", "3-s"]) == [("1-l", "1-r")]


def test_what_may_be_one_patient_is_told_apart_from_what_is() -> None:
    assert doubtful_pairs(["P101", "102", "P103"], {}) == []
    assert doubtful_pairs(["P101", "101", "P102"], {}) == [("P101", "101")]
    assert doubtful_pairs(["A1", "B1"], {}) == []
    assert doubtful_pairs(["12L", "12R", "13L"], {}) == [("12L", "12R")]
    assert doubtful_pairs(["L12", "R12"], {}) == [("L12", "R12")]
    assert doubtful_pairs(["P1", "P01"], {}) == []  # they surely are


def views(patients: int, each: int, first: int = 1) -> list[str]:
    return [f"{patient:03}_{view}" for patient in range(1, patients + 1) for view in range(first, first + each)]


def test_views_named_as_patients() -> None:
    names = views(30, 2)
    stems = view_stems(names, {})
    assert stems["003_1"] == stems["003_2"] == ("3",)
    assert stems["003_1"] != stems["004_1"]
    assert doubtful_pairs(names, {})[0] == ("001_1", "001_2")
    assert view_stems([f"P{name}" for name in views(6, 3, first=0)], {})
    # those of one patient have one label
    assert not view_stems(names, {name: int(name[-1]) for name in names})


@pytest.mark.parametrize(
    "names",
    [
        views(3, 40),  # sites and their patients
        views(4, 2),  # too few to tell
        [f"IMG_{number:03}" for number in range(50)],
        [f"{year}-{number}" for year in range(2001, 2012) for number in (17, 35, 60)],
        ["1-23", "12-3"],
    ],
)
def test_numbers_at_the_end_that_are_no_views(names: list[str]) -> None:
    assert view_stems(names, {}) == {}


def test_no_two_patients_of_a_public_registry_are_taken_for_one(shared: Path) -> None:
    registries = {
        "TCGA-BRCA/data_clinical_patient.txt": "PATIENT_ID",
        "METABRIC/Breast_Cancer_METABRIC.csv": "Patient ID",
    }
    for table, column in registries.items():
        names = read_table(shared / "data/clinical" / table)[column].unique().tolist()
        assert len(names) > 1000
        assert alias_pairs(names) == []
        assert doubtful_pairs(names, {}) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=12, unique=True))
def test_any_text_has_a_key(names: list[str]) -> None:
    keys = alias_keys(names)
    assert len(keys) == len(names)
    assert all(key for key in keys)
    doubtful_pairs(names, {})


def test_patients_under_several_identifiers_are_told_with_their_labels() -> None:
    names = pd.Index(["P1", "p01", "Q2", "q2", "R3"], name="patient_id")
    (same,) = alias_findings(pd.DataFrame({"label": [1, 1, 0, 0, 1]}, names))
    assert same.severity == "warning"
    assert same.what == (
        "2 patients stand under 4 identifiers that differ only in how they are written (P1 and p01; Q2 and q2)"
    )
    (one,) = alias_findings(pd.DataFrame({"label": [1, 0, 0, 0, 1]}, names))
    assert one.what.endswith("(P1 and p01; Q2 and q2), and 1 of them has different labels")
    (two,) = alias_findings(pd.DataFrame({"label": [1, 0, 0, 1, 1]}, names))
    assert two.what.endswith("and 2 of them have different labels")
    assert alias_findings(pd.DataFrame({"label": [1, 0]}, names[[0, 4]])) == []


@pytest.mark.parametrize(
    ("patients", "each", "first", "are_views"),
    [(5, 2, 1, True), (4, 2, 1, False), (30, 12, 1, True), (30, 13, 1, False), (12, 12, 1, True), (11, 12, 1, False),
     (30, 2, 0, True), (30, 2, 2, False)],
)  # fmt: skip
def test_what_it_takes_to_read_a_last_number_as_that_of_a_view(
    patients: int, each: int, first: int, are_views: bool
) -> None:
    assert bool(view_stems(views(patients, each, first), {})) == are_views


@pytest.mark.parametrize(
    "ends",
    [
        ("a", "b"),
        ("-pre", "-post"),
        ("_baseline", "_FollowUp"),
        ("_术前", "_术后"),
        ("_20200115", "_20200615"),
        ("_2020-01-15", "_2020-06-15"),
    ],
)
def test_visits_by_letter_word_or_date_are_views(ends: tuple[str, str]) -> None:
    names = [f"P{patient:03}{end}" for patient in range(20) for end in ends]
    stems = view_stems(names, {})
    assert len(stems) == 40
    assert len(set(stems.values())) == 20
    assert stems["P007" + ends[0]] == stems["P007" + ends[1]]
    # with labels as of strangers they are none
    assert view_stems(names, {name: place % 2 for place, name in enumerate(names)}) == {}


def test_a_few_patients_whose_views_have_two_labels_hide_no_others() -> None:
    names = views(20, 2)
    labels = {name: int(name[:3]) % 2 for name in names}
    assert len(view_stems(names, labels)) == 40
    for wrong, seen in ((1, 40), (4, 40), (5, 0)):
        torn = labels | {name: 1 - labels[name] for name in names[: 2 * wrong : 2]}
        assert len(view_stems(names, torn)) == seen, wrong
    # where most patients are of one class, views agree by chance too
    few = {name: int(name == "001_1") for name in names}
    assert view_stems(names, few) == {}


def test_hospitals_and_dates_are_no_views() -> None:
    names = [
        f"H{hospital}_2020{month:02}{day:02}"
        for hospital in range(6)
        for month in range(1, 5)
        for day in (3, 9, 21, 27)
    ]
    assert view_stems(names, {}) == {}
    assert view_stems([f"P{number:03}_20201399" for number in range(20)], {}) == {}


def test_gaps_between_views_in_most_patients_are_no_views() -> None:
    whole, torn = views(5, 2), [f"{patient:03}_{view}" for patient in range(11, 16) for view in (1, 3)]
    assert view_stems([*whole, *torn], {})
    assert view_stems([*whole, *torn, "016_1", "016_3"], {}) == {}


@pytest.mark.parametrize(("number", "end"), [(5, "P5 and p5)"), (6, "P5 and p5; ...)")])
def test_five_patients_under_several_identifiers_are_named(number: int, end: str) -> None:
    names = pd.Index([f"{letter}{i}" for i in range(1, number + 1) for letter in "Pp"], name="patient_id")
    (finding,) = alias_findings(pd.DataFrame({"label": [0] * len(names)}, names))
    assert finding.what.startswith(f"{number} patients stand under {2 * number} identifiers")
    assert finding.what.endswith(end)
    (one,) = alias_findings(pd.DataFrame({"label": [0, 0]}, names[:2]))
    assert one.what.startswith("1 patient stands under 2 identifiers")
