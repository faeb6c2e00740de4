"""Coverage of the prediction sets over repeated splits of a real cohort, against the coverage asked for.

Everything that a study learns is learned anew in each split: selection, model, calibration, and from the out-of-fold
scores the limits of the sets. Features of the unfiltered image only, and few models, to be quick.

    python benchmarks/conformal.py examples/bus-bra.yaml --splits 20

With --features RUN/features.csv the features of an earlier run are taken instead of measuring the lesions again.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd

from sonoher2.cohort.load import load_cohort
from sonoher2.cohort.split import split_patients
from sonoher2.config.load import load_study
from sonoher2.config.models import ValidationConfig
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.config.selection import SelectionConfig
from sonoher2.config.split import RandomSplit
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST
from sonoher2.engine import local_context
from sonoher2.evaluation.uncertainty.conformal import conformal_quantiles, prediction_sets, set_coverage
from sonoher2.radiomics.lesion import pool_patients
from sonoher2.signatures.feature_table import CLINICAL, RADIOMICS, join_feature_groups
from sonoher2.signatures.registry import build_signatures
from sonoher2.signatures.validation import cross_fit
from sonoher2.study.analyses.performance.uncertainty import SLACK
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.prepare import measure_cohort


def study_table(study: StudyConfig, features: Path | None, cache: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Feature table of all patients, (patients, columns), and the patients themselves."""
    if features is None:
        context = local_context(cache)
        checked = checked_cohort(study, context)
        measured = measure_cohort(checked.cohort, study, checked.hashes, context)
        return measured.feature_table, measured.cohort.patients
    cohort, table = load_cohort(study), pd.read_csv(features, dtype={"patient_id": str})
    kept = [name for name in table.columns if name.startswith(("original_", "ring_original_"))]
    radiomics = pool_patients(table[kept], table["patient_id"]).loc[cohort.patients.index]
    return join_feature_groups(
        {CLINICAL: cohort.patients[list(cohort.clinical)], RADIOMICS: radiomics}
    ), cohort.patients


def one_split(X: pd.DataFrame, patients: pd.DataFrame, study: StudyConfig, coverage: float) -> pd.DataFrame:
    """Coverage in the test set of one split, for each signature and class (-1: all)."""
    in_test = (split_patients(patients, study.split, study.seed).sets.loc[patients.index] == TEST).to_numpy()
    labels, groups = (patients[name].to_numpy(np.int64) for name in ("label", "group"))
    columns = study.clinical.columns
    signatures = build_signatures(study, columns, has_images=True)
    seen, folds = (X[~in_test], labels[~in_test], groups[~in_test]), study.validation.outer_folds
    held_out = cross_fit(signatures, *seen, folds, study.seed)
    tested = signatures.fit(*seen).predict_proba(X[in_test])
    tables = []
    for name, probabilities in tested.items():
        quantiles = conformal_quantiles(seen[1], held_out[name], coverage, SLACK)
        table = set_coverage(labels[in_test], prediction_sets(probabilities, quantiles))
        tables.append(table.assign(signature=name, seed=study.seed))
    return pd.concat(tables)


def main() -> int:
    """Run, print a table, write JSON; exit code 1 when a mean coverage is more than 3 points below what was asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--features", type=Path, help="features.csv of an earlier run")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--coverage", type=float, default=0.9)
    parser.add_argument("--cache", type=Path, default=Path("runs/conformal-cache"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/conformal.json"))
    options = parser.parse_args()
    settings = {
        "radiomics": RadiomicsConfig(filters=["original"]),
        "models": ["logistic"],
        "selection": SelectionConfig(mrmr=10, lasso=False),
        "validation": ValidationConfig(outer_folds=5, inner_folds=3),
        "split": RandomSplit(),
        "stability": None,
    }
    study = load_study(options.study, options.data).model_copy(update=settings)
    X, patients = study_table(study, options.features, options.cache)
    start, tables = monotonic(), []
    for seed in range(options.splits):
        tables.append(one_split(X, patients, study.model_copy(update={"seed": seed}), options.coverage))
        print(f"split {seed}: {monotonic() - start:.0f} s", file=sys.stderr)
    runs = pd.concat(tables)
    grouped = runs.groupby(["signature", "label"], sort=False)
    summary = grouped[["coverage", "single", "several", "empty", "right"]].mean()
    summary["coverage_sd"] = grouped["coverage"].std()
    summary["standard_error"] = summary["coverage_sd"] / np.sqrt(options.splits)
    print(summary.round(3).to_string())
    record = {
        "study": study.title,
        "patients": len(X),
        "columns": int(X.shape[1]),
        "splits": options.splits,
        "asked": options.coverage,
        "seconds": round(monotonic() - start, 1),
        "summary": summary.reset_index().round(4).to_dict("records"),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return int(bool(summary["coverage"].min() < options.coverage - 0.03))


if __name__ == "__main__":
    sys.exit(main())
