"""The audits in the report: figures and tables of simulated audits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.audit.null import summarise as summarise_null
from sonoher2.audit.simulated_signal import summarise as summarise_planted
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.page.html import write_report
from sonoher2.study.audits import Audits, NullAudit, PlantedAudit
from sonoher2.study.results import StudyResult
from study_results import changed


def null_audit(result: StudyResult, runs: int = 20) -> NullAudit:
    """Null distributions of the width that 90 test patients give."""
    rng = np.random.default_rng(0)
    keys = result.performance.signatures[result.performance.signatures["outcome"] != "macro"][
        ["signature", "set", "outcome", "auc"]
    ]
    tables = [keys.assign(run=0)] + [keys.assign(run=i, auc=rng.normal(0.5, 0.06, len(keys))) for i in range(1, runs)]
    table = pd.concat(tables, ignore_index=True)
    return NullAudit(table, summarise_null(table), {"permutations": runs, "network": "", "cheap": False})


def planted_audit(runs: int = 10) -> PlantedAudit:
    rng = np.random.default_rng(1)
    share = {"Clinical": 0.45, "Radiomics": 0.5, "Deep": 0.4, "DLR": 0.6, "Clinical+Radiomics": 0.7, "Combined": 0.8}
    rows = [
        {"run": run, "signature": name, "set": subset, "auc": 0.5 + 0.37 * found, "best": 0.87, "share": found}
        for run in range(runs)
        for name, mean in share.items()
        for subset in (TRAIN_OOF, TEST)
        for found in [mean + rng.normal(0, 0.1)]
    ]
    table = pd.DataFrame(rows)
    settings = {"strength": 2.0, "mixture": {"clinical": 1.0, "radiomics": 1.0, "deep": 1.0}}
    return PlantedAudit(table, summarise_planted(table), settings)


@pytest.mark.parametrize("kind", ["two_class", "three_class"])
def test_report_shows_the_audits(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    result = request.getfixturevalue(kind)
    audits = Audits(null_audit(result), planted_audit())
    page = write_report(changed(result, audits=audits), tmp_path).read_text(encoding="utf-8")
    assert 'id="fig-null"' in page
    assert 'id="fig-planted"' in page
    table = pd.read_csv(tmp_path / "tables" / "null.csv")
    assert len(table) == len(audits.null.summary)
    assert "cannot be below 0.050" in page
    assert len(pd.read_csv(tmp_path / "tables" / "planted.csv")) == 12


def test_a_cheap_audit_says_so(two_class: StudyResult, tmp_path: Path) -> None:
    audit = null_audit(two_class)
    cheap = replace(audit, settings={"cheap": True, "network": "EfficientNet-Lite0"})
    page = write_report(changed(two_class, audits=Audits(cheap)), tmp_path).read_text(encoding="utf-8")
    assert "replaced by a small frozen one" in page


def test_no_audit_no_section(two_class: StudyResult, tmp_path: Path) -> None:
    assert 'id="audits"' not in write_report(two_class, tmp_path).read_text(encoding="utf-8")
