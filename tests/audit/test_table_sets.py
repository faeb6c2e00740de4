"""Which set the rows of another tool's tables belong to: validation beside test, several words, folds."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from sonoher2.audit.tables import checks
from sonoher2.audit.tables.audit import audit_tables
from sonoher2.audit.tables.columns import side_of, side_of_file
from sonoher2.audit.tables.read import Tables, read_tables
from sonoher2.audit.tables.sets import fold_columns
from sonoher2.core.errors import InputError

FOLDS = "if these are the folds of a cross-validation, give the tables of one fold at a time"


def write(path: Path, **columns: list[object]) -> Path:
    pd.DataFrame(columns).to_csv(path, index=False)
    return path


def sets_of(rows: pd.DataFrame) -> dict[str, str]:
    return dict(zip(rows["patient_id"], rows["set"], strict=True))


def said(tables: Tables) -> str:
    return " ".join(tables.notes)


def refused(*given: list[Path]) -> str:
    with pytest.raises(InputError) as caught:
        read_tables(*given)
    return str(caught.value)


# --- validation and test ---


def test_a_validation_set_beside_a_test_set_is_left_out(tmp_path: Path) -> None:
    table = write(tmp_path / "f.csv", ID=["a", "b", "v", "w", "t"], set=["train", "Training", "val", "valid", "test"],
                  label=[0, 1, 0, 1, 1], f=[1.0, 2.0, 3.0, 4.0, 5.0])  # fmt: skip
    tables = read_tables([table])
    assert sets_of(tables.rows) == {"a": "train", "b": "train", "t": "test"}
    assert tables.features["f"].tolist() == [1, 2, 5]
    assert tables.notes == (
        "2 patients of a validation set ('val' and 'valid') are left out: the tool may have been tuned on them, so that"
        " they are neither training nor test.",
    )


@pytest.mark.parametrize("word", ["test", "testing", "holdout", "external", "external validation"])
def test_each_word_for_a_test_set_leaves_the_validation_set_out(tmp_path: Path, word: str) -> None:
    table = write(tmp_path / "f.csv", ID=["a", "v", "t"], set=["train", "validation", word], f=[1, 2, 3])
    assert sets_of(read_tables([table]).rows) == {"a": "train", "t": "test"}


@pytest.mark.parametrize("word", ["val", "Valid", "validation"])
def test_a_validation_set_alone_is_the_test_set(tmp_path: Path, word: str) -> None:
    tables = read_tables([write(tmp_path / "f.csv", ID=["a", "v"], set=["train", word], f=[1, 2])])
    assert sets_of(tables.rows) == {"a": "train", "v": "test"}
    assert tables.notes == ()


def test_files_whose_names_tell_the_sets(tmp_path: Path) -> None:
    # the features do not say who is in which set, the files of the scores do
    features = write(tmp_path / "f.csv", ID=list("abvwtu"), label=[0, 1, 0, 1, 0, 1], f=[1, 2, 3, 4, 5, 6])
    scores = [
        write(tmp_path / f"Rad_LR_{name}.csv", ID=list(who), **{"label-0": [0.8, 0.4], "label-1": [0.2, 0.6]})
        for name, who in (("train", "ab"), ("val", "vw"), ("test", "tu"))
    ]
    tables = read_tables([features], scores)
    both = {"a": "train", "b": "train", "t": "test", "u": "test"}
    assert sets_of(tables.rows) == both
    assert sets_of(tables.predictions) == both
    assert tables.features["f"].tolist() == [1, 2, 5, 6]
    assert tables.models == ["Rad_LR"]
    assert said(tables).startswith("2 patients of a validation set ('val') are left out")


def test_tables_of_labels_that_name_three_sets(tmp_path: Path) -> None:
    features = write(tmp_path / "f.csv", ID=["a", "v", "t"], f=[1, 2, 3])
    labels = write(tmp_path / "l.csv", ID=["a", "v", "t"], group=["train", "val", "test"], label=[0, 1, 1])
    scores = write(tmp_path / "p.csv", ID=["a", "v", "t"], score=[0.1, 0.9, 0.8])
    tables = read_tables([features], [scores], [labels])
    for rows in (tables.rows, tables.predictions, tables.labels):
        assert sets_of(rows) == {"a": "train", "t": "test"}
        assert rows["label"].tolist() == [0, 1]


def test_faes_cv_val_is_training_out_of_fold_and_leaves_nobody_out(tmp_path: Path) -> None:
    features = write(tmp_path / "f.csv", ID=["a", "t"], set=["train", "test"], f=[1, 2])
    scores = [
        write(tmp_path / "cv_val_prediction.csv", ID=["a"], Pred=[0.3], Label=[0]),
        write(tmp_path / "test_prediction.csv", ID=["t"], Pred=[0.4], Label=[1]),
    ]
    found = read_tables([features], scores)
    assert sets_of(found.predictions) == {"a": "train", "t": "test"}
    assert found.predictions["out_of_fold"].tolist() == [True, False]
    assert found.notes == ()


def test_one_set_that_two_tables_call_by_two_names(tmp_path: Path) -> None:
    features = write(tmp_path / "f.csv", ID=["a", "t", "u"], set=["train", "val", "val"], f=[1, 2, 3])
    scores = write(tmp_path / "LR_test.csv", ID=["t", "u"], score=[0.3, 0.4])
    tables = read_tables([features], [scores])
    assert sets_of(tables.rows) == {"a": "train", "t": "test", "u": "test"}
    assert tables.notes == ("The test set is what the tables call 'test' and 'val'.",)
    # some of the validation patients are tested, and others are not
    mixed = write(tmp_path / "SVM_test.csv", ID=["u", "x"], score=[0.3, 0.4])
    assert "1 patients are in the validation set and in the test set, u first" in refused([features], [mixed])
    within = write(tmp_path / "w.csv", ID=["t", "t"], set=["val", "test"], f=[1, 2])
    assert refused([within]).startswith(f"{within}: 1 patients are in the validation set and in the test set, t first")


def test_several_words_for_the_test_set_are_told(tmp_path: Path) -> None:
    table = write(tmp_path / "f.csv", ID=["a", "t", "x"], set=["train", "test", "External"], f=[1, 2, 3])
    tables = read_tables([table])
    assert sets_of(tables.rows) == {"a": "train", "t": "test", "x": "test"}
    assert tables.notes == ("The test set is what the tables call 'external' and 'test'.",)


def test_what_was_left_out_is_printed_first_and_stands_in_json(tmp_path: Path) -> None:
    table = write(tmp_path / "f.csv", ID=["a", "v", "t"], set=["train", "val", "test"], label=[0, 1, 1], f=[1, 2, 3])
    scores = write(tmp_path / "p.csv", ID=["a", "v", "t"], score=[0.1, 0.9, 0.8])
    audit = audit_tables([table], [scores])
    expected = (
        "Read 2 patients (1 training, 1 test), 1 features, 1 models with predictions. 1 patients of a validation set"
        " ('val') are left out: the tool may have been tuned on them, so that they are neither training nor test."
    )
    assert audit.text().splitlines()[0] == expected
    assert json.loads(audit.json())["read"] == expected
    assert audit.aucs[["set", "n"]].to_numpy().tolist() == [["train", 1], ["test", 1]]


@pytest.mark.parametrize("file", ["train_test_features.csv", "train_val.csv", "val_test.csv"])
def test_a_file_whose_name_tells_two_sets_tells_none(file: str) -> None:
    assert side_of_file(Path(file)) is None


def test_an_external_validation_set_is_a_test_set() -> None:
    for side in (side_of("External-Validation"), side_of_file(Path("LR_external_val.csv"))):
        assert side is not None
        assert side.name == "test"


def test_a_files_name_that_another_tables_column_denies_is_told(tmp_path: Path) -> None:
    features = write(tmp_path / "f.csv", ID=list("abct"), set=["train", "train", "train", "test"], f=[1, 2, 3, 4])
    scores = write(tmp_path / "external_model.csv", ID=list("abt"), score=[0.1, 0.2, 0.3])
    said = (
        "2 patients are in the set 'external' by the name of a file, and not by a column of another table; if the name"
        " means something else, give that file a column of sets."
    )
    tables = read_tables([features], [scores])
    assert tables.notes == ("The test set is what the tables call 'external' and 'test'.", said)
    assert checks.both_sides(tables).evidence == "2 patients of 4"
    training = write(tmp_path / "train_model.csv", ID=list("abt"), score=[0.1, 0.2, 0.3])
    assert said.replace("2", "1").replace("external", "train") in read_tables([features], [training]).notes
    # a patient who is in both sets by the column is a leak, whatever the file is called
    torn = write(tmp_path / "g.csv", ID=list("abt"), set=["train", "train", "test"], f=[1, 2, 3])
    again = write(tmp_path / "l.csv", ID=list("ab"), set=["test", "test"], label=[0, 1])
    inside = write(tmp_path / "train_ab.csv", ID=list("ab"), score=[0.1, 0.2])
    for given in (scores, inside):
        assert not any("by the name of a file" in note for note in read_tables([torn], [given], [again]).notes)


# --- a second column of sets ---


def test_a_second_column_of_sets(tmp_path: Path) -> None:
    good = write(tmp_path / "good.csv", ID=["a", "b", "c"], group=["train", None, "test"], f=[1, 2, 3],
                 set=["Training", "test", None])  # fmt: skip
    # what one column does not say, the other does
    assert sets_of(read_tables([good]).rows) == {"a": "train", "b": "test", "c": "test"}
    bad = write(tmp_path / "bad.csv", ID=["a", "b"], group=["train", "train"], set=["train", "test"], f=[1, 2])
    assert refused([bad]) == (
        f"{bad}: the columns 'set' and 'group' tell different sets in 1 rows. Keep the one by which the model was"
        " trained and tested."
    )


# --- cross-validation ---


@pytest.mark.parametrize("name", ["fold", "CV_fold", "kfold", "K-Fold", "repeat", "split number", "split"])
def test_folds_in_which_patients_change_sets_are_refused(tmp_path: Path, name: str) -> None:
    features = write(tmp_path / "f.csv", ID=["a", "b", "c"], f=[1, 2, 3])
    folds: dict[str, list[object]] = {name: [1, 1, 1, 2, 2, 2]}
    scores = write(tmp_path / "p.csv", ID=list("abcabc"), set=["test", "train", "train", "train", "test", "train"],
                   score=[0.1] * 6, **folds)  # fmt: skip
    # a is tested in the first fold, b in the second, c in none
    assert refused([features], [scores]) == (
        f"{scores}, column '{name}': 2 patients are in other sets in other folds. Give the tables of one fold, or one"
        " out-of-fold score for each patient with the set oof."
    )
    validated = pd.read_csv(scores).replace("test", "val")
    validated.to_csv(scores, index=False)
    assert "2 patients are in other sets" in refused([features], [scores])
    assert "2 patients are in other sets" in refused([features], [], [scores])


def test_folds_in_which_everyone_keeps_the_set_are_read(tmp_path: Path) -> None:
    # two models of a cross-validation, each scored on the same test patients
    features = write(tmp_path / "f.csv", ID=["a", "t"], set=["train", "test"], label=[0, 1], f=[1, 2])
    scores = write(tmp_path / "p.csv", ID=["a", "t", "t"], fold=[1, 1, 2], set=["oof", "test", "test"],
                   score=[0.1, 0.2, 0.6])  # fmt: skip
    tables = read_tables([features], [scores])
    assert tables.predictions["set"].tolist() == ["train", "test", "test"]
    assert tables.notes == ("1 patients have several scores of one model and set: their mean is taken.",)
    # a patient with an image in either set, in each fold: no cross-validation, but a leak
    torn = write(tmp_path / "torn.csv", ID=list("aaaa"), fold=[1, 1, 2, 2], set=["train", "test"] * 2, score=[0.1] * 4)
    assert checks.both_sides(read_tables([features], [torn])).outcome.state == "error"


def test_scores_by_fold_that_do_not_say_out_of_fold(tmp_path: Path) -> None:
    features = write(tmp_path / "f.csv", ID=["a", "b"], set=["train", "train"], f=[1, 2])
    scores = write(tmp_path / "p.csv", ID=["a", "b"], fold=[1, 2], score=[0.1, 0.2])
    assert said(read_tables([features], [scores])) == (
        "The column 'fold' of p.csv names folds: where its training scores are out of fold, the set must say oof."
    )
    new = write(tmp_path / "g.csv", ID=["c", "d"], set=["test", "test"], f=[1, 2])
    tested = write(tmp_path / "LR_test.csv", ID=["c", "d"], fold=[1, 2], score=[0.1, 0.2])
    assert read_tables([features, new], [tested]).notes == ()


@pytest.mark.parametrize(("torn", "told"), [(9, True), (8, False)])
def test_nearly_everyone_in_both_sets_may_be_a_cross_validation(torn: int, told: bool) -> None:
    names = [chr(97 + i) for i in range(10)]
    rows = pd.DataFrame({"patient_id": names + names[:torn], "set": ["train"] * 10 + ["test"] * torn})
    tables = Tables(rows.assign(label=0), pd.DataFrame({"f": range(10 + torn)}), rows.iloc[:0])
    sign = checks.both_sides(tables)
    assert (sign.outcome.code, sign.outcome.state) == ("LEAK001", "error")
    assert sign.evidence == f"{torn} patients of 10"
    assert sign.outcome.finding is not None
    assert sign.outcome.finding.what == f"{torn} patients are in both sets, a first" + (f"; {FOLDS}" if told else "")


def test_validation_patients_who_are_in_training_too(tmp_path: Path) -> None:
    table = write(tmp_path / "f.csv", ID=list("abvat"), set=["train", "train", "val", "val", "test"], f=[1, 2, 3, 4, 5])
    tables = read_tables([table])
    assert sets_of(tables.rows) == {"a": "train", "b": "train", "t": "test"}
    assert tables.features["f"].tolist() == [1, 2, 5]
    assert said(tables).endswith(f" 1 of them are in training too, and stay there; {FOLDS}.")
    # the same where only the files of the scores tell the sets
    features = write(tmp_path / "g.csv", ID=list("abvt"), f=[1, 2, 3, 4])
    scores = [
        write(tmp_path / f"LR_{name}.csv", ID=list(who), score=[0.5] * len(who))
        for name, who in (("train", "ab"), ("val", "va"), ("test", "t"))
    ]
    assert sets_of(read_tables([features], scores).rows) == {"a": "train", "b": "train", "t": "test"}


def test_a_patient_in_both_sets_of_a_table_of_labels(tmp_path: Path) -> None:
    features = write(tmp_path / "f.csv", ID=["a.png", "b.png", "c.png"], f=[1, 2, 3])
    labels = write(tmp_path / "l.csv", ID=["a", "b", "b", "c"], group=["train", "train", "test", "test"], label=[0] * 4)
    sign = checks.both_sides(read_tables([features], [], [labels]))
    assert sign.outcome.state == "error"
    assert sign.evidence == "1 patients of 3"


def test_a_further_column_of_sets_that_holds_numbers_is_one_of_folds() -> None:
    one, words = ["1", "2"], ["train", "test"]
    assert fold_columns(pd.DataFrame({"set": words, "split": one})) == ["split"]
    # the first one names the sets, whatever it holds
    assert fold_columns(pd.DataFrame({"set": one})) == []
    assert fold_columns(pd.DataFrame({"set": words, "split": words})) == []
    assert fold_columns(pd.DataFrame({"set": words, "fold": words, "split": one})) == ["fold", "split"]
