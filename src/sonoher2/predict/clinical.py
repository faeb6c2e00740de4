"""The clinical values of one patient, typed as the model's training patients were."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from sonoher2.bundle.schema import BundleSchema
from sonoher2.bundle.training import LevelSummary
from sonoher2.cohort.patients.clinical import parse_column
from sonoher2.cohort.tables.all_errors import raise_errors
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core import columns as c
from sonoher2.core.errors import Finding, InputError
from sonoher2.predict.unseen import refuse_unseen

PATIENT = "patient"
"""Index of the only row of a patient's feature table."""
_PLUS, _DASH = "+", "-"


def known_clinical(schema: BundleSchema, values: Mapping[str, str]) -> pd.DataFrame:
    """Typed clinical columns of one patient, (1, columns); those not given are missing.

    A spelling of a missing value counts as not given.

    Raises
    ------
    InputError, FindingsError
        A column that the model does not know, a value that cannot be, or a category that no training patient had.
    """
    _require_known(schema.clinical, values)
    group, findings = {}, list[Finding]()
    for key, column in schema.clinical.items():
        texts = pd.Series({PATIENT: values.get(key) or None, **_beside(schema, key)}, dtype=object)
        read, problems = parse_column(texts, key, column, key)
        group[key] = read.loc[[PATIENT]].rename_axis(c.PATIENT_ID)
        # one patient has no row, and whoever asks for a prediction cannot change the study file
        where, fix = f"clinical value '{key}'", _fix(column)
        findings += [replace(problem, where=where, fix=fix) for problem in problems]
    raise_errors(findings)
    found = pd.DataFrame(group)
    refuse_unseen(schema.training, found, "clinical value ")
    return found


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


def _require_known(columns: Mapping[str, ClinicalColumn], values: Mapping[str, str]) -> None:
    for key in values:
        if key not in columns:
            near = difflib.get_close_matches(key, columns, n=1)
            known = f"Known are: {', '.join(columns)}"
            raise InputError(
                f"the model has no clinical column '{key}'", fix=f"Did you mean '{near[0]}'? {known}" if near else known
            )
