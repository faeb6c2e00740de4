"""The whole pipeline on permuted labels: its AUC must be 0.5, or it fools its user.

Real images, real features, labels permuted by patient; a new split, selection, model choice and fusion for each seed.

    python benchmarks/null.py examples/bus-bra.yaml --patients 210 --seeds 20
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
import pandas as pd

from sonoher2.cohort.split import TRAIN as IN_TRAINING
from sonoher2.cohort.split import split_patients
from sonoher2.config import DeepConfig, RadiomicsConfig, RandomSplit, StudyConfig, load_study
from sonoher2.evaluation.discrimination import auc
from sonoher2.fusion.blocks import RADIOMICS
from sonoher2.fusion.signatures import build_signatures
from sonoher2.study.cache import Cache
from sonoher2.study.check import checked_cohort
from sonoher2.study.compute import default_jobs
from sonoher2.study.prepare import Measured, measure_cohort
from sonoher2.study.result import TEST, TRAIN
from sonoher2.study.run import score_patients, study_network, training_set
from sonoher2.study.steps import Workshop, fit_signatures


def measured_subset(study: StudyConfig, patients: int, workshop: Workshop) -> Measured:
    """Measure a random part of a study's patients (all of them with 0)."""
    checked = checked_cohort(study, workshop)
    everyone = checked.cohort.patients
    chosen = everyone.sample(min(patients or len(everyone), len(everyone)), random_state=study.seed).sort_index()
    images = checked.cohort.images
    images = images[images["patient_id"].isin(chosen.index)].reset_index(drop=True)
    cohort = replace(checked.cohort, patients=chosen, images=images)
    return measure_cohort(cohort, study, checked.hashes, workshop, study_network(study))


def null_aucs(measured: Measured, study: StudyConfig, seed: int, workshop: Workshop) -> pd.DataFrame:
    """Permute the labels, run everything, and give the AUC by set and signature."""
    patients = measured.cohort.patients
    permuted = np.random.default_rng(seed).permutation(patients["label"].to_numpy())
    cohort = replace(measured.cohort, patients=patients.assign(label=permuted))
    permuted_cohort = replace(measured, cohort=cohort)
    seeded = study.model_copy(update={"seed": seed, "split": RandomSplit()})
    split = split_patients(cohort.patients, seeded.split, seed)
    in_training = (split.sets.loc[measured.blocks.index] == IN_TRAINING).to_numpy()
    signatures = build_signatures(seeded, cohort.clinical, RADIOMICS in measured.blocks.columns)
    fitted = fit_signatures(signatures, training_set(permuted_cohort, in_training), seeded, workshop)
    scored = score_patients(permuted_cohort, fitted, in_training)
    positive = cohort.classes[1]
    return pd.DataFrame(
        [
            {"seed": seed, "set": subset, "signature": name, "auc": auc(part["label"] == positive, part["score"])}
            for (subset, name), part in scored.groupby(["set", "signature"], sort=False)
        ]
    )


def main() -> int:
    """Run, print a table, write JSON; exit code 1 when a mean test AUC is not within 0.5 +- 0.03."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--patients", type=int, default=210, help="random part of the cohort; 0 for all")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--deep", action="store_true", help="deep features, too: Deep, DLR and Combined")
    parser.add_argument("--cache", type=Path, default=Path("runs/null-cache"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/null.json"))
    options = parser.parse_args()
    # the 1,497 features of the default settings, whatever the study measures
    settings = {"radiomics": RadiomicsConfig(), "deep": DeepConfig() if options.deep else None}
    study = load_study(options.study, options.data).model_copy(update=settings)
    workshop = Workshop(Cache(options.cache), default_jobs())
    measured = measured_subset(study, options.patients, workshop)
    start, runs = monotonic(), []
    for seed in range(options.seeds):
        runs.append(null_aucs(measured, study, seed, workshop))
        print(f"seed {seed}: {monotonic() - start:.0f} s", file=sys.stderr)
    table = pd.concat(runs)
    grouped = table.groupby(["set", "signature"], sort=False)["auc"]
    summary = grouped.agg(["mean", "std", "min", "max", "count"]).assign(
        standard_error=lambda frame: frame["std"] / np.sqrt(frame["count"])
    )
    print(summary.round(3).to_string())
    record = {
        "study": study.title,
        "patients": len(measured.blocks),
        "features": int(measured.features.shape[1]),
        "seeds": options.seeds,
        "seconds": round(monotonic() - start, 1),
        "summary": summary.reset_index().round(4).to_dict("records"),
        "runs": table.round(4).to_dict("records"),
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    tested = summary.loc[TEST, "mean"]
    return int(bool((tested - 0.5).abs().max() > 0.03)) if TRAIN in summary.index else 1


if __name__ == "__main__":
    sys.exit(main())
