"""The audit of another tool's tables, from the files to the findings."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sonoher2.audit.tables import checks
from sonoher2.audit.tables.checks import Sign
from sonoher2.audit.tables.columns import find_column
from sonoher2.audit.tables.pool import pool
from sonoher2.audit.tables.read import Tables, read_tables
from sonoher2.audit.tables.rerun import rerun
from sonoher2.audit.tables.scores import auc_rows, turned_round
from sonoher2.cohort.tables.table import read_table
from sonoher2.core.errors import Finding
from sonoher2.study.results import columns as c

FEATURE = ("feature", "feature name", "features", "name", "")


@dataclass(frozen=True)
class TableAudit:
    """What another tool's tables show.

    Attributes
    ----------
    read
        What was read, and how where it could be read in two ways, in sentences.
    aucs
        AUC of each model and set: see `scores.auc_rows`.
    signs
        One per check.
    """

    read: str
    aucs: pd.DataFrame
    signs: tuple[Sign, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, errors first."""
        found = [sign.outcome.finding for sign in self.signs if sign.outcome.finding is not None]
        return tuple(sorted(found, key=lambda finding: finding.severity != "error"))

    @property
    def leaks(self) -> tuple[str, ...]:
        """Codes of the leaks among the findings."""
        return tuple(finding.code for finding in self.findings if finding.code.startswith("LEAK"))

    def table(self) -> pd.DataFrame:
        """`code, looked_for, severity, evidence, remedy`, one row per check."""
        return pd.DataFrame([_row(sign) for sign in self.signs])

    def json(self) -> str:
        """Everything as JSON; a figure that is not determined is null."""
        aucs = [{str(k): _plain(v) for k, v in row.items()} for row in self.aucs.to_dict("records")]
        record = {"read": self.read, "aucs": aucs, "checks": self.table().to_dict("records"), "leaks": self.leaks}
        return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)

    def text(self) -> str:
        """Everything as lines for the terminal: findings first, then what was clear, then what was not checked."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield self.read
        for row in self.aucs.to_dict("records"):
            whose = "training, out of fold" if row[c.OUT_OF_FOLD] else "training" if row[c.SET] == c.TRAIN else "test"
            yield (
                f"  {row[c.MODEL]}, {whose}: AUC {row[c.AUC]:.3f}"
                f" ({row[c.low(c.AUC)]:.3f} to {row[c.high(c.AUC)]:.3f}), {row[c.EVENTS]} cases of {row[c.N]}"
            )
        yield ""
        for finding in self.findings:
            yield f"{finding.severity}: {finding}"
        if not self.findings:
            yield "No sign of leakage was found. That does not prove that there is none."
        for state, title in (("passed", "Nothing found"), ("not checked", "Not checked")):
            rows = [sign for sign in self.signs if sign.outcome.state == state]
            yield from ["", f"{title}:"] if rows else []
            yield from (f"  {s.outcome.code} {s.looked_for}: {s.evidence or s.outcome.skipped}" for s in rows)


def _row(sign: Sign) -> dict[str, str]:
    finding = sign.outcome.finding
    return {
        c.CODE: sign.outcome.code,
        "looked_for": sign.looked_for,
        "severity": sign.outcome.state,
        "evidence": sign.evidence or sign.outcome.skipped,
        c.REMEDY: finding.fix if finding else "",
    }


def _plain(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def audit_tables(
    features: Sequence[Path],
    predictions: Sequence[Path] = (),
    labels: Sequence[Path] = (),
    selected: Path | None = None,
    threshold: float | None = None,
    seed: int = 0,
) -> TableAudit:
    """Look for signs of leakage in the tables that another tool wrote.

    Parameters
    ----------
    features, predictions, labels
        As in `read_tables`.
    selected
        Table whose column ``feature`` names the selected features.
    threshold
        The reported threshold.
    seed
        Of folds, permutations and bootstrap.

    Raises
    ------
    InputError
        The tables cannot be read, or contradict each other.
    """
    tables = read_tables(features, predictions, labels)
    names = None if selected is None else read_selected(selected)
    return check_tables(tables, names, threshold, seed)


def read_selected(path: Path) -> list[str]:
    """Names of features in the column ``feature`` of a table, or in its first one."""
    table = read_table(path)
    return [str(name) for name in table[find_column(table, FEATURE) or table.columns[0]].dropna()]


def check_tables(
    tables: Tables, selected: list[str] | None = None, threshold: float | None = None, seed: int = 0
) -> TableAudit:
    """Run every check on tables that were read.

    Parameters
    ----------
    tables
        What was read.
    selected
        Names of the selected features, where they are known.
    threshold, seed
        As in `audit_tables`.
    """
    data = pool(tables)
    again = rerun(data, seed) if data.usable else None
    signs = (
        checks.both_sides(tables),
        checks.same_rows(tables),
        checks.scaled_on_everyone(tables),
        checks.filtered_on_everyone(data),
        checks.selected_on_everyone(data, tables, selected, again, seed),
        checks.threshold_from_test(tables, threshold, seed),
        checks.tested_above_training(tables, again),
        checks.calibrated(tables),
    )
    aucs = auc_rows(tables)
    return TableAudit(_read(tables, aucs), aucs, signs)


def _read(tables: Tables, aucs: pd.DataFrame) -> str:
    patients = tables.rows.drop_duplicates(c.PATIENT_ID)
    sets = patients[c.SET].value_counts()
    first = (
        f"Read {len(patients):,} patients ({sets.get(c.TRAIN, 0):,} training, {sets.get(c.TEST, 0):,} test),"
        f" {tables.features.shape[1]:,} features, {len(tables.models)} models with predictions."
    )
    controls_first = [
        f"{model} gives controls higher scores than cases: are they scores of class 0?" for model in turned_round(aucs)
    ]
    return " ".join([first, *tables.notes, *controls_first])
