"""A pipeline that leaks on purpose, beside an honest one, on noise; and whether `audit table` tells them apart.

The leaky pipeline selects features on all patients and draws the split afterwards, as much radiomics software does;
the honest one draws the split first. Both then fit the same model on the training patients. On noise the true AUC is
0.5. Both write the tables that such software leaves behind, and the audit of other tools' tables reads them. A third,
honest pipeline on data with real signal shows whether signal is mistaken for a leak.

    python benchmarks/leaky.py --seeds 20
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import warnings
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from sonoher2.audit.tables.audit import TableAudit, audit_tables
from sonoher2.core.progress import track
from sonoher2.evaluation.discrimination import auc
from sonoher2.selection.pipeline import SelectionPipeline

PATIENTS, CASES, FEATURES, SIGNAL = 210, 70, 1500, 5


def patients(seed: int, signal: bool) -> tuple[pd.DataFrame, np.ndarray]:
    """Noise (patients, features) and labels (patients,); with signal, a few features differ by 0.6 SD."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat([1, 0], [CASES, PATIENTS - CASES]))
    values = rng.normal(size=(PATIENTS, FEATURES))
    if signal:
        values[:, :SIGNAL] += 0.6 * y[:, None]
    names = [f"original_feature_{i:04d}" for i in range(FEATURES)]
    return pd.DataFrame(values, index=[f"P{i:03d}" for i in range(PATIENTS)], columns=names), y


def fit_score(X: pd.DataFrame, y: np.ndarray, shown: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Probabilities of all patients by a model on `train` whose features were selected on `shown`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        selection = SelectionPipeline().fit(X.iloc[shown], y[shown])
        model = LogisticRegression(C=0.1, max_iter=1000).fit(selection.transform(X.iloc[train]), y[train])
    return model.predict_proba(selection.transform(X))[:, 1]


def pipeline(X: pd.DataFrame, y: np.ndarray, seed: int, leaky: bool) -> pd.DataFrame:
    """Predictions of one pipeline; the training patients are scored by the model that they made."""
    rows = np.arange(len(y))
    train, test = train_test_split(rows, test_size=0.3, stratify=y, random_state=seed)
    own = fit_score(X, y, rows if leaky else train, train)
    side = np.where(np.isin(rows, test), "test", "train")
    return pd.DataFrame({"patient_id": X.index, "set": side, "label": y, "model": "LR", "score": own})


def audited(X: pd.DataFrame, predictions: pd.DataFrame) -> TableAudit:
    """Write the tables and audit them, as a user would."""
    with tempfile.TemporaryDirectory() as folder:
        features, scores = Path(folder) / "features.csv", Path(folder) / "predictions.csv"
        X.rename_axis("patient_id").to_csv(features)
        predictions.to_csv(scores, index=False)
        return audit_tables([features], [scores])


def one(seed: int, kind: str) -> dict[str, object]:
    """Run one pipeline on one sample: its AUCs and what the audit says."""
    X, y = patients(seed, signal=kind == "honest, signal")
    table = pipeline(X, y, seed, leaky=kind == "leaky, noise")
    aucs = {side: auc(rows["label"], rows["score"]) for side, rows in table.groupby("set")}
    audit = audited(X, table)
    selection = next(sign for sign in audit.signs if sign.looked_for == "features selected on everyone")
    return {
        "seed": seed,
        "pipeline": kind,
        "auc_train": round(aucs["train"], 4),
        "auc_test": round(aucs["test"], 4),
        "leaks": list(audit.leaks),
        "selection": selection.evidence,
    }


def main() -> int:
    """Run, print a table, write JSON; exit code 1 when a leak is missed or more than one clean table is accused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/leaky.json"))
    options = parser.parse_args()
    start = monotonic()
    kinds = ("leaky, noise", "honest, noise", "honest, signal")
    jobs = [(seed, kind) for seed in range(options.seeds) for kind in kinds]
    with threadpool_limits(limits=1):
        runs = pd.DataFrame([one(*job) for job in track(jobs, "Pipelines", len(jobs))])
    runs["flagged"] = runs["leaks"].map(len) > 0
    summary = runs.groupby("pipeline", sort=False).agg(
        auc_train=("auc_train", "mean"),
        auc_test=("auc_test", "mean"),
        auc_test_sd=("auc_test", "std"),
        flagged=("flagged", "sum"),
        seeds=("seed", "count"),
    )
    print(summary.round(3).to_string())
    record = {
        "patients": PATIENTS,
        "cases": CASES,
        "features": FEATURES,
        "seconds": round(monotonic() - start, 1),
        "summary": summary.reset_index().round(4).to_dict("records"),
        "runs": runs.to_dict("records"),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    flagged = summary["flagged"]
    missed = flagged["leaky, noise"] < options.seeds
    accused = flagged["honest, noise"] + flagged["honest, signal"] > 1
    return int(missed or accused)


if __name__ == "__main__":
    sys.exit(main())
