"""Do the parts add up? The whole study on synthetic cohorts whose best possible AUC is known, over many seeds.

One seed proves nothing: the test set of a cohort of 400 has about 115 patients, and its AUC an error of some 0.05.
So the best possible AUC is given twice: as its expectation, and as that of the best score in the same patients, which
shares their luck. Cohorts run side by side, each in one process. The exit code is 1 when the mean test AUCs are not in
the order Combined, DLR, parts, or when that of Combined is more than 0.03 below the expectation.

    python benchmarks/five_signatures.py --patients 400 --seeds 10
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from sonoher2.config.deep import DeepConfig
from sonoher2.config.load import load_study
from sonoher2.engine import default_workers
from sonoher2.evaluation.discrimination import auc
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.run import run_study
from sonoher2.synthetic.clinical import AGE_MEAN, AGE_SD, WEEKS_LOG_SD, WEEKS_MEDIAN
from sonoher2.synthetic.demo import write_demo_cohort
from sonoher2.synthetic.signal import CLINICAL_CORRELATION, COEFFICIENTS, MARKS

MODELS = ("ridge", "logistic", "lasso", "svm", "lightgbm")
"""A part of the zoo, so that ten cohorts take minutes and not an hour; chosen for speed and kind, not by a result."""

BEST = "best possible"


def one_seed(seed: int, patients: int, folder: Path) -> pd.DataFrame:
    """AUC by signature and set of one cohort."""
    study = load_study(write_demo_cohort(folder / f"cohort-{seed}", patients=patients, seed=seed))
    # stability measures the test patients again and again, and says nothing here
    quick = study.model_copy(update={"deep": DeepConfig(), "stability": None, "models": list(MODELS)})
    result = run_study(quick, folder / f"run-{seed}", jobs=1)
    found = result.performance.signatures[["signature", "set", "auc"]].assign(seed=seed)
    best = best_scores(folder / f"cohort-{seed}")
    bounds = [_same_patients(result, best, str(name)).assign(seed=seed) for name in best]
    return pd.concat([found, *bounds])


def best_scores(cohort: Path) -> pd.DataFrame:
    """Score of each patient by the formula of the signal: (patients, `BEST` signatures)."""
    truth = pd.read_csv(cohort / "truth.csv", index_col="patient_id")
    table = pd.read_csv(cohort / "clinical.csv", index_col="patient_id").loc[truth.index]
    age, weeks = (pd.to_numeric(table[name], errors="coerce") for name in ("age", "symptom_weeks"))
    # the z-scores that `cohort.synthetic.clinical` made the columns from; one that is missing says nothing
    columns = np.column_stack([(AGE_MEAN - age) / AGE_SD, np.log(WEEKS_MEDIAN / weeks) / WEEKS_LOG_SD])
    seen = {name: (truth[f"z_{name}"].to_numpy()[:, None], correlation) for name, correlation in MARKS.items()}
    picture = COEFFICIENTS["tumour"] * _posterior_mean(seen.values())
    clinical = COEFFICIENTS["clinical"] * _posterior_mean([(columns, CLINICAL_CORRELATION)])
    return pd.DataFrame({f"{BEST} DLR": picture, f"{BEST} Combined": picture + clinical}, index=truth.index)


def _posterior_mean(seen: Iterable[tuple[NDArray[np.float64], float]]) -> NDArray[np.float64]:
    """Mean of a standard normal latent given columns (patients, columns) that measure it, each with its correlation."""
    precision, weighted = np.ones(1), np.zeros(1)
    for columns, correlation in seen:
        precision = precision + correlation**2 / (1 - correlation**2) * (~np.isnan(columns)).sum(axis=1)
        weighted = weighted + correlation / (1 - correlation**2) * np.nansum(columns, axis=1)
    return weighted / precision


def _same_patients(result: StudyResult, best: pd.DataFrame, name: str) -> pd.DataFrame:
    """AUC of the best score in the training and in the test patients of a study."""
    rows = []
    for subset, patients in result.cohort.patients.groupby("set"):
        label = (patients["label"] == "positive").to_numpy(int)
        rows.append({"signature": name, "set": subset, "auc": auc(label, best.loc[patients.index, name].to_numpy())})
    return pd.DataFrame(rows)


def as_asked(mean: pd.Series, best: float) -> bool:
    """Whether mean test AUCs, by signature, are in order and Combined near the best possible one."""
    parts = mean[["Clinical", "Radiomics", "Deep"]].max()
    return bool(mean["Combined"] > mean["DLR"] > parts and mean["Combined"] > best - 0.03)


def main() -> int:
    """Run, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=10, help="how many cohorts")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=default_workers(), help="cohorts at a time")
    parser.add_argument("--folder", type=Path, default=Path("runs/five-signatures"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/five_signatures.json"))
    options = parser.parse_args()
    start = monotonic()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    jobs = (delayed(one_seed)(seed, options.patients, options.folder) for seed in seeds)
    table = pd.concat(Parallel(n_jobs=options.jobs)(jobs))
    summary = table.groupby(["set", "signature"], sort=False)["auc"].agg(["mean", "std", "min", "max", "count"])
    summary["standard_error"] = summary["std"] / np.sqrt(summary["count"])
    truth = json.loads((options.folder / f"cohort-{seeds[0]}" / "truth.json").read_text(encoding="utf-8"))
    print(summary.round(3).to_string())
    print("best possible:", truth["best_auc"])
    record = {
        "patients": options.patients,
        "seeds": list(seeds),
        "models": MODELS,
        "seconds": round(monotonic() - start, 1),
        "best_auc": truth["best_auc"],
        "summary": summary.reset_index().round(4).to_dict("records"),
        "runs": table.round(4).to_dict("records"),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return int(not as_asked(summary.loc["test", "mean"], truth["best_auc"]["combined"]))


if __name__ == "__main__":
    sys.exit(main())
