"""Every check has its page, and every page its check."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.audit.tables.audit import check_tables
from sonoher2.audit.tables.read import Tables
from sonoher2.study.checks.outcome import Check
from sonoher2.study.checks.registry import CHECKS

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_a_page_with_an_example_and_a_remedy(check: Check) -> None:
    code, text = check.code, (ROOT / check.page).read_text(encoding="utf-8")
    assert text.startswith(f"# {code} {check.title}\n")
    for part in ("**What is looked for.**", "**Example.**", "**Remedy.**", "Severity: "):
        assert part in text
    assert f"    {code} " in text
    assert f"[{code}]({code}.md)" in (ROOT / "docs/checks/index.md").read_text(encoding="utf-8")


def test_pages_and_index_tell_which_checks_an_audit_of_tables_makes() -> None:
    # every check answers, if only that it could not look
    rows = pd.DataFrame({"patient_id": ["a", "b"], "set": ["train", "test"], "label": np.nan})
    nothing = pd.DataFrame(columns=[*rows.columns, "model", "score", "call", "out_of_fold"])
    audit = check_tables(Tables(rows, pd.DataFrame({"f": [0.0, 1.0]}), nothing))
    made = {sign.outcome.code for sign in audit.signs}
    pages = {check.code: (ROOT / check.page).read_text(encoding="utf-8") for check in CHECKS}
    assert {code for code, text in pages.items() if "## In another tool's tables (`audit table`)\n" in text} == made
    index = (ROOT / "docs/checks/index.md").read_text(encoding="utf-8").splitlines()
    rows_of_codes = [line.split("|") for line in index if line.startswith("| [")]
    listed = {cells[1].strip(" [").split("]")[0] for cells in rows_of_codes if "`audit table`" in cells[4]}
    assert listed == made


def test_no_page_without_a_check() -> None:
    pages = {path.stem for path in (ROOT / "docs/checks").glob("*.md")}
    assert pages == {*(check.code for check in CHECKS), "index"}
