"""Right outcomes of the kinds about patients and pictures on both sides."""

from __future__ import annotations

from pathlib import Path

from field.command import DONE, sonoher2


def faults_leak001_ragged_ids(folder: Path) -> None:
    outcome = sonoher2("check", folder / "study.yaml")
    assert outcome.code == DONE
    assert "Internal error" not in outcome.text
    line = next(line for line in outcome.out.splitlines() if "LEAK001" in line)
    assert line.split()[-1] == "passed"


def tables_audit_views_split(folder: Path) -> None:
    outcome = sonoher2("audit", "table", "rad_features.csv", "--labels", "label.csv", "--predictions", "pred.csv")
    assert outcome.code == DONE
    assert "No sign of leakage was found" not in outcome.text
    text = " ".join(outcome.text.split())
    assert "LEAK001" in text
    assert "patients have views in both sets, 003_1 and 003_2 first" in text
