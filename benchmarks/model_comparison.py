"""The comparison of models on synthetic cohorts, and the same comparison on permuted labels, over many seeds.

Every classical model on every group of features, two networks and the signatures, out of fold and in test. On permuted
labels each of them must have a mean test AUC of 0.5; the best of them all in each run has not, and how high it comes is
what choosing by the test set would have promised. Cohorts run side by side, each in one process; finished ones are
read again. The exit code is 1 when a model's mean test AUC on permuted labels is off 0.5 by more than 0.03.

    python benchmarks/model_comparison.py --patients 210 --seeds 10 --permutations 5
    python benchmarks/model_comparison.py --study examples/bus-bra.yaml --permutations 20
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

from sonoher2.audit.null import audit_null
from sonoher2.config.deep import DeepConfig
from sonoher2.config.load import load_study
from sonoher2.engine import default_workers
from sonoher2.study.analyses.performance.model_comparison import as_models
from sonoher2.synthetic.demo import write_demo_cohort

NETWORKS = ["EfficientNet-Lite0", "EfficientNet-Lite2"]
ALLOWED = 0.03
MODEL = ["family", "model"]


def one_cohort(file: Path, run: Path, permutations: int, jobs: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the AUC of every model and signature of a cohort by run (0 is real), and the best of each run."""
    study = load_study(file)
    deep = DeepConfig(network=NETWORKS)
    selection = study.selection.model_copy(update={"bootstraps": 0})
    # stability measures the patients again and again, and says nothing here
    quick = study.model_copy(update={"deep": deep, "comparison": True, "stability": None, "selection": selection})
    audit = audit_null(quick, run, runs=permutations, jobs=jobs).audits.null
    assert audit is not None
    return pd.concat([audit.models, as_models(audit.runs)])[[*MODEL, "run", "set", "outcome", "auc"]], audit.best


def synthetic_cohort(folder: Path, patients: int, seed: int, permutations: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write a cohort and compare the models on it, in one process."""
    return one_cohort(write_demo_cohort(folder, patients=patients, seed=seed), folder / "run", permutations, jobs=1)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Give the mean AUC, its standard deviation and standard error by model and set, real and permuted."""
    kind = np.where(table["run"] == 0, "real", "permuted")
    found = table.groupby([*MODEL, "set", kind], sort=False)["auc"].agg(["mean", "std", "count"])
    found["se"] = found["std"] / np.sqrt(found["count"])
    return pd.DataFrame(found.unstack([-2, -1]))


def main() -> int:
    """Run, print tables, write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", type=Path, help="one study of real images in place of synthetic cohorts")
    parser.add_argument("--patients", type=int, default=210)
    parser.add_argument("--seeds", type=int, default=10, help="how many cohorts")
    parser.add_argument("--permutations", type=int, default=5, help="of each cohort")
    parser.add_argument("--jobs", type=int, default=default_workers(), help="cohorts at a time, processes of a study")
    parser.add_argument("--folder", type=Path, default=Path("runs/model-comparison"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/model_comparison.json"))
    options = parser.parse_args()
    start = monotonic()
    if options.study:
        found = [one_cohort(options.study, options.folder, options.permutations, options.jobs)]
    else:
        found = Parallel(n_jobs=options.jobs)(
            delayed(synthetic_cohort)(options.folder / f"cohort-{seed}", options.patients, seed, options.permutations)
            for seed in range(options.seeds)
        )
    table, best = (pd.concat(part, ignore_index=True) for part in zip(*found, strict=True))
    models = summary(table)
    by_chance = best[best["run"] > 0].groupby("set")["auc"].agg(["mean", "std", "max", "count"])
    print(models.round(3).to_string())
    print("\nbest of all models on permuted labels\n" + by_chance.round(3).to_string())
    nulls = models[("mean", "test", "permuted")]
    names = [" ".join(map(str, reversed(name))) for name in models.columns]
    record = {
        "cohorts": len(found),
        "patients": None if options.study else options.patients,
        "permutations": options.permutations,
        "seconds": round(monotonic() - start, 1),
        "best_by_chance": by_chance.round(4).reset_index().to_dict("records"),
        "models": models.set_axis(names, axis="columns").round(4).reset_index().to_dict("records"),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"\nfurthest from 0.5 on permuted labels: {nulls.iloc[(nulls - 0.5).abs().argmax()]:.3f}")
    return int(bool(((nulls - 0.5).abs() > ALLOWED).any()))


if __name__ == "__main__":
    sys.exit(main())
