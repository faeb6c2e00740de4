"""The label of each patient, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from sonoher2.cohort.her2.no_result import is_no_result
from sonoher2.cohort.her2.reported import conflicts, unread_reports
from sonoher2.cohort.her2.status import her2_class, her2_classes, her2_statuses, rule_counts
from sonoher2.cohort.patients.clinical import ONE_ROW, one_per_patient
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.table import column, none_if_missing, place, plain
from sonoher2.config.target import ColumnTarget, Her2Target, Her2Task, Target
from sonoher2.core.errors import Finding, InputError


@dataclass(frozen=True)
class Labels:
    """Labels of all patients of a table.

    Attributes
    ----------
    classes
        Names of the labels, in order.
    names
        (patients,) name of the class, None when left out; index `patient_id`, sorted.
    reasons
        (patients,) why a patient is left out, "" for the others.
    findings
        Errors and warnings.
    rule_counts, conflicts
        As in `Cohort`.
    """

    classes: tuple[str, ...]
    names: pd.Series
    reasons: pd.Series
    findings: list[Finding]
    rule_counts: pd.DataFrame = field(default_factory=pd.DataFrame)
    conflicts: pd.DataFrame = field(default_factory=pd.DataFrame)


def patient_labels(table: pd.DataFrame, patient_ids: pd.Series, target: Target, where: str) -> Labels:
    """Label every patient of the clinical table.

    Parameters
    ----------
    table
        As from `read_table`.
    patient_ids
        (rows,) of str, index as `table`.
    target
        What is predicted.
    where
        Name of the table, for findings.

    Raises
    ------
    InputError
        A column or a value of the target is not in the table.
    """
    if isinstance(target, Her2Target):
        return _her2_labels(table, patient_ids, target, where)
    return _column_labels(table, patient_ids, target, where)


def _her2_labels(table: pd.DataFrame, patient_ids: pd.Series, target: Her2Target, where: str) -> Labels:
    statuses, findings = her2_statuses(table, patient_ids, target, where)
    names = statuses[c.STATUS].map(lambda status: her2_class(status, target.task))
    names = none_if_missing(names)
    reasons = [
        "" if name is not None else _her2_reason(status, branch, target.task)
        for name, status, branch in zip(names, statuses[c.STATUS], statuses[c.BRANCH], strict=True)
    ]
    against = conflicts(statuses)
    if len(against):
        what = f"the reported status of {len(against)} patients contradicts the one that follows from IHC and ISH"
        fix = "See the list of conflicts; the label follows IHC and ISH"
        findings.append(Finding("warning", what, f"{where}, column '{target.status}'", fix))
    findings += unread_reports(statuses, f"{where}, column '{target.status}'")
    findings += _discordant(statuses, where)
    findings += _never_ultralow(statuses, target, where)
    counted = rule_counts(statuses)
    return Labels(her2_classes(target.task), names, pd.Series(reasons, names.index), findings, counted, against)


def _never_ultralow(statuses: pd.DataFrame, target: Her2Target, where: str) -> list[Finding]:
    if not target.task.endswith("-vs-null") or (statuses[c.STATUS] == "ultralow").any():
        return []
    what = "no patient is ultralow: the column may not tell ultralow from a score of 0, and HER2-null needs that"
    fix = "Write `ultralow` for staining in at most 10 % of the cells, or choose `task: low-vs-zero`"
    return [Finding("warning", what, f"{where}, column '{target.ihc}'", fix)]


def _her2_reason(status: str, branch: str, task: Her2Task) -> str:
    if status == "indeterminate":
        return f"HER2 indeterminate: {branch}"
    if status == "negative":
        return "HER2 negative by ISH, no IHC score to tell low from zero"
    return f"HER2 {status}, not part of {task.replace('-', ' ')}"


def _discordant(statuses: pd.DataFrame, where: str) -> list[Finding]:
    branches = ("IHC 3+, ISH negative", "IHC 0, ISH positive", "IHC 0 (ultralow), ISH positive", "IHC 1+, ISH positive")
    count = int(statuses[c.BRANCH].isin(branches).sum())
    if not count:
        return []
    what = f"IHC and ISH of {count} patients point in opposite directions; by the guideline they are positive"
    return [Finding("warning", what, where, "See the table of rule branches, and check these reports")]


def _column_labels(table: pd.DataFrame, patient_ids: pd.Series, target: ColumnTarget, where: str) -> Labels:
    texts = column(table, target.column, where)
    keys = texts.map(plain, na_action="ignore")
    positive, negative = _values(target.positive), _values(target.negative)
    for value in (*positive, *negative):
        if plain(value) not in set(keys):
            known = ", ".join(sorted(texts.dropna().unique())[:20])
            what = f"the value '{value}' of the target stands in no row"
            raise InputError(what, where=f"{where}, column '{target.column}'", fix=f"The values are: {known}")
    both = [value for value in positive if plain(value) in map(plain, negative)]
    if both:
        fix = "Name each value once, as `positive` or as `negative`"
        raise InputError(f"the value '{both[0]}' is both positive and negative", where="target", fix=fix)
    classes = _class_names(target)
    merged, findings = one_per_patient(_sides(texts, target), patient_ids, target.column, "refuse", where, ONE_ROW)
    if not negative:
        findings += _rest_is_negative(texts, set(map(plain, positive)), f"{where}, column '{target.column}'")
    names = none_if_missing(merged.map(lambda value: classes[value] if isinstance(value, int) else None))
    missing = f"{target.column} missing"
    reasons = [
        "" if name is not None else missing if value is None else f"{target.column} is {value}"
        for name, value in zip(names, none_if_missing(merged), strict=True)
    ]
    return Labels(classes, names, pd.Series(reasons, names.index), findings)


def _sides(texts: pd.Series, target: ColumnTarget) -> pd.Series:
    """Give the number of each row's class, 0 or 1; the text of a value that is neither, None where there is none.

    A class is no text here, since another value may be written like the name of a class.
    """
    keys = [plain(text) if isinstance(text, str) else None for text in texts]
    # another value is a label too: two rows that say `normal` and `malignant` contradict each other
    rest = {key: text if target.negative else 0 for key, text in zip(keys[::-1], texts[::-1], strict=True)}
    no, yes = (map(plain, _values(given)) for given in (target.negative, target.positive))
    sides: dict[str | None, str | int | None] = {**rest, **dict.fromkeys(no, 0), **dict.fromkeys(yes, 1)}
    return pd.Series([None if key is None else sides[key] for key in keys], texts.index, dtype=object)


def _rest_is_negative(texts: pd.Series, positive: set[str], where: str) -> list[Finding]:
    """List what counts as negative because the study file does not say; a value that is no result stops the study."""
    rest = texts[texts.notna() & ~texts.map(plain, na_action="ignore").isin(positive)]
    counts = rest.value_counts()
    open_ones = [value for value in counts.index if is_no_result(value)]
    findings = []
    if open_ones:
        rows = rest.index[rest.isin(open_ones)]
        what = f"not a clear result, and no `negative` is named: {_counted(counts[open_ones])}"
        fix = (
            f"Name the negative values as `negative`; the others are then left out. The values are: {_counted(counts)}"
        )
        findings.append(Finding("error", what, place(where, rows), fix))
    elif len(counts):
        what = f"taken for negative, since `negative` is not named: {_counted(counts)}"
        findings.append(Finding("note", what, where, "Name the negative values if one of them is not"))
    return findings


def _counted(counts: pd.Series) -> str:
    return ", ".join(f"'{value}' ({number})" for value, number in counts.items())


def _values(given: str | list[str] | None) -> list[str]:
    return [given] if isinstance(given, str) else list(given or [])


def _class_names(target: ColumnTarget) -> tuple[str, str]:
    """Name the classes by the table's own words where there is one word for each."""
    positive, negative = _values(target.positive), _values(target.negative)
    if len(positive) != 1:
        return "negative", "positive"
    if len(negative) == 1:
        return negative[0], positive[0]
    return f"not {positive[0]}", positive[0]
