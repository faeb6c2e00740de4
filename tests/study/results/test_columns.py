"""Names of columns: each constant means one thing in all rooms, and what is kept on disk keeps its names."""

from __future__ import annotations

import ast
import importlib
from collections import Counter
from pathlib import Path

import pytest

from sonoher2.study.results import columns as c

ROOMS = (
    "sonoher2.core.columns",
    "sonoher2.cohort.tables.columns",
    "sonoher2.evaluation.columns",
    "sonoher2.selection.columns",
    "sonoher2.classifiers.columns",
    "sonoher2.study.results.heat_columns",
)


@pytest.mark.parametrize("room", ROOMS)
def test_a_name_of_a_room_below_means_the_same_here(room: str) -> None:
    there = vars(importlib.import_module(room))
    names = {name: value for name, value in there.items() if name.isupper() and isinstance(value, str)}
    assert names
    assert {name: getattr(c, name) for name in names} == names


def test_no_constant_is_spelled_twice() -> None:
    tree = ast.parse(Path(str(c.__file__)).read_text(encoding="utf-8"))
    targets = [target for one in tree.body if isinstance(one, ast.Assign) for target in one.targets]
    bound = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    assert [name for name, times in Counter(bound).items() if times > 1] == []


def test_ends_of_intervals_and_errors_stand_beside_their_figure() -> None:
    assert (c.low(c.AUC), c.high(c.AUC), c.error(c.AUC)) == ("auc_low", "auc_high", "auc_se")


def test_names_that_others_script_against() -> None:
    """As docs/study-file.md and the files of earlier runs spell them."""
    assert (c.TRAIN_OOF, c.TEST, c.SET) == ("train_oof", "test", "set")
    assert (c.SENSITIVITY, c.SPECIFICITY, c.PPV, c.NPV) == ("sensitivity", "specificity", "ppv", "npv")
    assert (c.SIGNATURE_A, c.SIGNATURE_B, c.AUC_A, c.AUC_B) == ("a", "b", "auc_a", "auc_b")
    assert (c.RULE_OUT, c.RULE_IN, c.RULED_OUT, c.RULED_IN) == ("rule_out", "rule_in", "ruled_out", "ruled_in")
    assert (c.CASES, c.CONTROLS) == ("cases", "controls")
    assert (c.OUT_OF_FOLD, c.DECISION) == ("out_of_fold", "call")


def test_a_column_is_called_as_its_constant_is() -> None:
    """All but those whose name in the files is shorter, or older."""
    others = {name: value for name, value in vars(c).items() if name.isupper() and isinstance(value, str)}
    others = {name: value for name, value in others.items() if value != name.lower()}
    assert others == {
        "SIGNATURE_A": "a", "SIGNATURE_B": "b", "DECISION": "call", "PREDICTED": "called",
        "PREDICTED_SHARE": "predicted", "OBSERVED_SHARE": "observed",
    }  # fmt: skip
