"""The audit of other tools' tables: their layouts, and each check on a table with and without the fault."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from sonoher2.audit.tables import checks
from sonoher2.audit.tables.audit import TableAudit, audit_tables, read_selected
from sonoher2.audit.tables.pool import Pooled, pool
from sonoher2.audit.tables.read import Tables, read_tables
from sonoher2.audit.tables.rerun import Rerun, features_behind
from sonoher2.audit.tables.scores import auc_rows
from sonoher2.cli.app import run
from sonoher2.core.errors import InputError
from sonoher2.evaluation.shift.leakage import SelectionExcess, rank_association
from sonoher2.evaluation.thresholds import youden_threshold
from sonoher2.study.checks.folds import LEAK003
from sonoher2.study.checks.leakage import LEAK001, LEAK002
from sonoher2.study.checks.performance import CAL001

TRAIN, TEST = 110, 50
N = TRAIN + TEST


def noise(seed: int = 0, features: int = 300) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Features of independent noise, labels and sets."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat([1, 0], [N // 2, N - N // 2]))
    names = [f"original_glcm_{i}" for i in range(features)]
    values = pd.DataFrame(rng.gamma(3, 1, (N, features)), [f"P{i:03d}" for i in range(N)], names)
    return values, y, np.arange(N) < TRAIN


def strongest(values: pd.DataFrame, y: np.ndarray, count: int = 12) -> list[str]:
    strength = np.abs(rank_association(values, y))
    return list(values.columns[np.argsort(-strength)[:count]])


def model_scores(values: pd.DataFrame, y: np.ndarray, training: np.ndarray, names: list[str]) -> np.ndarray:
    X = values[names] - values[names].mean()
    return LogisticRegression(C=0.5).fit(X[training], y[training]).predict_proba(X)[:, 1]


def plain(values: pd.DataFrame, y: np.ndarray, training: np.ndarray, score: np.ndarray | None = None) -> Tables:
    """The tables as they are after reading."""
    who = pd.DataFrame({"patient_id": values.index, "set": np.where(training, "train", "test"), "label": y})
    columns = [*who.columns, "model", "score", "call", "out_of_fold"]
    predictions = pd.DataFrame(columns=columns)
    if score is not None:
        predictions = who.assign(model="LR", score=score, call=np.nan, out_of_fold=training)
    return Tables(who, values.reset_index(drop=True), predictions)


# --- layouts ---


def test_onekeys_layout(tmp_path: Path) -> None:
    # rad_features.csv: ID with the image's suffix; label.csv: ID, label; Rad_LR_{train,test}.csv: ID, label-0, label-1
    values, y, training = noise(features=6)
    files = [f"{name}.nii.gz" for name in values.index]
    features, labels = tmp_path / "rad_features.csv", tmp_path / "label.csv"
    values.assign(ID=files)[["ID", *values.columns]].to_csv(features, index=False)
    pd.DataFrame({"ID": values.index, "label": y}).to_csv(labels, index=False)
    score = np.linspace(0.1, 0.9, N)
    scored = pd.DataFrame({"ID": files, "label-0": 1 - score, "label-1": score})
    paths = []
    for name, rows in (("train", training), ("test", ~training)):
        paths.append(tmp_path / f"Rad_LR_{name}.csv")
        scored[rows].to_csv(paths[-1], index=False)
    tables = read_tables([features], paths, [labels])
    assert tables.models == ["Rad_LR"]
    assert tables.rows["set"].value_counts().to_dict() == {"train": TRAIN, "test": TEST}
    np.testing.assert_array_equal(tables.rows["label"], y)
    np.testing.assert_allclose(tables.predictions["score"], score)
    assert not tables.predictions["out_of_fold"].any()
    assert tables.features.shape == (N, 6)


def test_faes_layout(tmp_path: Path) -> None:
    # train_numeric_feature.csv: unnamed case, label, features; cv_val_prediction.csv: unnamed case, Pred, Label
    values, y, training = noise(features=6)
    table = values.assign(label=y.astype(float))
    features, predictions = [], []
    for name, rows in (("train", training), ("test", ~training)):
        features.append(tmp_path / f"{name}_numeric_feature.csv")
        table[rows].to_csv(features[-1], index="CaseID")
    for name, rows in (("cv_val", training), ("test", ~training)):
        predictions.append(tmp_path / f"{name}_prediction.csv")
        scores = pd.DataFrame({"Pred": 0.4, "Label": y[rows]}, index=values.index[rows])
        scores.to_csv(predictions[-1])
    tables = read_tables(features, predictions)
    assert tables.rows["set"].value_counts().to_dict() == {"train": TRAIN, "test": TEST}
    np.testing.assert_array_equal(tables.rows["label"], y)
    assert tables.predictions.groupby("set")["out_of_fold"].all().to_dict() == {"train": True, "test": False}
    assert tables.models == ["predictions"]
    # the column with the scores is no decision
    assert tables.predictions["call"].isna().all()


def test_decisions_beside_scores_are_read(tmp_path: Path) -> None:
    values, y, training = noise(features=6)
    sets = np.where(training, "train", "test")
    features, predictions = tmp_path / "features.csv", tmp_path / "predictions.csv"
    values.assign(label=y, set=sets).to_csv(features, index_label="ID")
    said = np.arange(N) % 3 == 0
    table = pd.DataFrame(
        {"score": np.linspace(0, 1, N), "predicted": said.astype(int), "set": sets}, index=values.index
    )
    table.to_csv(predictions, index_label="ID")
    found = read_tables([features], [predictions]).predictions
    np.testing.assert_array_equal(found["call"], said)
    np.testing.assert_allclose(found["score"], table["score"])


def test_the_tables_of_this_package(finished) -> None:
    tables = read_tables([finished.run / "features.csv"], [finished.run / "predictions.csv"])
    assert set(tables.models) == {"Clinical", "Radiomics", "Clinical+Radiomics"}
    assert set(tables.rows["set"]) == {"train", "test"}
    assert "original_shape2D_Elongation" in tables.features
    assert tables.predictions.loc[tables.predictions["set"] == "train", "out_of_fold"].all()


def test_several_rows_of_a_patient_are_pooled() -> None:
    values, y, training = noise(features=6)
    twice = plain(pd.concat([values, values + 1]), np.tile(y, 2), np.tile(training, 2))
    data = pool(twice)
    assert len(data.patients) == N
    np.testing.assert_allclose(data.X.loc[values.index], values + 0.5)


def test_only_patients_of_one_set_with_a_label_are_pooled() -> None:
    rows = pd.DataFrame(
        [
            ("in", "train", 1.0), ("in", "train", 1.0), ("tested", "test", 0.0), ("no label", "train", np.nan),
            ("no set", None, 1.0), ("torn", "train", 0.0), ("torn", "test", 0.0), ("validated", "validation", 1.0),
            ("second", "train", 0.0),
        ],
        columns=["patient_id", "set", "label"],
    )  # fmt: skip
    features = pd.DataFrame(
        {
            "f": [1.0, 4.0, 7.0, 9, 9, 9, 9, 9, 3.5],
            "missing in training": [np.nan, np.nan, 5, 9, 9, 9, 9, 9, np.nan],
            "missing in one": [2.0, np.nan, np.nan, 9, 9, 9, 9, 9, 8],
            "constant": [6.0, 6, 6, 9, 9, 9, 9, 9, 6],
            "tested alone": [np.nan, np.nan, np.nan, 9, 9, 9, 9, 9, np.nan],
        }
    )
    data = pool(Tables(rows, features, pd.DataFrame()))
    assert data.patients.tolist() == ["in", "second", "tested"]
    assert data.y.tolist() == [1, 0, 0]
    assert data.training.tolist() == [True, True, False]
    # the mean of both rows; the median of the training patients 2 and 8
    assert data.X.to_dict("list") == {"f": [2.5, 3.5, 7], "missing in one": [2, 8, 5]}


@pytest.mark.parametrize(("tested", "usable"), [(5, True), (4, False)])
def test_five_patients_of_each_class_and_set_can_be_used(tested: int, usable: bool) -> None:
    y = np.array([0, 1] * 5 + [0] * 5 + [1] * tested)
    data = Pooled(pd.RangeIndex(len(y)), pd.DataFrame(index=range(len(y))), y, np.arange(len(y)) < 10)
    assert data.usable is usable


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"foo": [1, 2], "f": [0.1, 0.2]}, "no column names the patient"),
        ({"ID": ["a", "b"], "label": ["yes", "no"], "f": [1, 2]}, "neither 0 nor 1"),
        ({"ID": ["a", "b"], "set": ["train", "moon"], "f": [1, 2]}, "'moon' names neither"),
        ({"ID": ["a", "a"], "label": [0, 1], "f": [1, 2]}, "a case in one row and a control in another"),
        ({"ID": ["a", "b"], "note": ["x", "y"]}, "no column of numbers"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path: Path, table, message: str) -> None:
    path = tmp_path / "features.csv"
    pd.DataFrame(table).to_csv(path, index=False)
    with pytest.raises(InputError, match=message):
        read_tables([path])


# --- checks ---


def state(sign: checks.Sign) -> str:
    return sign.outcome.state


def test_the_same_patient_in_both_sets() -> None:
    values, y, training = noise(features=6)
    assert state(checks.both_sides(plain(values, y, training))) == "passed"
    values.index = [*values.index[:-1], values.index[0]]
    sign = checks.both_sides(plain(values, y, training))
    assert (sign.outcome.code, state(sign)) == ("LEAK001", "error")
    assert sign.evidence == f"1 patients of {N - 1}"
    assert "1 patients are in both sets, P000 first" in str(sign.outcome.finding)
    values.index = [*values.index[:-1], "p 0"]
    named = str(checks.both_sides(plain(values, y, training)).outcome.finding)
    assert "P000 and p 0 first" in named or "p 0 and P000 first" in named


def views(*labels: int) -> Tables:
    """Two pictures of each patient, the first in training and the second tested; no table says more."""
    names = [f"{number:03d}_{view}" for view in (1, 2) for number in range(len(labels))]
    side = ["train"] * len(labels) + ["test"] * len(labels)
    rows = pd.DataFrame({"patient_id": names, "set": side, "label": [*labels, *labels]})
    nobody = pd.DataFrame(columns=[*rows.columns, "model", "score", "call", "out_of_fold"])
    return Tables(rows, pd.DataFrame({"f": range(len(names))}), nobody)


def test_views_of_a_patient_in_both_sets() -> None:
    sign = checks.both_sides(views(0, 1, 0, 1, 0, 1))
    assert (sign.outcome.code, state(sign)) == ("LEAK001", "error")
    assert sign.evidence == "6 of 6 patients, if the last number of a name is that of a view"
    assert "6 patients have views in both sets, 000_1 and 000_2 first" in str(sign.outcome.finding)
    # views of one patient have one label: these are no views, although only one table tells the labels
    torn = views(0, 1, 0, 1, 0, 1)
    torn.rows.loc[6, "label"] = 1
    scored = torn.rows.assign(label=np.nan, model="LR", score=0.5, call=np.nan, out_of_fold=False)
    assert state(checks.both_sides(Tables(torn.rows, torn.features, scored))) == "passed"


def test_equal_rows_across_the_sets() -> None:
    values, y, training = noise(features=6)
    assert state(checks.same_rows(plain(values, y, training))) == "passed"
    values.iloc[-1] = values.iloc[0]
    sign = checks.same_rows(plain(values, y, training))
    assert (sign.outcome.code, state(sign)) == ("LEAK002", "error")


def test_scaling_on_everyone() -> None:
    values, y, training = noise(features=40)
    on_all = (values - values.mean()) / values.std()
    on_training = (values - values[training].mean()) / values[training].std()
    assert state(checks.scaled_on_everyone(plain(values, y, training))) == "passed"
    assert state(checks.scaled_on_everyone(plain(on_training, y, training))) == "passed"
    sign = checks.scaled_on_everyone(plain(on_all, y, training))
    assert (sign.outcome.code, state(sign)) == ("LEAK003", "error")
    assert "40 of 40" in sign.evidence
    # the test patients by their own mean and deviation: the whole table has mean 0 and deviation 1 as well
    apart = on_training.copy()
    apart[~training] = (values[~training] - values[~training].mean()) / values[~training].std()
    sign = checks.scaled_on_everyone(plain(apart, y, training))
    assert (sign.outcome.code, state(sign)) == ("LEAK003", "error")
    assert "the test rows were scaled on themselves" in str(sign.outcome.finding)
    assert "40 over each set by itself" in sign.evidence


def test_a_univariate_filter_on_everyone() -> None:
    values, y, training = noise(features=1500)
    strength = {"everyone": np.abs(rank_association(values, y)),
                "training": np.abs(rank_association(values[training], y[training]))}  # fmt: skip
    found = {
        name: state(checks.filtered_on_everyone(pool(plain(values.loc[:, size > 2.05], y, training))))
        for name, size in strength.items()
    }
    assert found == {"everyone": "error", "training": "passed"}
    assert state(checks.filtered_on_everyone(pool(plain(values, y, training)))) == "passed"


@pytest.mark.parametrize(
    ("features", "largest", "failing", "expected"),
    [(20, 0.05, 2, "error"), (20, 0.05, 1, "passed"), (20, 0.051, 2, "passed"), (19, 0.05, 2, "not checked")],
)
def test_a_filter_is_told_by_what_passes_on_everyone_and_fails_in_training(
    features: int, largest: float, failing: int, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, y, training = noise(features=features)
    data = pool(plain(values, y, training))

    def p_values(X: np.ndarray, labels: np.ndarray, test: str) -> np.ndarray:
        if test == "mann-whitney":
            return np.full(features, 0.5)
        if len(X) == N:
            return np.linspace(0.01, largest, features)
        return np.where(np.arange(features) < failing, 0.06, 0.05)

    monkeypatch.setattr(checks, "p_values", p_values)
    sign = checks.filtered_on_everyone(data)
    assert state(sign) == expected
    if expected == "error":
        assert sign.evidence == (
            "all 20 features pass a t test (p ≤ 0.05) on everyone, 10% of them fail it in training"
        )


@pytest.mark.parametrize(
    ("features", "p", "expected"), [(3, 0.005, "error"), (3, 0.0051, "passed"), (2, 0.001, "not checked")]
)
def test_selected_features_are_compared_from_three_on(
    features: int, p: float, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, y, training = noise(features=6)
    tables = plain(values, y, training)
    data = pool(tables)
    asked: list[tuple[list[bool], int]] = []

    def excess(values: np.ndarray, y: np.ndarray, training: np.ndarray, chosen: np.ndarray, seed: int):
        asked.append((chosen.tolist(), seed))
        return SelectionExcess(features, 1.5, 0.25, p)

    monkeypatch.setattr(checks, "selection_excess", excess)
    again = Rerun(np.zeros(TRAIN), y[training], 0.61, 0.87)
    sign = checks.selected_on_everyone(data, tables, ["original_glcm_1", "original_glcm_4"], again, seed=7)
    assert state(sign) == expected
    assert asked == [([False, True, False, False, True, False], 7)]
    if expected != "not checked":
        assert sign.evidence.startswith(
            "2 features were selected; 3 of them can be compared: mean association in the test set 1.50 SD, of others"
            " as strong in training 0.25 SD (p 0.005"
        )
        assert sign.evidence.endswith(
            ". Run again here, selection in training reaches a test AUC of 0.61, selection on everyone 0.87"
        )


def test_the_features_are_those_of_the_model_whose_scores_they_explain_best(monkeypatch: pytest.MonkeyPatch) -> None:
    values, y, training = noise(features=3)
    one = plain(values, y, training, np.linspace(0, 1, N))
    scored = pd.concat([one.predictions, one.predictions.assign(model="SVM"), one.predictions.assign(model="RF")])
    shares = iter([0.4, 0.9, 0.5])
    found = iter(np.eye(3, dtype=bool))
    monkeypatch.setattr(checks, "features_behind", lambda data, scores: (next(found), next(shares)))
    chosen, how = checks._chosen(pool(one), Tables(one.rows, one.features, scored), None)
    assert chosen is not None
    assert chosen.tolist() == [False, True, False]
    assert how == "the scores rest on 1 features (R² 0.90)"


def test_features_behind_scores_are_one_for_five_patients_and_found_on_either_scale() -> None:
    # within each set the scores follow feature a; those of the test set lie far above those of training
    values = pd.DataFrame(np.random.default_rng(0).normal(size=(32, 9)), columns=list("abcdefghi"))
    training = np.arange(32) < 20
    for side in (training, ~training):
        ranks = np.arange(side.sum())
        values.loc[side, "a"] = (ranks - ranks.mean()) / ranks.std()
    scores = pd.Series(np.where(training, values["a"], 100 + values["a"]), index=[f"P{i}" for i in range(32)])
    values["a"] += 0.05 * np.random.default_rng(2).normal(size=32)
    data = Pooled(scores.index, values.set_axis(scores.index), np.arange(32) % 2, training)
    behind, share = features_behind(data, scores)
    assert behind[0]
    assert share > 0.99
    # of chance six features explain as much as may be: 32 patients have six fives
    chance = pd.Series(np.random.default_rng(1).normal(size=32), index=scores.index)
    behind, share = features_behind(data, chance)
    assert behind.sum() == 6
    assert 0.1 < share < 0.9
    # nine patients with scores have one; scores of others are not looked at
    few = chance.iloc[:9]
    assert features_behind(data, pd.concat([few, pd.Series([9.0], index=["X"])]))[0].sum() == 1


def test_selection_on_everyone_by_the_names_of_the_features() -> None:
    values, y, training = noise()
    tables = plain(values, y, training)
    data = pool(tables)
    leaky = checks.selected_on_everyone(data, tables, strongest(values, y), None)
    honest = checks.selected_on_everyone(data, tables, strongest(values[training], y[training])[::2], None)
    assert (leaky.outcome.code, state(leaky)) == ("LEAK003", "error")
    assert state(honest) == "passed"


def test_selection_on_everyone_by_the_scores_alone() -> None:
    values, y, training = noise()
    for names, expected in ((strongest(values, y), "error"), (strongest(values[training], y[training])[::2], "passed")):
        tables = plain(values, y, training, model_scores(values, y, training, names))
        data = pool(tables)
        behind, share = features_behind(data, tables.predictions.set_index("patient_id")["score"])
        # the ranks of the scores are not quite linear in the features: one of them may be missed
        assert len(set(names) & set(data.X.columns[behind])) >= len(names) - 1
        assert share > 0.9
        assert state(checks.selected_on_everyone(data, tables, None, None)) == expected


def test_selection_cannot_be_checked_without_a_selection_or_without_others() -> None:
    values, y, training = noise(features=8)
    tables = plain(values, y, training)
    data = pool(tables)
    assert state(checks.selected_on_everyone(data, tables, None, None)) == "not checked"
    assert state(checks.selected_on_everyone(data, tables, list(values), None)) == "not checked"
    with pytest.raises(InputError, match="not in the table"):
        checks.selected_on_everyone(data, tables, ["wavelet_foo"], None)


def test_test_auc_above_the_out_of_fold_one() -> None:
    values, y, training = noise(features=6)
    rng = np.random.default_rng(3)
    alike = 1 / (1 + np.exp(-(rng.normal(size=N) + 0.8 * y)))
    above = np.where(training, rng.random(N), 0.3 * rng.random(N) + 0.5 * y)
    assert state(checks.tested_above_training(plain(values, y, training, alike), None)) == "passed"
    sign = checks.tested_above_training(plain(values, y, training, above), None)
    assert (sign.outcome.code, state(sign)) == ("LEAK005", "error")


def test_images_of_a_patient_count_once() -> None:
    """A patient with two images has the mean of both scores; three times the same images prove no more than once."""
    values, y, training = noise(features=6)
    rng = np.random.default_rng(3)
    score = np.where(training, rng.random(N), 0.7 * rng.random(N) + 0.3 * y)
    once = plain(values, y, training, score)
    scored = once.predictions
    twice = pd.concat([scored.assign(score=score - 0.1), scored.assign(score=score + 0.1)] * 3, ignore_index=True)
    repeated = Tables(once.rows, once.features, twice)
    expected, found = auc_rows(once), auc_rows(repeated)
    pd.testing.assert_frame_equal(found, expected)
    assert found["n"].tolist() == [TRAIN, N - TRAIN]
    evidence = [checks.tested_above_training(tables, None).evidence for tables in (once, repeated)]
    assert evidence[0] == evidence[1]


def one_strength(out_of_fold: bool) -> tuple[Tables, np.ndarray, np.ndarray]:
    """Tables of a model that is as good in training as in the test set; labels and scores of its training patients."""
    values, y, training = noise(features=6)
    score = (np.random.default_rng(3).random(N) + 0.8 * y) / 2
    tables = plain(values, y, training, score)
    scored = tables.predictions.assign(out_of_fold=training & out_of_fold)
    return Tables(tables.rows, tables.features, scored), y[training], score[training]


def test_test_auc_above_that_of_the_selection_run_again() -> None:
    """A model that is run again may be weaker than the tool's own: what it shows is a warning."""
    tables, y, score = one_strength(out_of_fold=False)
    weak, strong = (Rerun(scores, y, 0.5, 0.5) for scores in (np.random.default_rng(4).random(TRAIN), score))
    sign = checks.tested_above_training(tables, weak)
    assert (sign.outcome.code, state(sign)) == ("LEAK005", "warning")
    assert "out of fold, run again here on its features" in sign.evidence
    assert state(checks.tested_above_training(tables, strong)) == "passed"
    assert state(checks.tested_above_training(tables, None)) == "not checked"


