"""The clinical values of one patient, typed as the model's training patients were."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from sonoher2.bundle.schema import BundleSchema
from sonoher2.bundle.training import LevelSummary
from sonoher2.cohort.patients.clinical import parse_column
from sonoher2.cohort.reading.text import MISSING, says_nothing
from sonoher2.cohort.tables.all_errors import raise_errors
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core import columns as c
from sonoher2.core.errors import Finding
from sonoher2.core.spelling import folded, plain
from sonoher2.predict.findings import PredictionFinding
from sonoher2.predict.unseen import unseen_categories

PATIENT = "patient"
"""Index of the only row of a patient's feature table."""
_PLUS, _DASH = "+", "-"


def known_clinical(schema: BundleSchema, values: Mapping[str, str]) -> pd.DataFrame:
    """Typed clinical columns of one patient, (1, columns); those not given are missing.

    A spelling of a missing value counts as not given.

    Raises
    ------
    FindingsError
        Columns that the model does not know, values that cannot be, or categories that no training patient had.
    """
    findings = _unknown(schema.clinical, values)
    group = {}
    for key, column in schema.clinical.items():
        texts = pd.Series({PATIENT: values.get(key) or None, **_beside(schema, key)}, dtype=object)
        read, problems = parse_column(texts, key, column, key)
        group[key] = read.loc[[PATIENT]].rename_axis(c.PATIENT_ID)
        # one patient has no row, and whoever asks for a prediction cannot change the study file
        where, fix = f"clinical value '{key}'", _fix(column)
        findings += [replace(problem, where=where, fix=fix) for problem in problems]
    found = pd.DataFrame(group)
    findings += [
        replace(finding, where=f"clinical value '{finding.where}'")
        for finding in unseen_categories(schema.training, found, "")
    ]
    raise_errors(findings)
    return found


def values_not_known(
    schema: BundleSchema, values: Mapping[str, str], clinical: pd.DataFrame
) -> tuple[PredictionFinding, ...]:
    """Name the values that were given and count as not known, since the training patients' table used them so.

    Whoever writes ``9`` may not know that this table wrote it for a value that is not known; `NA` needs no word.

    Parameters
    ----------
    schema
        Of the model.
    values
        As given.
    clinical
        The same from `known_clinical`.
    """
    return tuple(
        PredictionFinding("VALUE_MISSING", {"column": key})
        for key, text in values.items()
        if clinical[key].isna().all() and plain(text) in {plain(one) for one in schema.clinical[key].missing}
        if not (folded(text) in MISSING or says_nothing(text))
    )


def _beside(schema: BundleSchema, key: str) -> dict[str, str]:
    """Give the plus that stood beside a dash in the training patients' table, where the dash was a level there.

    Alone a dash means that nothing is known; beside a plus it is the negative of it.
    """
    training = schema.training.clinical.get(key)
    had_dash = isinstance(training, LevelSummary) and _DASH in training.shares
    return {"training": _PLUS} if had_dash and not schema.clinical[key].levels else {}


def _fix(column: ClinicalColumn) -> str:
    if column.kind == "number":
        unit = f" in {column.unit}" if column.unit else ""
        return f"Give one number{unit}, or leave it out if it is not known"
    if column.levels or column.kind == "yes/no":
        return f"Give {' or '.join(column.levels or ['no', 'yes'])}, or leave it out if it is not known"
    return "Write it as in the training patients' table, or leave it out if it is not known"


def _unknown(columns: Mapping[str, ClinicalColumn], values: Mapping[str, str]) -> list[Finding]:
    """Name the columns that the model does not know."""
    known, findings = f"Known are: {', '.join(columns)}" if columns else "It uses images alone", list[Finding]()
    for key in values:
        if key not in columns:
            near = difflib.get_close_matches(str(key), columns, n=1)
            fix = f"Did you mean '{near[0]}'? {known}" if near else known
            findings.append(Finding("error", f"the model has no clinical column '{key}'", fix=fix))
    return findings
