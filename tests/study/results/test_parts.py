"""The tables that others script against, cell by cell."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd

from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.engine import local_context
from sonoher2.study.results.parts import About, CohortResult, Performance, StudyResult, write_result
from study_facts import CONFIG

PREDICTIONS = pd.DataFrame(
    {
        "patient_id": ["A", "B", "C", "A"],
        "set": [TRAIN_OOF, TEST, TEST, TRAIN_OOF],
        "label": ["negative", "positive", "negative", "negative"],
        "outcome": "positive",
        "signature": ["Clinical", "Clinical", "Clinical", "Radiomics"],
        "score": [0.1, 0.7, 0.4, 0.2],
    }
)


def result() -> StudyResult:
    signatures = pd.DataFrame({"signature": ["Clinical"], "set": [TEST], "auc": [0.75]})
    return StudyResult(
        about=About(CONFIG, "study", ("negative", "positive"), "Clinical", record={"seed": 3}),
        cohort=CohortResult(pd.DataFrame()),
        performance=Performance(PREDICTIONS, pd.DataFrame(), signatures),
    )


def test_scores_are_of_one_signature_and_one_set() -> None:
    performance = result().performance
    y, score = performance.scores("Clinical", TEST, "positive")
    assert (y.tolist(), score.tolist()) == ([1, 0], [0.7, 0.4])
    y, score = performance.scores("Radiomics", TRAIN_OOF, "positive")
    assert (y.tolist(), score.tolist()) == ([0], [0.2])


def test_what_is_written(tmp_path: Path) -> None:
    images = pd.DataFrame({"patient_id": ["A", "B"], "image": ["/x/a.png", "/x/b.png"]})
    features = pd.DataFrame({"area": [1.5, 2.5]})
    store = local_context(tmp_path / "cache", 1).store
    write_result(result(), images, features, tmp_path, store)
    predictions = pd.read_csv(tmp_path / "predictions.csv")
    columns = ["patient_id", "set", "label", "signature", "score", "outcome", "label_name"]
    assert predictions.columns.tolist() == columns
    assert predictions.iloc[1].tolist() == ["B", TEST, 1, "Clinical", 0.7, "positive", "positive"]
    assert predictions["label"].tolist() == [0, 1, 0, 0]
    assert pd.read_csv(tmp_path / "signatures.csv")["auc"].tolist() == [0.75]
    table = pd.read_csv(tmp_path / "features.csv")
    assert table.to_dict("list") == {"patient_id": ["A", "B"], "image": ["a.png", "b.png"], "area": [1.5, 2.5]}
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8")) == {"seed": 3}
    assert not (tmp_path / "checks.csv").exists()


def test_features_are_written_again_when_they_or_the_file_changed(tmp_path: Path) -> None:
    images = pd.DataFrame({"patient_id": ["A"], "image": ["/x/a.png"]})
    store, path = local_context(tmp_path / "cache", 1).store, tmp_path / "features.csv"
    for value in (1.5, 2.5):
        write_result(result(), images, pd.DataFrame({"area": [value]}), tmp_path, store)
        assert pd.read_csv(path)["area"].tolist() == [value]
    path.write_text("spoiled", encoding="utf-8")
    write_result(result(), images, pd.DataFrame({"area": [2.5]}), tmp_path, store)
    assert pd.read_csv(path)["area"].tolist() == [2.5]


def test_a_study_without_images_has_no_features_and_checks_are_written(tmp_path: Path) -> None:
    known = result()
    checks = pd.DataFrame({"code": ["LEAK001"], "result": ["passed"]})
    known = replace(known, checks=replace(known.checks, table=checks))
    images = pd.DataFrame({"patient_id": [], "image": []})
    write_result(known, images, pd.DataFrame(index=images.index), tmp_path, local_context(tmp_path / "cache", 1).store)
    assert not (tmp_path / "features.csv").exists()
    assert pd.read_csv(tmp_path / "checks.csv").to_dict("list") == {"code": ["LEAK001"], "result": ["passed"]}