def test_own_out_of_fold_scores_count_before_the_selection_run_again() -> None:
    tables, y, _ = one_strength(out_of_fold=True)
    weak = Rerun(np.random.default_rng(4).random(TRAIN), y, 0.5, 0.5)
    assert state(checks.tested_above_training(tables, weak)) == "passed"


def test_two_perfect_aucs_cannot_be_compared() -> None:
    values, y, training = noise(features=6)
    sign = checks.tested_above_training(plain(values, y, training, 0.2 + 0.6 * y), None)
    assert state(sign) == "not checked"
    assert "two AUCs of 1" in sign.outcome.skipped


def test_threshold_from_the_test_set() -> None:
    values, y, training = noise(features=6)
    rng = np.random.default_rng(4)
    score = 1 / (1 + np.exp(-(rng.normal(size=N) + y + np.where(training, 0, 2))))
    tables = plain(values, y, training, score)
    own = youden_threshold(y[training], score[training])
    taken = youden_threshold(y[~training], score[~training])
    assert state(checks.threshold_from_test(tables, own)) == "passed"
    sign = checks.threshold_from_test(tables, taken)
    assert (sign.outcome.code, state(sign)) == ("LEAK004", "error")
    # the decisions tell the threshold where it is not reported
    called = Tables(tables.rows, tables.features, tables.predictions.assign(call=(score >= taken).astype(float)))
    assert state(checks.threshold_from_test(called, None)) == "error"
    assert state(checks.threshold_from_test(tables, None)) == "not checked"
    assert "is not the best of the test set" in checks.threshold_from_test(tables, own).evidence
    assert "is the best of the test set" in sign.evidence
    # a model that cannot be looked at hides none behind it, and of several the worst is shown
    one_class = tables.predictions.assign(model="A", label=np.where(training, y, 1))
    clear = tables.predictions.assign(model="B", score=np.where(training, score, score / 2))
    several = Tables(tables.rows, tables.features, pd.concat([one_class, clear, tables.predictions]))
    assert checks.threshold_from_test(several, taken).evidence.startswith("LR: ")
    alone = checks.threshold_from_test(Tables(tables.rows, tables.features, one_class), taken)
    assert alone.outcome.skipped == "it takes cases and controls with predictions in both sets"
    # a threshold of 0.5 is nobody's choice, even where it happens to be the best
    halved = np.where(training, score, np.clip(score - taken + 0.5, 0, 1))
    assert state(checks.threshold_from_test(plain(values, y, training, halved), 0.5)) == "passed"


