"""What can be said of a study before anything is fitted: is it large enough, whole and fair."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import pandas as pd

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.power import auc_half_width
from sonoher2.cohort.split import Split
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.all_errors import raise_errors
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import Her2Target
from sonoher2.core.columns import TEST, TRAIN
from sonoher2.core.errors import Finding
from sonoher2.core.spelling import plural

EXPECTED_AUC = 0.75
"""External AUC that the literature reports for HER2 from B-mode images is 0.70 to 0.85."""
SMALLEST_CLASS = 10
"""Training patients per class; with fewer, nested cross-validation has folds without one."""
MOST_MISSING = 0.3

Subject = Literal["patients", "clinical", "images", "HER2", "checks", "shortcuts"]


@dataclass(frozen=True)
class CheckRow:
    """One line of the check.

    Attributes
    ----------
    subject
        What it is about.
    what
        What was counted.
    value
        The count, as text.
    """

    subject: Subject
    what: str
    value: str


@dataclass(frozen=True)
class CheckReport:
    """Everything that the check has to say.

    Attributes
    ----------
    rows
        Lines of a table.
    findings
        Errors, warnings and notes: those of reading the tables, of the split, of the images and of the check.
    coded
        What the coded checks found (docs/checks); none of it stops a study.
    """

    rows: tuple[CheckRow, ...]
    findings: tuple[Finding, ...]
    coded: tuple[Finding, ...] = ()

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Findings with which the study cannot run."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def text(self) -> str:
        """Lines and findings as a table for the terminal."""
        width = max((len(row.what) for row in self.rows), default=0)
        lines: list[str] = []
        for subject in dict.fromkeys(row.subject for row in self.rows):
            lines += ["", subject]
            lines += [f"  {row.what:<{width}}  {row.value}" for row in self.rows if row.subject == subject]
        for severity in ("error", "warning", "note"):
            found = [str(finding) for finding in (*self.findings, *self.coded) if finding.severity == severity]
            lines += ["", f"{severity}s", *(f"  - {text}" for text in found)] if found else []
        return "\n".join(lines).strip()

    def json(self) -> str:
        """Lines (`rows`) and findings (`findings`, the coded ones last) for other programs."""
        found = [asdict(finding) for finding in (*self.findings, *self.coded)]
        return json.dumps({"rows": [asdict(row) for row in self.rows], "findings": found}, ensure_ascii=False)

    def raise_errors(self) -> None:
        """Stop a study that cannot run.

        Raises
        ------
        FindingsError
            At least one finding is an error; all of them are listed.
        """
        raise_errors(list(self.findings))


def check_cohort(config: StudyConfig, cohort: Cohort, split: Split, records: Sequence[ImageRecord] = ()) -> CheckReport:
    """Check a cohort against what the study is about to do with it.

    Parameters
    ----------
    config
        The study.
    cohort
        As from `load_cohort`.
    split
        Of its patients.
    records
        One per row of `cohort.images`, as from `image_record`; without them images are not looked at.
    """
    rows = [*_flow_rows(cohort), *_class_rows(cohort, split), *_precision_rows(cohort, split)]
    findings = [*cohort.findings, *split.findings, *enough_patients(config, cohort, split)]
    for part in (
        _variables(cohort, split),
        _missing(cohort, split),
        _image_rows(cohort, records),
        _pixel_sizes(config, records),
        _her2(config, cohort),
    ):
        rows += part[0]
        findings += part[1]
    return CheckReport(tuple(rows), tuple(findings))


Part = tuple[list[CheckRow], list[Finding]]


def class_counts(cohort: Cohort, split: Split) -> dict[str, list[int]]:
    """Count the patients of each class, in order, by set."""
    sets = split.sets.reindex(cohort.patients.index)
    labels = cohort.patients[c.LABEL].to_numpy()
    return {
        subset: np.bincount(labels[(sets == subset).to_numpy()], minlength=len(cohort.classes)).tolist()
        for subset in (TRAIN, TEST)
    }


def enough_patients(config: StudyConfig, cohort: Cohort, split: Split) -> list[Finding]:
    """Find classes that are missing or too small to learn from or to test on.

    Parameters
    ----------
    config
        The study.
    cohort
        As from `load_cohort`.
    split
        Of its patients.
    """
    counts = class_counts(cohort, split)
    totals = [sum(both) for both in zip(counts[TRAIN], counts[TEST], strict=True)]
    here = [f"{total} {name}" for total, name in zip(totals, cohort.classes, strict=True)]
    found = f"{sum(totals)} patients with a label: {', '.join(here)}"
    if 0 in totals:
        fix = "A study needs patients of every class; see the flow of patients for those that were left out"
        return [Finding("error", f"only one class is left ({found})", "target", fix)]
    folds = config.validation
    findings = []
    for name, training, test in zip(cohort.classes, counts[TRAIN], counts[TEST], strict=True):
        smallest_fold = training - -(-training // folds.outer_folds)
        if training < SMALLEST_CLASS:
            what = f"{training} training patients are {name}, and at least {SMALLEST_CLASS} are needed ({found})"
            findings.append(Finding("error", what, "split", "Add patients, or choose a smaller test set"))
        elif training < folds.outer_folds or smallest_fold < folds.inner_folds:
            what = f"{training} training patients are {name}: too few for {folds.outer_folds} outer folds"
            fix = "Set `validation` to fewer outer and inner folds"
            findings.append(Finding("error", f"{what} with {folds.inner_folds} inner folds", "validation", fix))
        if test == 0:
            what = f"no test patient is {name} ({found})"
            findings.append(Finding("error", what, "split", "Choose a split with all classes on both sides"))
        elif test < SMALLEST_CLASS:
            what = f"only {test} test patients are {name}: intervals on the test set will be very wide"
            findings.append(Finding("warning", what, "split", "Add patients, or rely on the out-of-fold results"))
    return findings


def _flow_rows(cohort: Cohort) -> list[CheckRow]:
    if not cohort.flow:
        return []
    first = CheckRow("patients", "in the table", str(cohort.flow[0].patients))
    return [first, *(CheckRow("patients", f"left out: {s.reason}", str(s.left_out)) for s in cohort.flow if s.left_out)]


def _class_rows(cohort: Cohort, split: Split) -> list[CheckRow]:
    rows = []
    for (_, numbers), title in zip(class_counts(cohort, split).items(), ("training", "test"), strict=True):
        total = sum(numbers)
        parts = [
            f"{name} {number} ({100 * number / max(total, 1):.0f} %)"
            for name, number in zip(cohort.classes, numbers, strict=True)
        ]
        rows.append(CheckRow("patients", f"{title}, {total}", ", ".join(parts)))
    return rows


def _precision_rows(cohort: Cohort, split: Split) -> list[CheckRow]:
    """Say how wide the test AUC's 95 % interval will be, so that nobody expects more of this cohort."""
    test = class_counts(cohort, split)[TEST]
    rows = []
    for code in cohort.outcomes:
        positives, negatives = test[code], sum(test) - test[code]
        if positives and negatives:
            width = auc_half_width(EXPECTED_AUC, positives, negatives)
            what = f"95 % interval of a test AUC of {EXPECTED_AUC} for {cohort.classes[code]}"
            low, high = EXPECTED_AUC - width, min(EXPECTED_AUC + width, 1.0)
            rows.append(CheckRow("patients", what, f"about {low:.2f} to {high:.2f} (± {width:.3f})"))
    return rows


