"""What was found, with the cells that it speaks of."""

from __future__ import annotations

import re

from sonoher2.core.errors import Finding, InputError
from sonoher2.server.studies.drafts.schemas import Cell, FindingView

_CELLS = re.compile(
    r"(?P<table>[^,]+(?:, sheet '[^']*')?)(?:, column '(?P<column>.*?)')?"
    r"(?:, rows? (?P<rows>\d+(?:, \d+)*)(?: and \d+ more)?)?"
)
_KEY = re.compile(r"[a-z_0-9]+(\.[^\s,.]+)*")


def cell_of(where: str) -> Cell | None:
    """Read the place of a finding: cells of a table, or a key of the study file; None for neither.

    Parameters
    ----------
    where
        As `cohort.tables.table.place` writes it, such as ``t.csv, column 'age', rows 3, 4 and 5 more``.
    """
    if _KEY.fullmatch(where) and not re.search(r"\.(csv|tsv|txt|tab|xlsx|xlsm|parquet)$", where):
        return Cell(key=where)
    found = _CELLS.fullmatch(where)
    if found is None or not (found["column"] or found["rows"]):
        return None
    rows = [int(row) for row in (found["rows"] or "").split(", ") if row]
    return Cell(table=found["table"], column=found["column"] or "", rows=rows)


def finding_view(finding: Finding) -> FindingView:
    """Make what is answered of a finding."""
    return FindingView(
        code=finding.code,
        level=finding.severity,
        message=finding.what,
        where=finding.where,
        fix=finding.fix,
        cell=cell_of(finding.where),
    )


def error_views(error: InputError) -> list[FindingView]:
    """Make what is answered of an error, one view for each thing that is wrong."""
    return [finding_view(one) for one in error.findings]