@pytest.mark.parametrize(
    ("calls", "threshold"),
    [([0, 0, 1, 1], 0.5), ([0, np.nan, 1, 1], 0.5), ([0, 1, 1, 1], 0.4), ([0, 1, 0, 1], None), ([1, 1, 1, 1], None),
     ([0, 0, 0, 0], None)],
)  # fmt: skip
def test_decisions_tell_the_threshold_where_they_follow_from_one(calls: list[float], threshold: float | None) -> None:
    rows = pd.DataFrame({"call": calls, "score": [0.1, 0.4, 0.5, 0.9]})
    assert checks._threshold_of_calls(rows) == threshold
    # one score with both decisions has none
    assert checks._threshold_of_calls(pd.DataFrame({"call": [0, 1], "score": [0.5, 0.5]})) is None


def test_probabilities_that_are_off() -> None:
    values, _, training = noise(features=6)
    rng = np.random.default_rng(5)
    true = rng.random(N)
    labels = (rng.random(N) < true).astype(int)
    labels[:2] = (0, 1)
    good = checks.calibrated(plain(values, labels, training, true))
    off = checks.calibrated(plain(values, labels, training, np.clip(true, 0, 1) ** 6))
    assert (good.outcome.code, state(good)) == ("CAL001", "passed")
    assert state(off) == "warning"
    assert state(checks.calibrated(plain(values, labels, training))) == "not checked"
    # a score above 1 is no probability
    above = np.where(np.arange(N) == N - 1, 1.5, true)
    assert state(checks.calibrated(plain(values, labels, training, above))) == "not checked"


