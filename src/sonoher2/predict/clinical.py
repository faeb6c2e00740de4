"""The clinical values of one patient, typed as the model's training patients were."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from sonoher2.bundle.schema import BundleSchema
from sonoher2.cohort.patients.clinical import parse_column
from sonoher2.cohort.tables.all_errors import raise_errors
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core import columns as c
from sonoher2.core.errors import Finding, InputError
from sonoher2.predict.unseen import refuse_unseen

PATIENT = "patient"
"""Index of the only row of a patient's feature table."""


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
        texts = pd.Series([values.get(key) or None], index=pd.Index([PATIENT], name=c.PATIENT_ID), dtype=object)
        group[key], problems = parse_column(texts, key, column.model_copy(update={"column": None}), key)
        # one patient has no row
        findings += [replace(problem, where=f"clinical value '{key}'") for problem in problems]
    raise_errors(findings)
    found = pd.DataFrame(group)
    refuse_unseen(schema.training, found, "clinical value ")
    return found


def _require_known(columns: Mapping[str, ClinicalColumn], values: Mapping[str, str]) -> None:
    for key in values:
        if key not in columns:
            near = difflib.get_close_matches(key, columns, n=1)
            known = f"Known are: {', '.join(columns)}"
            raise InputError(
                f"the model has no clinical column '{key}'", fix=f"Did you mean '{near[0]}'? {known}" if near else known
            )
