"""HER2-low: three classes, and low against zero, through the whole chain with its comparison, report and bundle."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.config.load import load_study
from sonoher2.core.yaml_file import read_yaml
from sonoher2.report.page.html import write_report
from sonoher2.study.run import run_study
from sonoher2.synthetic.demo import write_demo_cohort

SMALL = {
    "radiomics": {"filters": ["original"], "bin_count": 16},
    "models": ["logistic", "naive-bayes"],
    "comparison": True,
    "stability": None,
    "selection": {"bootstraps": 0},
    "validation": {"outer_folds": 3, "inner_folds": 2},
    "evaluation": {"bootstrap": 100},
}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Study file of 90 simulated patients: about 18 HER2 zero, 42 low and 30 positive."""
    return write_demo_cohort(tmp_path_factory.mktemp("cohort"), patients=90, seed=0, size=(64, 64))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "classes", "judged"),
    [
        ("zero-low-positive", ("zero", "low", "positive"), ["zero", "low", "positive", "macro"]),
        ("low-vs-zero", ("zero", "low"), ["low"]),
    ],
)
def test_every_model_is_judged_for_each_class(
    task: str,
    classes: tuple[str, ...],
    judged: list[str],
    cohort: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # explanations take most of such a short run, and are tried elsewhere
    monkeypatch.setattr("sonoher2.explain.feature_shap.ROUNDS", 1)
    monkeypatch.setattr("sonoher2.explain.feature_shap.BACKGROUND", 5)
    settings = read_yaml(cohort) | SMALL
    settings["target"] |= {"task": task}
    file = cohort.with_name(f"{task}.json")
    file.write_text(json.dumps(settings), encoding="utf-8")
    result = run_study(load_study(file), tmp_path, jobs=1)
    assert result.about.classes == classes
    given = pd.read_csv(cohort.parent / "clinical.csv", dtype=str).set_index("patient_id")
    # by ASCO/CAP: zero is IHC 0, low is 1+ or 2+ without amplification, positive is 3+ or 2+ with it
    status = given["her2_ihc"].map({"0": "zero", "1+": "low", "3+": "positive"})
    status = status.fillna(given["her2_ish"].map({"negative": "low", "positive": "positive"}))
    known = status[status.isin(classes)]
    labels = result.cohort.patients["label"]
    assert labels.to_dict() == known.loc[labels.index].to_dict()
    assert len(labels) > 0.8 * len(known)

    table = result.performance.models
    shown = table.groupby("family")["model"].agg(set).to_dict()
    assert shown["Radiomics"] == {"logistic", "naive-bayes"}
    assert {"Clinical", "Radiomics", "Clinical+Radiomics"} <= shown["Signatures"]
    for (_, model, subset), rows in table.groupby(["family", "model", "set"]):
        assert rows["outcome"].tolist() == judged, (model, subset)
        auc = rows.set_index("outcome")["auc"]
        if "macro" in auc:
            assert auc["macro"] == pytest.approx(auc.drop("macro").mean())
    counts = labels.groupby(result.cohort.patients["set"]).value_counts()
    own = table[table["outcome"] != "macro"]
    assert [counts[row.set, row.outcome] for row in own.itertuples()] == own["events"].tolist()
    # the best of all out of fold is compared with nobody
    best = table[table["difference"].isna() & (table["outcome"] != "macro")]
    assert best.groupby("set")["outcome"].agg(list).map(len).to_dict() == {
        "test": len(set(judged) - {"macro"}), "train_oof": len(set(judged) - {"macro"})
    }  # fmt: skip
    assert len({(row.family, row.model) for row in best.itertuples()}) == 1

    page = write_report(result, tmp_path).read_text(encoding="utf-8")
    text = re.sub(r"<[^>]+>", " ", page)
    assert "Comparison of models" in text
    assert all(name in text for name in classes)
    outcomes = load_bundle(tmp_path / "bundle").schema.outcomes
    assert outcomes == ({"low": 1} if len(classes) == 2 else dict(zip(classes, np.arange(3).tolist(), strict=True)))
