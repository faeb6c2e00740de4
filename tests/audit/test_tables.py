"""The audit of other tools' tables: their layouts, and each check on a table with and without the fault."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from sonoher2.audit.tables import checks
from sonoher2.audit.tables.audit import audit_tables
from sonoher2.audit.tables.pool import pool
from sonoher2.audit.tables.read import Tables, read_tables
from sonoher2.audit.tables.rerun import Rerun, features_behind
from sonoher2.audit.tables.scores import auc_rows
from sonoher2.cli.app import run
from sonoher2.core.errors import InputError
from sonoher2.evaluation.shift.leakage import rank_association
from sonoher2.evaluation.thresholds import youden_threshold

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
    # a threshold of 0.5 is nobody's choice, even where it happens to be the best
    halved = np.where(training, score, np.clip(score - taken + 0.5, 0, 1))
    assert state(checks.threshold_from_test(plain(values, y, training, halved), 0.5)) == "passed"


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
