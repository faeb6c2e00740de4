"""LEAK001 and LEAK002: each finds its fault, and leaves a sound study alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.split import Split
from sonoher2.study.checks import leakage as module
from sonoher2.study.checks.facts import Facts, whole_split
from sonoher2.study.checks.leakage import same_patient, shared_pictures
from study_facts import facts, with_patients


def test_leak001_one_patient_under_two_identifiers() -> None:
    known = facts(30)
    assert same_patient(known).state == "passed"
    index = known.cohort.patients.index.to_list()
    index[-1] = "p-0"
    renamed = replace(
        known,
        cohort=replace(known.cohort, patients=known.cohort.patients.set_axis(index)),
        split=Split(known.split.sets.set_axis(index), {}),
    )
    outcome = same_patient(renamed)
    assert outcome.state == "error"
    assert outcome.finding is not None
    assert "(P000 and p-0)" in str(outcome.finding)
    assert str(outcome.finding).startswith("LEAK001 split: ")
    assert same_patient(replace(known, split=whole_split(known.cohort))).state == "not checked"


def renamed(known: Facts, *names: str) -> Facts:
    """The last patients under other names; all but the first 70 % are test patients."""
    index = [*known.cohort.patients.index[: -len(names)], *names]
    cohort = replace(known.cohort, patients=known.cohort.patients.set_axis(index))
    return replace(known, cohort=cohort, split=Split(known.split.sets.set_axis(index), {}))


@pytest.mark.parametrize("name", ["0", "000", "patient 0"])
def test_leak001_identifiers_that_may_mean_one_patient_are_a_warning(name: str) -> None:
    outcome = same_patient(renamed(facts(30), name))
    assert outcome.state == ("warning" if name != "patient 0" else "passed")


def test_leak001_identifiers_of_unequal_length() -> None:
    index = [f"P{i:03}" if i % 2 else f"{i}" for i in range(100, 130)]
    assert same_patient(renamed(facts(30), *index[1:])).state == "passed"


def test_leak002_shared_pictures_across_the_split() -> None:
    known = facts(30)
    assert shared_pictures(known).state == "passed"
    groups = np.arange(30)
    groups[29] = 0
    assert shared_pictures(with_patients(known, group=list(groups))).state == "error"
    same_bytes = {f"/P{i:03}.png": str(min(i, 28)) for i in range(30)} | {"/P000.png": "28"}
    assert shared_pictures(replace(known, hashes=same_bytes)).state == "error"
    inside = {f"/P{i:03}.png": str(max(i, 1)) for i in range(30)}
    assert shared_pictures(replace(known, hashes=inside)).state == "passed"
    assert known.config.images is not None
    off = known.config.images.model_copy(update={"near_duplicates": False})
    unlooked = replace(known, config=known.config.model_copy(update={"images": off}))
    assert shared_pictures(unlooked).state == "warning"
    assert shared_pictures(facts(30, images=False)).state == "not checked"


def test_three_pairs_are_named_and_the_others_hinted_at() -> None:
    pairs = [(f"A{i}", f"B{i}") for i in range(4)]
    assert module._shown(pairs[:3]) == "A0 and B0; A1 and B1; A2 and B2"
    assert module._shown(pairs) == "A0 and B0; A1 and B1; A2 and B2; ..."


def test_each_value_in_both_sets_is_told_once_by_its_first_patients() -> None:
    sets = pd.Series(["test", "train", "train", "test", "test"], index=list("ABCDE"))
    assert module.across_sets(sets, [1, 1, 1, 1, 2]) == [("B", "A")]
    assert module.across_sets(sets, [1, 2, 3, 3, 2]) == [("B", "E"), ("C", "D")]
    assert module.across_sets(sets, [1, 2, 2, 1, 3]) == []
