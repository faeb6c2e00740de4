"""Do the parts add up? The whole study on synthetic cohorts whose best possible AUC is known, over many seeds.

One seed proves nothing: the test set of a cohort of 400 has about 115 patients, and its AUC an error of some 0.05.
Cohorts run side by side, each in one process. The exit code is 1 when the mean test AUCs are not in the order Combined,
DLR, parts, or when that of Combined is more than 0.03 below the best possible.

    python benchmarks/five_signatures.py --patients 400 --seeds 10
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from sonoher2.cohort.demo import write_demo_cohort
from sonoher2.config import DeepConfig, load_study
from sonoher2.study.compute import default_jobs
from sonoher2.study.run import run_study

MODELS = ("ridge", "logistic", "lasso", "svm", "random-forest")
"""A part of the zoo, so that ten cohorts take minutes and not an hour; chosen for speed and kind, not by a result."""


def one_seed(seed: int, patients: int, folder: Path) -> pd.DataFrame:
    """AUC by signature and set of one cohort."""
    study = load_study(write_demo_cohort(folder / f"cohort-{seed}", patients=patients, seed=seed))
    # stability measures the test patients again and again, and says nothing here
    quick = study.model_copy(update={"deep": DeepConfig(), "stability": None, "models": list(MODELS)})
    result = run_study(quick, folder / f"run-{seed}", jobs=1)
    return result.signatures[["signature", "set", "auc"]].assign(seed=seed)


def as_asked(mean: pd.Series, best: float) -> bool:
    """Whether mean test AUCs, by signature, are in order and Combined near the best possible one."""
    parts = mean[["Clinical", "Radiomics", "Deep"]].max()
    return bool(mean["Combined"] > mean["DLR"] > parts and mean["Combined"] > best - 0.03)


def main() -> int:
    """Run, print a table, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=default_jobs(), help="cohorts at a time")
    parser.add_argument("--folder", type=Path, default=Path("runs/five-signatures"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/five_signatures.json"))
    options = parser.parse_args()
    start = monotonic()
    jobs = (delayed(one_seed)(seed, options.patients, options.folder) for seed in range(options.seeds))
    table = pd.concat(Parallel(n_jobs=options.jobs)(jobs))
    summary = table.groupby(["set", "signature"], sort=False)["auc"].agg(["mean", "std", "min", "max", "count"])
    summary["standard_error"] = summary["std"] / np.sqrt(summary["count"])
    truth = json.loads((options.folder / "cohort-0" / "truth.json").read_text(encoding="utf-8"))
    print(summary.round(3).to_string())
    print("best possible:", truth["best_auc"])
    record = {
        "patients": options.patients,
        "seeds": options.seeds,
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
