"""How many labelled cases does a new site need? From a study's run and the validations of its bundle elsewhere.

python benchmarks/recalibration.py RUN VALIDATION [RUN VALIDATION ...]

RUN is the folder of a study, VALIDATION that of `sonoher2 validate RUN/bundle`. Their predictions, the bundle, and how
surely the cohorts are told apart are read. Each patient counts as one group: shared pictures are not looked for again.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import process_time
from typing import Any

import pandas as pd

from sonoher2.bundle.load import load_bundle
from sonoher2.bundle.reference import spaces_seen
from sonoher2.study.analyses.robustness.new_site import DRAWS, repair_table
from sonoher2.study.analyses.robustness.prevalence import prevalence_table

SIZES = (30, 60, 100, 200, 400)
SHOWN = ["signature", "update", "labelled", "n", "expected", "expected_low", "expected_high", "slope", "slope_low",
         "slope_high", "brier", "brier_low", "brier_high", "ece", "worse", "unfitted"]  # fmt: skip


def test_predictions(folder: Path) -> pd.DataFrame:
    """Predictions of a run's test patients, as the analyses take them."""
    table = pd.read_csv(folder / "predictions.csv", dtype={"patient_id": str}, encoding="utf-8-sig")
    return table[table["set"] == "test"].assign(label=table["label_name"])


def one_way(run: Path, there: Path, signatures: list[str], seed: int) -> dict[str, Any]:
    """Figures of one bundle: at home without labels, and elsewhere with none to many."""
    bundle = load_bundle(run / "bundle")
    training = {name: bundle.schema.training_patients[name] for name in bundle.schema.classes}
    home, elsewhere = test_predictions(run), test_predictions(there)
    seen = spaces_seen(bundle.model)
    told = there / "tables" / "domain.csv"
    domain = pd.read_csv(told, encoding="utf-8-sig") if told.is_file() else pd.DataFrame()
    patients = elsewhere["patient_id"].unique()
    groups = pd.Series(range(len(patients)), index=patients)
    chosen = elsewhere[elsewhere["signature"].isin(signatures or [bundle.schema.main])]
    return {
        "trained": bundle.schema.title,
        "main": bundle.schema.main,
        "without labels, at home": _records(prevalence_table(home, training, pd.DataFrame(), seen, seed, 0.95)),
        "without labels, elsewhere": _records(prevalence_table(elsewhere, training, domain, seen, seed, 0.95)),
        "repairs": _records(repair_table(chosen, training, groups, seed, 0.95, SIZES)),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(table.round(4).to_json(orient="records"))
    return records


def main() -> int:
    """Print the tables and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="RUN VALIDATION")
    parser.add_argument("--signature", action="append", default=[], help="to recalibrate; the main one unless told")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/recalibration.json"))
    options = parser.parse_args()
    if len(options.folders) % 2:
        parser.error("give a validation for each run")
    ways = []
    for run, there in zip(options.folders[::2], options.folders[1::2], strict=True):
        found = one_way(run, there, options.signature, options.seed)
        ways.append(found)
        print(f"\n{found['trained']}")
        for name in ("without labels, at home", "without labels, elsewhere"):
            print(f"\n{name}\n{pd.DataFrame(found[name]).to_string(index=False)}")
        print(f"\n{pd.DataFrame(found['repairs'])[SHOWN].round(3).to_string(index=False)}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    record = {"draws": DRAWS, "seconds": round(process_time(), 1), "ways": ways}
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
