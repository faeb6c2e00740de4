"""The figures of each run of an audit, and which labels a run is given; on tables of a few rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.audit import null
from sonoher2.audit.set_up import auc_table, model_aucs, of_signatures
from sonoher2.evaluation.compare.permutation import permute_labels


def scored(signature: str, subset: str, scores: list[float], **more: object) -> pd.DataFrame:
    """Two controls and two cases."""
    rows = pd.DataFrame({"label": ["no", "no", "yes", "yes"], "score": scores})
    return rows.assign(signature=signature, set=subset, outcome="yes", **more)


def predictions() -> pd.DataFrame:
    of_models = {"family": "Models", "model": "svm"}
    return pd.concat(
        [
            scored("B", "train_oof", [0.1, 0.2, 0.3, 0.4]),
            scored("B", "test", [0.1, 0.3, 0.2, 0.4]),
            scored("A", "test", [0.4, 0.3, 0.2, 0.1]),
            scored("Models: svm", "test", [0.3, 0.2, 0.1, 0.4], **of_models),
            scored("Other: svm", "test", [0.1, 0.2, 0.3, 0.4], family="Other", model="svm"),
        ]
    )


def test_auc_of_each_signature_and_set_in_their_order() -> None:
    found = auc_table(of_signatures(predictions()), 3)
    assert found.columns.tolist() == ["run", "signature", "set", "outcome", "auc"]
    assert found.to_numpy().tolist() == [
        [3, "B", "train_oof", "yes", 1.0],
        [3, "B", "test", "yes", 0.75],
        [3, "A", "test", "yes", 0.0],
    ]


def test_models_of_a_comparison_are_apart() -> None:
    found = model_aucs(predictions(), 2)
    assert found.columns.tolist() == ["run", "family", "model", "set", "outcome", "auc"]
    assert found.to_numpy().tolist() == [
        [2, "Models", "svm", "test", "yes", 0.5],
        [2, "Other", "svm", "test", "yes", 1.0],
    ]
    plain = predictions()[["signature", "set", "outcome", "label", "score"]]
    assert model_aucs(plain, 2).empty
    assert len(of_signatures(plain)) == 20


@pytest.mark.parametrize("known", [True, False])
def test_real_labels_are_run_unless_their_predictions_are_known(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, table = list[Any](), predictions()

    def refit(bench: Any, todo: Any, context: Any, label: str) -> Any:
        asked.append((bench, todo, context, label))
        real = [float(run.number == 0) for run in todo]
        return [(run.number, table.assign(score=table["score"] * kept)) for run, kept in zip(todo, real, strict=True)]

    monkeypatch.setattr(null, "refit", refit)
    labels, groups = np.arange(8) % 2, np.array([0, 1, 2, 2, 4, 5, 6, 7])
    patients = pd.DataFrame({"label": labels, "group": groups})
    measured = SimpleNamespace(cohort=SimpleNamespace(patients=patients))
    inside = np.arange(8) < 5
    study = SimpleNamespace(deep=None if known else SimpleNamespace(network=["ViT"]), seed=11)
    bench: Any = SimpleNamespace(measured=measured, in_training=inside, study=study)
    context: Any = "here"
    audit = null.null_audit(bench, 2, context, predictions() if known else None)
    [(given, todo, where, label)] = asked
    assert (given, where, label) == (bench, "here", "Null runs")
    expected = {number: permute_labels(labels, groups, inside, seed=number) for number in (1, 2)}
    expected = expected if known else {0: labels} | expected
    assert [run.number for run in todo] == list(expected)
    for run in todo:
        np.testing.assert_array_equal(run.labels, expected[run.number])
    assert audit.settings == {"permutations": 2, "network": "" if known else "['ViT']", "seed": 11}
    assert audit.runs["run"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert audit.models["run"].tolist() == [0, 0, 1, 1, 2, 2]
    # scores that are all equal have an AUC of one half
    row = audit.summary.set_index(["signature", "set"]).loc[("B", "test")]
    assert row[["real", "runs", "mean", "p"]].tolist() == [0.75, 2, 0.5, pytest.approx(1 / 3)]
