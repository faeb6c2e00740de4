"""Where features leave, and how often they are kept."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.signatures.feature_table import first_reader, join_feature_groups, second_reader
from sonoher2.signatures.image_based import FeatureSignature
from sonoher2.signatures.set import SignatureSet
from sonoher2.study.analyses.robustness import selection_stability as stability
from sonoher2.study.fit.training_set import TrainingSet

FINAL = pd.DataFrame({"feature": ["a", "b", "c"], "left_at": ["", "LASSO", "varies"]})


def at(*left: str) -> pd.DataFrame:
    return FINAL.assign(left_at=list(left))


FOLDS = [at("", "", "varies"), at("", "LASSO", "varies"), at("LASSO", "", "varies"), at("", "", "")]
DRAWN = [at("", "", "varies"), at("LASSO", "", "varies")]


class Asked:
    """What the tables ask of a scored study."""

    confidence = 0.95


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setattr(stability, "selections", lambda _: ([FINAL], FOLDS, DRAWN))
    monkeypatch.setattr(stability, "_order", lambda _: ["varies", "LASSO"])
    return Asked()


def test_shares_of_folds_and_of_draws_are_told_apart(scored) -> None:
    table = stability.kept_features(scored)
    assert table.to_numpy().tolist() == [["b", "LASSO", 0.75, 1.0], ["a", "", 0.75, 0.5], ["c", "varies", 0.25, 0.0]]


def test_features_before_and_after_each_step(scored) -> None:
    table = stability.selection_steps(scored)
    assert table.head(4).to_numpy().tolist() == [
        ["final", "varies", 3, 2], ["final", "LASSO", 2, 1],
        ["without fold 1", "varies", 3, 2], ["without fold 1", "LASSO", 2, 2],
    ]  # fmt: skip
    assert table["repeats"].nunique() == 5


def test_index_of_folds_and_of_draws(scored) -> None:
    table = stability.selection_index(scored).set_index("repeats")
    assert table["runs"].tolist() == [4, 2]
    assert table["kept"].tolist() == [pytest.approx(7 / 4), pytest.approx(3 / 2)]
    # draws: shares 0.5, 1, 0; mean variance 2 * 0.25 / 3, by chance 0.5 * 0.5
    assert table.loc["bootstraps", "index"] == pytest.approx(1 - (0.5 / 3) / 0.25)


def test_without_draws_there_is_no_share_and_no_index_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stability, "selections", lambda _: ([FINAL], FOLDS, []))
    assert stability.kept_features(Asked())["in_bootstraps"].isna().all()
    assert stability.selection_index(Asked())["repeats"].tolist() == ["outer folds"]


def test_groups_are_drawn_whole_and_as_many_as_there_are() -> None:
    groups = np.array([0, 0, 1, 2, 3, 3, 3])
    drawn = list(stability.draw_patients(groups, 50, seed=1))
    assert len(drawn) == 50
    for rows in drawn:
        counts = np.bincount(rows, minlength=7)
        assert counts[0] == counts[1]
        assert counts[4] == counts[5] == counts[6]
        assert counts[0] + counts[2] + counts[3] + counts[4] == 4
    again = list(stability.draw_patients(groups, 10, seed=1))
    assert all(np.array_equal(a, b) for a, b in zip(again, drawn[:10], strict=True))


def test_draws_without_a_class_or_without_enough_second_masks_are_left_out() -> None:
    y = np.repeat([0, 1], 20)
    features = pd.DataFrame({"a": np.arange(40.0), "b": 1.0})
    read_twice = features.iloc[:10].reindex(features.index)
    X = join_feature_groups(
        {"radiomics": features, first_reader("radiomics"): read_twice, second_reader("radiomics"): read_twice}
    )
    training = TrainingSet(X, y.astype(np.int64), np.arange(40))
    ten, nine = np.r_[0:10, 30:40], np.r_[0:9, 30:40]
    assert stability.can_select(ten, training, needs_readers=True)
    assert not stability.can_select(nine, training, needs_readers=True)
    assert stability.can_select(np.r_[nine, 3], training, needs_readers=True)
    assert stability.can_select(nine, training, needs_readers=False)
    assert not stability.can_select(np.arange(20), training, needs_readers=False)
    alone = TrainingSet(join_feature_groups({"radiomics": features}), y.astype(np.int64), np.arange(40))
    assert stability.can_select(nine, alone, needs_readers=True)


def test_a_selection_learns_from_the_given_rows_alone() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    features = pd.DataFrame({"constant": 1.0, "tells": rng.normal(size=80) + 3 * y, "noise": rng.normal(size=80)})
    features.loc[40:, "tells"] = rng.normal(size=40)
    X = join_feature_groups({"radiomics": features})
    signature = FeatureSignature(selection=SelectionPipeline(lasso=False, mrmr=None, correlation=None))
    training = TrainingSet(X, y.astype(np.int64), np.arange(80))
    signatures = SignatureSet([("Radiomics", signature)])
    first = stability._select(np.arange(40), training, signatures).set_index("feature")["left_at"]
    assert first.to_dict() == {"constant": "varies", "tells": "", "noise": "mann-whitney, p <= 0.05"}
    second = stability._select(np.arange(40, 80), training, signatures).set_index("feature")["left_at"]
    assert second["constant"] == "varies"
    # where nothing passes the best are kept all the same; both are noise there
    assert second[["tells", "noise"]].tolist() == ["", ""]


@pytest.mark.parametrize("icc", [None, 0.8])
def test_the_selection_is_repeated_on_everybody_without_each_fold_and_on_draws(
    icc: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six training patients in three folds; of four draws the second cannot be used."""
    features = pd.DataFrame({"a": np.arange(6.0)})
    X = join_feature_groups({"clinical": features, "radiomics": features, second_reader("radiomics"): features})
    training = TrainingSet(X, np.array([0, 1] * 3), np.arange(6))
    monkeypatch.setattr(stability, "training_set", lambda measured, in_training: training)
    monkeypatch.setattr(stability, "training_folds", lambda training, study: np.array([0, 1, 2, 2, 1, 0]))
    monkeypatch.setattr(stability, "estimator_key", lambda estimator: "key")
    draws = [np.full(6, number) for number in range(4)]
    asked: list[Any] = []
    monkeypatch.setattr(stability, "draw_patients", lambda *given: asked.append(given) or draws)

    def usable(rows: np.ndarray, known: TrainingSet, *, needs_readers: bool) -> bool:
        assert (known is training, needs_readers) == (True, icc is not None)
        return bool(rows[0] != 1)

    monkeypatch.setattr(stability, "can_select", usable)
    signature = FeatureSignature(selection=SelectionPipeline(icc=icc))

    def mapped(step: Any, items: list[np.ndarray], given: Any, signatures: Any) -> list[list[int]]:
        assert step is stability.SELECTIONS
        seen = given.value.X
        assert seen.columns.get_level_values(0).tolist() == ["radiomics", second_reader("radiomics")]
        assert given.value.y is training.y
        assert given.key[0] is seen
        assert (signatures.value.signatures, signatures.value.harmoniser) == ([("Radiomics", signature)], "harmoniser")
        return [rows.tolist() for rows in items]

    model = SimpleNamespace(signatures=[("Clinical", "c"), ("Radiomics", signature)], harmoniser="harmoniser")
    scored: Any = SimpleNamespace(
        measured=None, in_training=None, model=model, context=SimpleNamespace(map=mapped),
        study=SimpleNamespace(selection=SimpleNamespace(bootstraps=4), seed=9),
    )  # fmt: skip
    final, folds, drawn = stability.selections(scored)
    assert final == [[0, 1, 2, 3, 4, 5]]
    assert folds == [[1, 2, 3, 4], [0, 2, 3, 5], [0, 1, 4, 5]]
    assert drawn == [[number] * 6 for number in (0, 2, 3)]
    [(groups, count, seed)] = asked
    assert (groups is training.groups, count, seed) == (True, 4, 9)


