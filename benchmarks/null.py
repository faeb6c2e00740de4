"""The null audit of a study, with its figures as JSON: mean test AUC on permuted labels must be 0.5 +- 0.03.

python benchmarks/null.py examples/bus-bra-210.yaml --runs 20 --cheap --out runs/bus-bra-210
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import monotonic

from sonoher2.audit.null import audit_null
from sonoher2.config.load import load_study
from sonoher2.core.columns import TEST
from sonoher2.report.page.html import write_report


def main() -> int:
    """Run, print a table, write JSON; exit code 1 when a mean test AUC is not within 0.5 +- 0.03."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--cheap", action="store_true", help="the smallest network, frozen")
    parser.add_argument("--out", type=Path, default=Path("runs/null"), help="folder of the study's run")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results/null.json"))
    options = parser.parse_args()
    start = monotonic()
    study = load_study(options.study, options.data)
    result = audit_null(study, options.out, runs=options.runs, jobs=options.jobs, cheap=options.cheap)
    seconds = round(monotonic() - start, 1)
    audit = result.audits.null
    if audit is None:
        raise RuntimeError("the null audit left no result")
    print(audit.summary.round(3).to_string(index=False))
    print(f"Report: {write_report(result, options.out)}")
    record = {
        "study": study.title,
        "patients": len(result.cohort.patients),
        **audit.settings,
        "seconds": seconds,
        "summary": audit.summary.round(4).to_dict("records"),
        "runs": audit.runs.round(4).to_dict("records"),
    }
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    tested = audit.summary.loc[audit.summary["set"] == TEST, "mean"]
    return int(bool((tested - 0.5).abs().max() > 0.03))


if __name__ == "__main__":
    sys.exit(main())
