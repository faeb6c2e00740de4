"""What the checks may look at: sets in the cohort's order, and the labels of training patients alone."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from sonoher2.cohort.split import Split
from sonoher2.study.checks.facts import facts_of, whole_split
from study_facts import facts, with_patients


def test_sets_follow_the_order_of_the_cohort() -> None:
    known = facts(4, images=False)
    sets = pd.Series(["test", "train", "test", "train"], index=["P003", "P002", "P001", "P000"], dtype=object)
    turned = replace(known, split=Split(sets, {}))
    assert turned.sets.to_dict() == {"P000": "train", "P001": "test", "P002": "train", "P003": "test"}
    assert list(turned.sets.index) == ["P000", "P001", "P002", "P003"]
    assert turned.looked_at.tolist() == [True, False, True, False]
    assert turned.both_sides


def test_in_a_validation_everybody_is_a_test_patient_and_looked_at() -> None:
    known = facts(5, images=False)
    validation = replace(known, split=whole_split(known.cohort))
    assert validation.sets.eq("test").all()
    assert validation.looked_at.all()
    assert not validation.both_sides


def test_one_class_is_told_by_the_training_patients() -> None:
    """Of ten patients the first seven are in training."""
    known = facts(10, images=False)
    assert with_patients(known, label=[0] * 7 + [1] * 3).of_one_class
    assert not with_patients(known, label=[0] * 6 + [1] * 4).of_one_class


def test_masks_of_the_segmenter_are_known_by_their_paths() -> None:
    known = facts(3)
    checked: Any = SimpleNamespace(
        study=known.config,
        cohort=known.cohort,
        records=known.records,
        hashes={"a": "1"},
        trained_on={"segmenter": frozenset(["P000"])},
        segmented=pd.DataFrame({"mask": ["/m.png", "/n.png"], "confidence": np.nan}),
    )
    found = facts_of(checked, known.split)
    assert found.segmented_masks == {"/m.png", "/n.png"}
    assert (found.hashes, found.trained_on) == ({"a": "1"}, {"segmenter": frozenset(["P000"])})
    checked.segmented = pd.DataFrame()
    assert facts_of(checked, known.split).segmented_masks == frozenset()