def test_calibration_without_a_slope() -> None:
    values, y, training = noise(features=6)
    of_one_class = checks.calibrated(plain(values, np.where(training, y, 0), training, np.full(N, 0.3)))
    assert "both classes" in of_one_class.outcome.skipped
    parted = checks.calibrated(plain(values, y, training, 0.2 + 0.6 * y))
    assert "slope without a finite value" in parted.evidence
    assert "nan" not in parted.evidence


# --- from files to findings ---


def test_what_an_audit_says_line_by_line() -> None:
    rows = [("LR", "train", True, 90, 40, 0.8125, 0.7, 0.9), ("LR", "train", False, 90, 40, 0.95, 0.9, 0.99)]
    rows += [("LR", "test", False, 20, 8, 0.75, np.nan, np.nan)]
    names = ["model", "set", "out_of_fold", "n", "events", "auc", "auc_low", "auc_high"]
    signs = (
        checks.Sign("slopes", CAL001.found("warning", "too steep"), "slope 2"),
        checks.Sign("patients", LEAK001.found("error", "one in both"), "1 of 9"),
        checks.Sign("rows", LEAK002.passed(), "0 equal rows"),
        checks.Sign("scaling", LEAK003.skipped("no sets")),
    )
    audit = TableAudit("Read 9.", pd.DataFrame(rows, columns=names), signs)
    leak, slope = audit.findings
    assert (leak.code, slope.code, audit.leaks) == ("LEAK001", "CAL001", ("LEAK001",))
    assert audit.text().split("\n") == [
        "Read 9.",
        "  LR, training, out of fold: AUC 0.812 (0.700 to 0.900), 40 cases of 90",
        "  LR, training: AUC 0.950 (0.900 to 0.990), 40 cases of 90",
        "  LR, test: AUC 0.750 (nan to nan), 8 cases of 20",
        "",
        f"error: {leak}",
        f"warning: {slope}",
        "",
        "Nothing found:",
        "  LEAK002 rows: 0 equal rows",
        "",
        "Not checked:",
        "  LEAK003 scaling: no sets",
    ]
    clear = TableAudit("Read 9.", pd.DataFrame(columns=names), signs[2:3]).text().split("\n")
    assert clear == [
        "Read 9.", "", "No sign of leakage was found. That does not prove that there is none.", "", "Nothing found:",
        "  LEAK002 rows: 0 equal rows",
    ]  # fmt: skip
    table = audit.table()
    assert table["severity"].tolist() == ["warning", "error", "passed", "not checked"]
    assert table["evidence"].tolist() == ["slope 2", "1 of 9", "0 equal rows", "no sets"]
    assert [bool(text) for text in table["remedy"]] == [True, True, False, False]
    record = json.loads(audit.json())
    assert list(record) == ["read", "aucs", "checks", "leaks"]
    assert (record["aucs"][2]["auc"], record["aucs"][2]["auc_low"]) == (0.75, None)
    assert record["leaks"] == ["LEAK001"]


