"""A whole small study: what it writes, that it leaks nothing, that it resumes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from sonoher2.config.load import load_study
from sonoher2.core.errors import FindingsError, InputError
from sonoher2.study.run import run_study
from sonoher2.synthetic.demo import write_demo_cohort

SIGNATURES = {"Clinical", "Radiomics", "Clinical+Radiomics"}


def entries(run: Path) -> dict[str, int]:
    """Every finished piece of work and when it was written."""
    cache = run / "cache"
    return {str(path.relative_to(cache)): path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}


def models_of_the_ledger(run: Path) -> list[str]:
    return [opening["model"] for opening in json.loads((run / "ledger.json").read_text())]


def test_writes_the_promised_tables(finished) -> None:
    signatures = pd.read_csv(finished.run / "signatures.csv")
    assert list(signatures.columns[:7]) == ["signature", "set", "n", "events", "auc", "auc_low", "auc_high"]
    assert set(signatures["signature"]) == SIGNATURES
    assert set(signatures["set"]) == {"train_oof", "test"}
    predictions = pd.read_csv(finished.run / "predictions.csv")
    assert list(predictions.columns[:5]) == ["patient_id", "set", "label", "signature", "score"]
    features = pd.read_csv(finished.run / "features.csv")
    assert list(features.columns[:2]) == ["patient_id", "image"]
    assert "original_shape2D_Elongation" in features
    assert (finished.run / "bundle" / "manifest.json").is_file()


def test_every_patient_is_scored_once_by_each_signature(finished) -> None:
    predictions = pd.read_csv(finished.run / "predictions.csv")
    split = json.loads((finished.run / "split.json").read_text())["patients"]
    for _, rows in predictions.groupby("signature"):
        assert sorted(rows["patient_id"]) == sorted(split)
        sets = rows.set_index("patient_id")["set"].map({"train_oof": "train", "test": "test"})
        assert sets.to_dict() == split
    assert predictions["score"].between(0, 1).all()


def test_the_table_of_signatures_is_computed_from_the_predictions(finished) -> None:
    predictions = pd.read_csv(finished.run / "predictions.csv")
    signatures = pd.read_csv(finished.run / "signatures.csv").set_index(["signature", "set"])
    for (signature, subset), rows in predictions.groupby(["signature", "set"]):
        row = signatures.loc[(signature, subset)]
        assert row["n"] == len(rows)
        assert row["events"] == rows["label"].sum()
        assert row["auc"] == pytest.approx(roc_auc_score(rows["label"], rows["score"]))
        positive = rows["score"] >= row["threshold"]
        assert row["sensitivity"] == pytest.approx(positive[rows["label"] == 1].mean())


def test_thresholds_come_from_training_patients_alone(finished) -> None:
    predictions = pd.read_csv(finished.run / "predictions.csv")
    signatures = pd.read_csv(finished.run / "signatures.csv").set_index(["signature", "set"])
    for signature in SIGNATURES:
        assert signatures.loc[(signature, "train_oof"), "threshold"] == signatures.loc[(signature, "test"), "threshold"]
        rows = predictions[(predictions["signature"] == signature) & (predictions["set"] == "train_oof")]
        y, score = rows["label"].to_numpy(), rows["score"].to_numpy()
        cuts = np.unique(score)
        youden = [(score[y == 1] >= cut).mean() + (score[y == 0] < cut).mean() for cut in cuts]
        chosen = signatures.loc[(signature, "test"), "threshold"]
        reached = (score[y == 1] >= chosen).mean() + (score[y == 0] < chosen).mean()
        assert reached == pytest.approx(max(youden))


def test_labels_of_test_patients_change_no_model(finished, tmp_path: Path) -> None:
    # the same cohort with the HER2 results of all test patients swapped: every score must stay as it is
    folder = tmp_path / "cohort"
    write_demo_cohort(folder, patients=60, seed=0, size=(80, 80))
    split = json.loads((finished.run / "split.json").read_text())["patients"]
    table = pd.read_csv(folder / "clinical.csv", dtype=str, keep_default_na=False)
    tested = table["patient_id"].map(split) == "test"
    positive = table["her2_ihc"].str.startswith("3") | (table["her2_ish"] == "positive")
    table.loc[tested, "her2_ihc"] = np.where(positive[tested], "0", "3+")
    table.loc[tested, "her2_ish"] = ""
    table["set"] = table["patient_id"].map(split).fillna("train")
    table.to_csv(folder / "clinical.csv", index=False)
    study = folder / "study.yaml"
    text = finished.file.read_text(encoding="utf-8")
    study.write_text(
        text.replace("split: {kind: random, test_share: 0.3}", "split: {kind: given, column: set, test: [test]}")
    )
    swapped = run_study(load_study(study), tmp_path / "run", jobs=1)
    before = finished.result.performance.predictions.set_index(["patient_id", "signature", "set"]).sort_index()
    after = swapped.performance.predictions.set_index(["patient_id", "signature", "set"]).sort_index()
    assert (before["label"] != after["label"]).groupby("set").mean().to_dict() == {"test": 1.0, "train_oof": 0.0}
    np.testing.assert_array_equal(before["score"], after["score"])
    assert swapped.performance.thresholds.equals(finished.result.performance.thresholds)


def test_second_run_computes_nothing_and_opens_the_test_set_once(
    small_study_file: Path, finished, tmp_path: Path
) -> None:
    run = tmp_path / "run"  # a copy: the second run keeps its own times with the results
    shutil.copytree(finished.run, run)
    before, table = entries(run), run / "features.csv"
    written = table.stat().st_mtime_ns
    # other tests open the same cohort with other models, and the ledger beside the data knows them all
    ledger = small_study_file.parent / ".sonoher2-ledger.json"
    known = ledger.read_text(encoding="utf-8")
    again = run_study(load_study(small_study_file), run, jobs=1)
    assert entries(run) == before
    assert again.performance.predictions.equals(finished.result.performance.predictions)
    assert ledger.read_text(encoding="utf-8") == known
    own = finished.result.about.record["ledger"][-1]["model"]
    assert models_of_the_ledger(run).count(own) == 1
    assert table.stat().st_mtime_ns == written


def test_a_damaged_table_of_features_is_written_anew(small_study_file: Path, finished, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished.run, run)
    table = run / "features.csv"
    whole = table.read_bytes()
    table.write_bytes(whole[:1000])
    run_study(load_study(small_study_file), run, jobs=1)
    assert table.read_bytes() == whole


def test_another_seed_of_the_bootstrap_refits_no_model(small_study_file: Path, finished, tmp_path: Path) -> None:
    study = load_study(small_study_file)
    evaluation = study.evaluation.model_copy(update={"bootstrap": 150})
    run = tmp_path / "run"
    shutil.copytree(finished.run, run)
    before = entries(run)
    run_study(study.model_copy(update={"evaluation": evaluation}), run, jobs=1)
    added = {name.split("/")[0] for name in set(entries(run)) - set(before)}
    assert added == {"signatures"}


def test_killed_run_resumes(small_study_file: Path, finished, tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "sonoher2", "run", str(small_study_file), "--out", str(run), "--jobs", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list((run / "cache").glob("features/*.zip")):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (run / "run.json").exists()
    kept = entries(run)
    ledger = small_study_file.parent / ".sonoher2-ledger.json"
    known = ledger.read_text(encoding="utf-8")
    resumed = run_study(load_study(small_study_file), run, jobs=1)
    after = entries(run)
    assert {name: after[name] for name in kept if "/." not in name} == {
        name: time for name, time in kept.items() if "/." not in name
    }
    pd.testing.assert_frame_equal(resumed.performance.predictions, finished.result.performance.predictions)
    # fitted anew, the model is the same to the byte: nobody is told that a second model met the test set
    assert resumed.about.record["sha256"] == finished.result.about.record["sha256"]
    assert ledger.read_text(encoding="utf-8") == known
    assert (run / "bundle" / "manifest.json").read_bytes() == (finished.run / "bundle" / "manifest.json").read_bytes()


def test_tampered_split_is_refused(small_study_file: Path, finished, tmp_path: Path) -> None:
    record = json.loads((finished.run / "split.json").read_text())
    patient = next(iter(record["patients"]))
    record["patients"][patient] = "test" if record["patients"][patient] == "train" else "train"
    (tmp_path / "split.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="changed since it was drawn"):
        run_study(load_study(small_study_file), tmp_path, jobs=1)


def test_all_unusable_images_are_named_at_once(tmp_path: Path) -> None:
    study = write_demo_cohort(tmp_path / "cohort", patients=30, seed=0, size=(64, 64))
    images = sorted((tmp_path / "cohort" / "images").glob("*.png"))
    images[0].write_bytes(b"no picture")
    images[1].write_bytes(images[1].read_bytes()[:300])
    with pytest.raises(FindingsError) as caught:
        run_study(load_study(study), tmp_path / "run", jobs=1)
    assert images[0].name in str(caught.value)
    assert images[1].name in str(caught.value)
    assert not (tmp_path / "run" / "report.html").exists()


def test_run_record_holds_what_the_result_depends_on(finished) -> None:
    record = json.loads((finished.run / "run.json").read_text())
    assert record["synthetic"] is True
    assert set(record["seconds"]) == {
        "image networks", "cohort", "features", "checks", "networks", "models", "evaluation", "analyses",
        "explanations",
    }  # fmt: skip
    assert len(record["tables"]["clinical.csv"]) == 64
    assert record["machine"]["scikit-learn"]
    assert record["settings"]["models"] == ["logistic", "naive-bayes"]
    assert str(finished.run.parent) not in json.dumps(record)
