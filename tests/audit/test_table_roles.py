"""Columns of another tool's tables that are no features, and scores that may be something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.audit.tables import checks
from sonoher2.audit.tables.audit import audit_tables
from sonoher2.audit.tables.labels import copies_of_label
from sonoher2.audit.tables.read import Tables, read_tables
from sonoher2.audit.tables.scores import auc_rows, turned_round
from sonoher2.core.errors import InputError


def write(path: Path, **columns: list[object]) -> Path:
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def refused(*given: list[Path]) -> str:
    with pytest.raises(InputError) as caught:
        read_tables(*given)
    return str(caught.value)


# --- names ---


def test_columns_named_like_something_else_are_no_features(tmp_path: Path) -> None:
    table = write(tmp_path / "f.csv", ID=[1, 2], case=[7, 8], group=["train", "test"], cohort=[3, 4], label=[0, 1],
                  fold=[1, 2], score=[0.1, 0.2], pred=[0.3, 0.4], predicted=[0, 1], f=[5, 6])  # fmt: skip
    tables = read_tables([table])
    assert tables.features.columns.tolist() == ["f"]
    # 'case' is better known than ID
    assert tables.rows["patient_id"].tolist() == ["7", "8"]
    assert tables.notes == (
        "Not read as features, by their names: 'ID', 'cohort', 'fold', 'score', 'pred' and 1 more.",
    )


@pytest.mark.parametrize(
    "name", ["Score", "probability", "Pred", "Rad-score", "radscore", "predicted probability", "Unnamed: 0", "kfold"]
)
def test_a_score_or_a_number_of_rows_is_no_feature(tmp_path: Path, name: str) -> None:
    columns: dict[str, list[object]] = {name: [0.4, 0.5]}
    tables = read_tables([write(tmp_path / "f.csv", patient_id=["a", "b"], **columns, f=[1, 2])])
    assert tables.features.columns.tolist() == ["f"]
    assert tables.notes == (f"Not read as features, by their names: '{name}'.",)


def test_scores_of_the_classes_are_no_features(tmp_path: Path) -> None:
    classes: dict[str, list[object]] = {"label-0": [0.4, 0.5], "label-1": [0.6, 0.5]}
    deep: dict[str, list[object]] = {"deep-0": [0.4, 0.5], "deep-1": [0.6, 0.5]}
    assert read_tables([write(tmp_path / "f.csv", ID=["a", "b"], **classes, f=[1, 2])]).features.columns.tolist() == [
        "f"
    ]
    assert [*read_tables([write(tmp_path / "g.csv", ID=["a", "b"], **deep)]).features.columns] == ["deep-0", "deep-1"]


# --- a second column of labels ---


def test_a_second_label_that_agrees_is_dropped(tmp_path: Path) -> None:
    table = write(tmp_path / "f.csv", ID=list("abcd"), target=[None, 1, 0, 1], label=[0, None, 0, 1], f=[1, 2, 3, 4])
    tables = read_tables([table])
    assert tables.features.columns.tolist() == ["f"]
    assert tables.rows["label"].fillna(-1).tolist() == [0, -1, 0, 1]
    assert tables.notes == ("Not read as features, by their names: 'target'.",)


def test_a_second_label_that_differs_is_refused(tmp_path: Path) -> None:
    table = write(tmp_path / "f.csv", ID=list("abcd"), target=[1, 0, 0, 1], label=[0, 1, 0, None], f=[1, 2, 3, 4])
    message = (
        f"{table}: the columns 'label' and 'target' are both named like a label, and differ in 2 rows. Keep the one"
        " that was predicted."
    )
    assert refused([table]) == message
    features = write(tmp_path / "g.csv", ID=list("abcd"), f=[1, 2, 3, 4])
    assert refused([features], [], [table]) == message


def test_a_feature_that_is_called_y_stays_one(tmp_path: Path) -> None:
    tables = read_tables([write(tmp_path / "f.csv", ID=list("abc"), label=[0, 1, 1], y=[0, 1, 2], f=[1, 2, 3])])
    assert tables.features.columns.tolist() == ["y", "f"]
    assert tables.notes == ()


# --- the label under another name ---


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0, 1), "Column 'x' equals the label and is not read as a feature."),
        ((1, 0), "Column 'x' equals the label and is not read as a feature."),
        ((1, 2), "Column 'x' is the label in other numbers and is not read as a feature."),
    ],
)
def test_a_column_that_is_the_label(tmp_path: Path, numbers: tuple[int, int], said: str) -> None:
    label = [0, 1] * 5
    features = write(tmp_path / "f.csv", ID=list("abcdefghij"), x=[numbers[k] for k in label], f=list(range(10)))
    labels = write(tmp_path / "l.csv", ID=list("abcdefghij"), label=label)
    tables = read_tables([features], [], [labels])
    assert tables.features.columns.tolist() == ["f"]
    assert tables.notes == (said,)
    assert said in audit_tables([features], [], [labels]).text().splitlines()[0]


def test_a_column_that_may_be_a_feature_stays_one() -> None:
    label = pd.Series([0, 1] * 5)
    features = pd.DataFrame({"one off": [0, 1] * 4 + [1, 1], "constant": 1, "few": [0, 1] * 4 + [0, None]})
    assert copies_of_label(features, label) == ([], [])
    # patients of one class
    assert copies_of_label(pd.DataFrame({"x": [1] * 12}), pd.Series([1] * 12)) == ([], [])
    # a row whose label is not known may have any number
    assert copies_of_label(pd.DataFrame({"x": [0, 1] * 5 + [9]}), pd.Series([0, 1] * 5 + [np.nan]))[0] == ["x"]


# --- identifiers ---


def test_a_column_of_cases_and_controls_is_no_identifier(tmp_path: Path) -> None:
    table = write(tmp_path / "f.csv", case=[0, 1, 1], ID=["a", "b", "c"], label=[0, 1, 1], f=[1, 2, 3])
    tables = read_tables([table])
    assert tables.rows["patient_id"].tolist() == ["a", "b", "c"]
    assert tables.features.columns.tolist() == ["f"]
    # two rows may well be those of the patients 0 and 1
    few = write(tmp_path / "few.csv", ID=[0, 1], f=[1, 2])
    assert read_tables([few]).rows["patient_id"].tolist() == ["0", "1"]
    assert "no column names the patient" in refused([write(tmp_path / "g.csv", case=[0, 1, 1], f=[1, 2, 3])])


def test_rows_of_nobody_are_refused(tmp_path: Path) -> None:
    table = write(tmp_path / "f.csv", ID=["a", None, "b", None, None], f=[1, 2, 3, 4, 5])
    assert refused([table]) == (
        f"{table}, column 'ID': 3 rows name no patient. Write the patient into each row, or remove those that belong to"
        " nobody."
    )


# --- tables that do not fit ---


def test_a_table_with_patients_as_columns_is_refused(tmp_path: Path) -> None:
    features = write(tmp_path / "f.csv", name=["mean", "area"], p1=[1, 2], p2=[3, 4])
    labels = write(tmp_path / "l.csv", ID=["p1", "p2"], label=[0, 1])
    message = f"{features}: the patients are its columns. Turn the table round: one row for each patient or image."
    assert refused([features], [], [labels]) == message


def test_labels_of_other_patients_are_refused(tmp_path: Path) -> None:
    features = write(tmp_path / "f.csv", ID=["p1", "p2"], f=[3, 4])
    labels = write(tmp_path / "l.csv", ID=["1", "2"], label=[0, 1])
    assert refused([features], [], [labels]) == (
        f"{features}: none of its patients is in the tables of labels. Write identifiers alike in all tables."
    )
    # features with labels of their own need no other table: this one may be about the patients who were scored
    own = write(tmp_path / "own.csv", ID=["p1", "p2"], label=[0, 1], f=[3, 4])
    assert read_tables([own], [], [labels]).rows["label"].tolist() == [0, 1]
    scores = write(tmp_path / "p.csv", ID=["1", "2"], score=[0.1, 0.2])
    assert read_tables([features], [scores]).notes == ("No patient with predictions is in the tables of features.",)


def test_features_that_a_table_lacks_are_told(tmp_path: Path) -> None:
    train = write(tmp_path / "train.csv", ID=["a"], f=[1], g=[2], h=[3])
    test = write(tmp_path / "test.csv", ID=["b"], f=[1], k=[2])
    tables = read_tables([train, test])
    assert tables.features.columns.tolist() == ["f"]
    assert tables.notes == ("3 columns of numbers are not in every table of features and are not read.",)


# --- scores ---


def scored(tmp_path: Path, **columns: list[object]) -> Tables:
    features = write(tmp_path / "f.csv", ID=list("abcd"), label=[0, 1, 0, 1], f=[1, 2, 3, 4])
    return read_tables([features], [write(tmp_path / "LR_test.csv", ID=list("abcd"), **columns)])


def test_a_column_of_0_and_1_is_the_decision_beside_probabilities(tmp_path: Path) -> None:
    tables = scored(tmp_path, pred=[0, 1, 0, 0], y_prob=[0.1, 0.9, 0.2, 0.3])
    assert tables.predictions["score"].tolist() == [0.1, 0.9, 0.2, 0.3]
    assert tables.predictions["call"].tolist() == [0, 1, 0, 0]
    assert tables.notes == ()


def test_scores_that_may_be_decisions_are_told(tmp_path: Path) -> None:
    tables = scored(tmp_path, pred=[0, 1, 0, 0])
    assert tables.predictions["score"].tolist() == [0, 1, 0, 0]
    assert tables.predictions["call"].isna().all()
    assert tables.notes == ("The scores of LR are only 0 and 1: are they decisions?",)


def test_several_scores_of_a_patient_are_told(tmp_path: Path) -> None:
    features = write(tmp_path / "f.csv", ID=["a", "b"], f=[1, 2])
    scores = write(tmp_path / "p.csv", ID=["a", "a", "b", "b"], score=[0.1, 0.3, 0.2, 0.2])
    said = "1 patients have several scores of one model and set: their mean is taken."
    assert read_tables([features], [scores]).notes == (said,)
    # two models are not one
    models = write(tmp_path / "m.csv", ID=["a", "a"], classifier=["LR", "SVM"], score=[0.1, 0.3])
    tables = read_tables([features], [models])
    assert tables.models == ["LR", "SVM"]
    assert tables.notes == ()


def test_scores_out_of_fold_and_of_the_fit_are_kept_apart(tmp_path: Path) -> None:
    """Of the fit itself cases all come first; out of fold one of four pairs is in order."""
    features = write(tmp_path / "f.csv", ID=list("abcd"), label=[0, 0, 1, 1], f=[1, 2, 3, 4])
    scores = [
        write(tmp_path / f"cv_{name}_prediction.csv", ID=list("abcd"), Pred=values)
        for name, values in (("train", [0.1, 0.2, 0.8, 0.9]), ("val", [0.5, 0.7, 0.6, 0.4]))
    ]
    rows = auc_rows(read_tables([features], scores))
    assert rows[["set", "out_of_fold", "n", "auc"]].to_numpy().tolist() == [
        ["train", False, 4, 1.0],
        ["train", True, 4, 0.25],
    ]


def predicted(training: list[float], out_of_fold: list[bool], test: list[float]) -> Tables:
    """Scores of one model; every other training row is a case, and so is every other test row."""
    side = ["train"] * len(training) + ["test"] * len(test)
    rows = pd.DataFrame({"patient_id": [f"p{i}" for i in range(len(side))], "set": side})
    rows["label"] = [i % 2 for i in range(len(training))] + [i % 2 for i in range(len(test))]
    own = out_of_fold + [False] * len(test)
    scores = rows.assign(model="LR", score=training + test, call=np.nan, out_of_fold=own)
    return Tables(rows, pd.DataFrame({"f": range(len(side))}), scores)


def test_a_threshold_is_compared_with_out_of_fold_scores_where_there_are_some() -> None:
    # of the fit itself 0.8 is best, as in the test set; out of fold some 0.93 is, which calls no test patient positive
    test, of_fit, own = [0.1, 0.8, 0.2, 0.9], [0.1, 0.8, 0.2, 0.9] * 3, [0.92, 0.95, 0.91, 0.96] * 3
    both = predicted(of_fit + own, [False] * 12 + [True] * 12, test)
    for tables, chance in ((predicted(of_fit, [False] * 12, test), "100%"), (both, "0%")):
        assert f"one from training is so in {chance} of" in checks.threshold_from_test(tables, 0.8).evidence


@pytest.mark.parametrize(("threshold", "skipped"), [(0.05, True), (0.1, False), (0.9, False), (43, True)])
def test_a_threshold_on_another_scale_is_not_checked(threshold: float, skipped: bool) -> None:
    outcome = checks.threshold_from_test(predicted([0.3, 0.9, 0.1, 0.4], [False] * 4, [0.2, 0.8]), threshold).outcome
    expected = f"the threshold {threshold:.3g} is not between the scores (0.1 to 0.9)"
    assert outcome.skipped == (expected if skipped else "")


def test_scores_of_class_0_are_told(tmp_path: Path) -> None:
    # three in four cases have 0.8 or 0.9, three in four controls 0.1 or 0.2
    label, up = [0, 0, 0, 0, 1, 1, 1, 1] * 5, [0.1, 0.2, 0.1, 0.8, 0.8, 0.9, 0.8, 0.2] * 5
    names = [f"p{i}" for i in range(40)]
    features = write(tmp_path / "f.csv", ID=names, label=label, set=["train"] * 16 + ["test"] * 24, f=list(range(40)))
    said = "p gives controls higher scores than cases: are they scores of class 0?"
    for values, told in ((up, False), ([1 - value for value in up], True)):
        audit = audit_tables([features], [write(tmp_path / "p.csv", ID=names, score=values)])
        assert (said in audit.read) == told


def test_a_model_is_turned_round_if_no_set_says_the_contrary() -> None:
    aucs = pd.DataFrame(
        {
            "model": ["whole", "one set", "torn", "torn", "wide", "at"],
            "auc_low": [0.1, 0.2, 0.1, 0.6, 0.1, 0.1],
            "auc_high": [0.3, 0.4, 0.3, 0.9, 0.6, 0.5],
        }
    )
    assert turned_round(aucs) == ["whole", "one set"]