@pytest.mark.parametrize(
    "columns", [{"rank": [1, 2, 3], "Feature name": ["a", None, "b"]}, {"chosen": ["a", None, "b"], "rank": [1, 2, 3]}]
)
def test_selected_features_stand_in_their_column_or_in_the_first(tmp_path: Path, columns: dict[str, list]) -> None:
    path = tmp_path / "selected.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    assert read_selected(path) == ["a", "b"]


def test_what_is_told_reaches_the_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, columns in (("f.csv", {"ID": list("ab"), "f": [1, 2]}), ("s.csv", {"feature": ["f"]})):
        pd.DataFrame(columns).to_csv(tmp_path / name, index=False)
    told: list[object] = []
    monkeypatch.setattr("sonoher2.audit.tables.audit.check_tables", lambda tables, *rest: told.append(rest))
    audit_tables([tmp_path / "f.csv"], selected=tmp_path / "s.csv", threshold=0.4, seed=3)
    audit_tables([tmp_path / "f.csv"])
    assert told == [(["f"], 0.4, 3), (None, None, 0)]


@pytest.fixture
def leaky(tmp_path: Path) -> tuple[Path, Path]:
    """Tables of a pipeline that scaled and selected before the split."""
    values, y, training = noise()
    values = (values - values.mean()) / values.std()
    score = model_scores(values, y, training, strongest(values, y))
    features, predictions = tmp_path / "features.csv", tmp_path / "predictions.csv"
    values.rename_axis("patient_id").to_csv(features)
    side = np.where(training, "train", "test")
    pd.DataFrame({"patient_id": values.index, "set": side, "label": y, "score": score}).to_csv(predictions, index=False)
    return features, predictions


def test_all_faults_of_a_leaky_pipeline_are_named(leaky: tuple[Path, Path]) -> None:
    audit = audit_tables([leaky[0]], [leaky[1]])
    assert audit.leaks.count("LEAK003") == 2
    evidence = audit.table().set_index("looked_for")["evidence"]["features selected on everyone"]
    assert "selection in training reaches a test AUC of" in evidence
    assert list(audit.aucs["set"]) == ["train", "test"]


def test_command_prints_findings_and_writes_a_table(
    leaky: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "checks.csv"
    arguments = ["audit", "table", str(leaky[0]), "--predictions", str(leaky[1])]
    assert run([*arguments, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "error: LEAK003" in text
    assert "Read 160 patients (110 training, 50 test), 300 features" in text
    assert list(pd.read_csv(out).columns) == ["code", "looked_for", "severity", "evidence", "remedy"]
    assert run([*arguments, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert "LEAK003" in record["leaks"]


def test_command_refuses_a_missing_table(tmp_path: Path) -> None:
    assert run(["audit", "table", str(tmp_path / "none.csv")]) == 3
