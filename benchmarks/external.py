"""Train on one public cohort, validate on the other, and the other way round: frozen first, then recalibrated.

python benchmarks/external.py --bus-bra FOLDER --breast FOLDER
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import pandas as pd

from sonoher2.bundle.load import load_bundle
from sonoher2.config.load import load_study
from sonoher2.report.page.html import write_report
from sonoher2.study.external import validate_bundle
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.run import run_study

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
STUDIES = {"bus-bra": EXAMPLES / "bus-bra-external.yaml", "breast": EXAMPLES / "breast-external.yaml"}
FIGURES = ["auc", "auc_low", "auc_high", "calibration_slope", "calibration_intercept", "brier"]


def one_way(trained: str, tested: str, folders: dict[str, Path | None], out: Path, share: float, jobs: int) -> Any:
    """Run one study, validate its bundle on the other cohort, write both reports and give the figures."""
    studies = {name: load_study(path, folders[name]) for name, path in STUDIES.items()}
    run, there = out / trained, out / f"{trained}-on-{tested}"
    result = run_study(studies[trained], run, jobs)
    write_report(result, run)
    external = validate_bundle(load_bundle(run / "bundle"), studies[tested], there, jobs, share)
    write_report(external, there)
    updated, shift = external.external.updated, external.external.shift
    largest = shift.loc[shift["difference"].abs().nlargest(8).index]
    return {
        "trained": trained,
        "tested": tested,
        "main": external.about.main,
        "training": _rows(result, "train_oof"),
        "test": _rows(result, "test"),
        "frozen": _rows(external, "test"),
        "coverage": _records(external.uncertainty.coverage),
        "zones": _records(external.uncertainty.zones),
        "updating": _records(updated.figures if updated else pd.DataFrame()),
        "largest shift": _records(largest),
    }


def _rows(result: StudyResult, subset: str) -> list[dict[str, Any]]:
    rows = result.performance.signatures[result.performance.signatures["set"] == subset]
    return _records(rows[["signature", "n", "events", *FIGURES]])


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(table.round(4).to_json(orient="records"))
    return records


def main() -> int:
    """Run both ways, print the figures and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bus-bra", type=Path)
    parser.add_argument("--breast", type=Path)
    parser.add_argument("--share", type=float, default=0.3, help="of the new cohort, to recalibrate on")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--runs", type=Path, default=Path("runs/external"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/external.json"))
    options = parser.parse_args()
    folders = {"bus-bra": options.bus_bra, "breast": options.breast}
    start, ways = monotonic(), []
    for trained, tested in (("breast", "bus-bra"), ("bus-bra", "breast")):
        found = one_way(trained, tested, folders, options.runs, options.share, options.jobs)
        ways.append(found)
        print(f"\ntrained on {trained}, tested on {tested}")
        print(pd.DataFrame(found["frozen"]).to_string(index=False))
        print(pd.DataFrame(found["updating"]).to_string(index=False))
        print(f"{monotonic() - start:.0f} s", file=sys.stderr)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    record = {"share": options.share, "seconds": round(monotonic() - start, 1), "ways": ways}
    options.out.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
