"""Names of the columns and files of other tools."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.audit.tables.audit import FEATURE
from sonoher2.audit.tables.columns import (
    CALL,
    LABEL,
    MODEL,
    PATIENT,
    SCORE,
    SET,
    find_column,
    model_of_file,
    patient_names,
    score_columns,
    side_of,
    side_of_file,
)
from sonoher2.audit.tables.labels import binary
from sonoher2.audit.tables.read import read_tables
from sonoher2.core.errors import InputError


def test_columns_are_found_whatever_their_case_and_by_rank() -> None:
    table = pd.DataFrame(columns=["Name", "CaseID", "PATIENT_ID", "Outcome Label", "target"])
    assert find_column(table, PATIENT) == "PATIENT_ID"
    assert find_column(table, LABEL) == "Outcome Label"
    assert find_column(pd.DataFrame(columns=["id", "ID", "x"]), PATIENT) == "id"
    assert find_column(pd.DataFrame(columns=["x"]), PATIENT) is None


@pytest.mark.parametrize("names", [PATIENT[:-1], LABEL, SET, SCORE, CALL, MODEL, FEATURE[:-1]])
def test_of_several_columns_the_better_known_name_counts(names: tuple[str, ...]) -> None:
    for better, worse in pairwise(names):
        assert find_column(pd.DataFrame(columns=[worse, better]), names) == better


def test_what_columns_are_best_known_as() -> None:
    first = [names[0] for names in (PATIENT, LABEL, SET, SCORE, CALL, MODEL, FEATURE)]
    assert first == ["patient id", "label", "set", "score", "call", "model", "feature"]
    assert LABEL.index("label") < LABEL.index("outcome label") < LABEL.index("target")
    assert FEATURE.index("feature name") < FEATURE.index("name")


def test_a_set_of_another_name_is_told_with_its_column(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    pd.DataFrame({"ID": ["a", "b"], "Set": ["train", "moon"], "f": [1, 2]}).to_csv(path, index=False)
    with pytest.raises(InputError) as caught:
        read_tables([path])
    assert str(caught.value) == (f"{path}, column 'Set': 'moon' names neither training nor test. Write train or test.")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["ID", "label-0", "label-1"], "label-1"),
        (["ID", "label-0", "label-1", "score"], "label-1"),
        (["ID", "label-0", "label-1", "label-2", "score"], "score"),
        (["ID", "a-0", "a-1", "b-0", "b-1", "prob"], "prob"),
        (["ID", "label-1"], None),
    ],
)
def test_the_score_of_the_positive_class(names: list[str], found: str | None) -> None:
    assert next(iter(score_columns(pd.DataFrame(columns=names))), None) == found


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Train", ("train", False)), ("train_oof", ("train", True)), ("cv_val", ("train", True)),
        ("cv train", ("train", False)), ("val", ("validation", False)), ("external", ("test", False)),
    ],
)  # fmt: skip
def test_sets_by_their_words(text: str, side: tuple[str, bool]) -> None:
    found = side_of(text)
    assert found is not None
    assert (found.name, found.out_of_fold) == side
    assert side_of("moon") is None


@pytest.mark.parametrize(
    ("file", "side", "model"),
    [
        ("Rad_LR_test.csv", ("test", False), "Rad_LR"),
        ("cv_val_prediction.csv", ("train", True), "predictions"),
        ("SVM train predictions.csv", ("train", False), "SVM"),
        ("scores.csv", None, "scores"),
    ],
)
def test_what_a_files_name_tells(file: str, side: tuple[str, bool] | None, model: str) -> None:
    found = side_of_file(Path("test") / file)
    assert (None if found is None else (found.name, found.out_of_fold)) == side
    assert model_of_file(Path("folder") / file) == model


def test_suffixes_of_images_are_no_part_of_a_name() -> None:
    names = patient_names(pd.Series(["P1.nii.gz", "P2.PNG", "P.3", "P4.jpeg", "P5.csv"]))
    assert names.tolist() == ["P1", "P2", "P.3", "P4", "P5.csv"]


def test_labels_are_0_and_1() -> None:
    assert binary(pd.Series(["0", "1.0", None]), "x").tolist()[:2] == [0, 1]
    assert np.isnan(binary(pd.Series(["0", "1.0", None]), "x").iloc[2])
    for cells, shown in ((["2", "1"], "1, 2"), (["yes", "1"], "1, yes")):
        with pytest.raises(InputError) as caught:
            binary(pd.Series(cells), "a.csv, column 'label'")
        assert str(caught.value) == (
            f"a.csv, column 'label': a label is neither 0 nor 1 ({shown}). Code cases as 1 and controls as 0."
        )