def test_a_single_repeat_has_no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stability, "selections", lambda _: ([FINAL], FOLDS[:1], [*DRAWN, FINAL]))
    [row] = stability.selection_index(Asked()).to_dict("records")  # type: ignore[arg-type]
    assert row["repeats"] == "bootstraps"
    assert row["index_low"] < row["index"] < row["index_high"]


def test_features_that_are_kept_as_often_in_draws_come_by_their_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        stability, "selections", lambda _: ([FINAL], [at("LASSO", "", ""), at("LASSO", "", "LASSO")], [])
    )
    table = stability.kept_features(Asked())  # type: ignore[arg-type]
    assert table["feature"].tolist() == ["b", "c", "a"]
    assert table["in_folds"].tolist() == [1, 0.5, 0]


def test_steps_are_those_of_the_final_selection_in_a_study_with_radiomics() -> None:
    selection = SimpleNamespace(log_=pd.DataFrame({"step": ["varies", "LASSO"]}))

    def scored(selection: Any, bundle: object = None, name: str = "Radiomics") -> Any:
        fitted = {"Radiomics": SimpleNamespace(final_selection=selection)}
        return SimpleNamespace(bundle=bundle, model=SimpleNamespace(fitted_=fitted, signatures=[(name, None)]))

    assert stability._order(scored(selection)) == ["varies", "LASSO"]
    assert stability._order(scored(None)) == []
    for analysis in (stability.FEATURES, stability.STEPS, stability.STABILITY):
        assert analysis.applies(scored(None))
        assert not analysis.applies(scored(None, bundle="a model"))
        assert not analysis.applies(scored(None, name="Clinical"))
    assert stability.STEPS.schema.names == ("repeats", "step", "features_in", "features_out")
    assert stability.STABILITY.schema.names == ("repeats", "runs", "kept", "index", "index_low", "index_high")