def _variables(cohort: Cohort, split: Split) -> Part:
    """Events per variable of the clinical model; the check SIZE001 judges them."""
    variables = count_variables(cohort)
    if not variables:
        return [], []
    events = min(class_counts(cohort, split)[TRAIN])
    ratio = events / variables
    return [
        CheckRow("clinical", "events per variable", f"{ratio:.1f} ({events} events, {plural(variables, 'variable')})")
    ], []


def count_variables(cohort: Cohort) -> int:
    """Parameters that the clinical columns need: a category of k levels k - 1, every other column one."""
    levels = [
        int(cohort.patients[name].nunique()) if declared.kind == "category" else 2
        for name, declared in cohort.clinical.items()
    ]
    return sum(max(number - 1, 1) for number in levels)


def _missing(cohort: Cohort, split: Split) -> Part:
    training = cohort.patients[(split.sets.reindex(cohort.patients.index) == TRAIN).to_numpy()]
    rows: list[CheckRow] = []
    findings: list[Finding] = []
    for name in cohort.clinical:
        values, where = training[name], f"clinical.columns.{name}"
        missing = int(cohort.patients[name].isna().sum())
        if missing:
            share = missing / len(cohort.patients)
            rows.append(CheckRow("clinical", f"{name} missing", f"{missing} ({100 * share:.0f} %)"))
            if share > MOST_MISSING:
                what = f"{100 * share:.0f} % of the patients have no value; it is filled in from the others"
                findings.append(Finding("warning", what, where, "Consider leaving the column out"))
        if values.isna().all():
            findings.append(Finding("error", "no training patient has a value", where, "Remove the column"))
        elif values.nunique() == 1:
            what = "all training patients have the same value"
            findings.append(Finding("warning", what, where, "The column tells nothing; remove it"))
    return rows, findings


def _image_rows(cohort: Cohort, records: Sequence[ImageRecord]) -> Part:
    if cohort.images.empty:
        return [], []
    per_patient = cohort.images.groupby(c.PATIENT_ID).size()
    several = int((per_patient > 1).sum())
    rows = [CheckRow("images", "images", f"{len(cohort.images)} ({several} patients with more than one)")]
    read = [record for record in records if not record.problem]
    if not read:
        return rows, []
    levels = pd.Series([record.grey_levels for record in read])
    rows.append(CheckRow("images", "grey levels", f"median {levels.median():.0f}, fewest {levels.min()}"))
    marked = sum(record.marked for record in read)
    if marked:
        rows.append(CheckRow("images", "marks on the lesion", f"{marked} of {len(read)} images"))
    groups = int(cohort.patients[c.GROUP].duplicated(keep=False).sum())
    rows.append(CheckRow("images", "patients who share a picture or an identifier", str(groups)))
    return rows, []


def _pixel_sizes(config: StudyConfig, records: Sequence[ImageRecord]) -> Part:
    read = [record for record in records if not record.problem]
    if not read:
        return [], []
    known = [record for record in read if record.mm_per_pixel is not None]
    rows = [CheckRow("images", "mm per pixel known", f"{len(known)} of {len(read)} images")]
    if config.radiomics.unit is not None:
        rows.append(CheckRow("images", "lengths and areas are measured in", config.radiomics.unit))
    return rows, []


def _her2(config: StudyConfig, cohort: Cohort) -> Part:
    rows = [
        CheckRow("HER2", f"{row.branch}: {row.status}", str(row.patients)) for row in cohort.rule_counts.itertuples()
    ]
    compared = isinstance(config.target, Her2Target) and config.target.status is not None
    if compared or len(cohort.conflicts):
        rows.append(CheckRow("HER2", "reported status contradicts the rule", str(len(cohort.conflicts))))
    return rows, []
