"""HER2 status of a patient from raw immunohistochemistry (IHC) and in-situ hybridisation (ISH), never guessed.

The rule is the guideline of the American Society of Clinical Oncology and the College of American Pathologists:
Wolff et al., J Clin Oncol 2018, doi 10.1200/JCO.2018.77.8738, and its 2023 update, doi 10.1200/JCO.22.02864. The
update affirms the algorithm of 2018, so both names give the same status; HER2-low is in neither a result of its own,
but follows from the IHC score that both report. `docs/her2-rules.md` explains every branch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from sonoher2.cohort.her2.cell import GROUPS, Ish, read_ihc, read_ish, read_ish_number
from sonoher2.cohort.her2.columns import headers_of, read_columns
from sonoher2.cohort.patients.clinical import ONE_ROW, one_per_patient
from sonoher2.cohort.tables import columns as c
from sonoher2.config.target import Her2Target, Her2Task
from sonoher2.core.errors import Finding

__all__ = [
    "Her2Result", "her2_class", "her2_classes", "her2_status", "her2_statuses", "ish_finding", "ish_group",
    "read_ihc", "read_ish", "read_ish_number", "recounted", "rule_counts",
]  # fmt: skip

Status = Literal["positive", "low", "ultralow", "zero", "negative", "indeterminate"]
"""`ultralow`: a score of 0 with some staining; `negative`: not positive, and without an IHC score nothing finer."""

IHC_SCORES = ("0", "1+", "2+", "3+", "missing")

_BRANCHES: dict[Ish, tuple[Status, Status, Status, Status, Status]] = {
    # IHC                          0                1+               2+               3+          missing
    "no ISH":                    ("zero",          "low",           "indeterminate", "positive", "indeterminate"),
    "ISH positive":              ("positive",      "positive",      "positive",      "positive", "positive"),
    "ISH negative":              ("zero",          "low",           "low",           "positive", "negative"),
    "ISH group 2":               ("zero",          "low",           "low",           "positive", "indeterminate"),
    "ISH group 3":               ("zero",          "low",           "positive",      "positive", "indeterminate"),
    "ISH group 4":               ("zero",          "low",           "low",           "positive", "indeterminate"),
    "ISH equivocal":             ("zero",          "low",           "indeterminate", "positive", "indeterminate"),
    "ISH ratio >= 2.0 without copies": ("indeterminate", "indeterminate", "indeterminate", "positive", "indeterminate"),
    "ISH ratio < 2.0 without copies":  ("zero",          "low",           "indeterminate", "positive", "indeterminate"),
    "ISH contradicts itself":    ("indeterminate", "indeterminate", "indeterminate", "positive", "indeterminate"),
}  # fmt: skip

_NAMED_GROUPS = GROUPS[1:4]
_NEGATIVES = ("low", "ultralow", "zero", "negative")
_TASKS: dict[Her2Task, dict[str, str]] = {
    "positive-vs-negative": {"positive": "positive", **dict.fromkeys(_NEGATIVES, "negative")},
    "low-vs-zero": {"low": "low", "ultralow": "zero", "zero": "zero"},
    "zero-low-positive": {"zero": "zero", "ultralow": "zero", "low": "low", "positive": "positive"},
    "low-ultralow-vs-null": {"low": "low-ultralow", "ultralow": "low-ultralow", "zero": "HER2-null"},
    "ultralow-vs-null": {"ultralow": "ultralow", "zero": "HER2-null"},
}
_CLASSES: dict[Her2Task, tuple[str, ...]] = {
    "positive-vs-negative": ("negative", "positive"),
    "low-vs-zero": ("zero", "low"),
    "zero-low-positive": ("zero", "low", "positive"),
    "low-ultralow-vs-null": ("HER2-null", "low-ultralow"),
    "ultralow-vs-null": ("HER2-null", "ultralow"),
}
_MOST_COPIES = 25.0
"""More in one cell can hardly be counted, and clusters are given as about 20: a larger number is of all cells."""


@dataclass(frozen=True)
class Her2Result:
    """HER2 status of one patient.

    Attributes
    ----------
    status
        ``positive``, ``low``, ``ultralow``, ``zero``, ``negative`` (not known which of these) or ``indeterminate``.
    branch
        Of the rule, in short: ``IHC 2+, ISH group 3``.
    """

    status: Status
    branch: str


def her2_classes(task: Her2Task) -> tuple[str, ...]:
    """Names of a task's labels, in order."""
    return _CLASSES[task]


def her2_class(status: Status, task: Her2Task) -> str | None:
    """Class of a status in a task, or None when the task leaves such patients out."""
    return _TASKS[task].get(status)


def ish_group(ratio: float, copies: float) -> int:
    """Group 1 to 5 of a dual-probe ISH (Wolff et al. 2018, figure 3).

    Parameters
    ----------
    ratio
        HER2 to CEP17.
    copies
        Mean HER2 copies per cell.
    """
    if ratio >= 2.0:
        return 1 if copies >= 4.0 else 2
    if copies >= 6.0:
        return 3
    return 4 if copies >= 4.0 else 5


def ish_finding(word: Ish | None, ratio: float | None, copies: float | None, *, follows_2018: bool = False) -> Ish:
    """Sum up what is known of a patient's ISH.

    Numbers go before a word, which may rest on an older guideline. Where the numbers leave the group open, the word
    settles it if every guideline lets it mean one group: ``negative`` with a ratio of 2.0 or more can only be group 2,
    ``positive`` with a lower ratio only group 3. ``Positive`` with a ratio of 2.0 or more, or with 4.0 to below 6.0
    copies of a single probe, was called so in 2013 what is not positive today: it settles nothing unless the words are
    known to follow the guideline of 2018. Where both numbers are known, a word that excludes them contradicts. A word
    that names group 2, 3 or 4 tells of a ratio that was known: it stands where the copies allow that group, and
    contradicts where the numbers make it another one.

    Parameters
    ----------
    word
        As from `read_ish`.
    ratio
        HER2 to CEP17.
    copies
        Mean HER2 copies per cell.
    follows_2018
        Whether the words are known to follow the guideline of 2018 or 2023.
    """
    if ratio is None and copies is None:
        return word or "no ISH"
    if ratio is not None and copies is not None:
        return _dual(word, GROUPS[ish_group(ratio, copies) - 1])
    return _single(word, copies or 0.0, follows_2018) if ratio is None else _ratio_alone(word, ratio, follows_2018)


def _dual(word: Ish | None, counted: Ish) -> Ish:
    opposite = {"ISH positive": "ISH negative", "ISH negative": "ISH positive"}
    excluded = word != counted if word in _NAMED_GROUPS else word is not None and opposite.get(counted) == word
    return "ISH contradicts itself" if excluded else counted


def _single(word: Ish | None, copies: float, follows_2018: bool) -> Ish:
    if word in _NAMED_GROUPS:
        # with these copies the ratio makes group 1 or 3, 1 or 4, 2 or 5
        return _dual(word, GROUPS[2 if copies >= 6.0 else 3 if copies >= 4.0 else 1])
    if 4.0 <= copies < 6.0:
        # 4.0 to below 6.0 copies need a dual probe or the IHC score
        settled = word is not None and (word != "ISH positive" or follows_2018)
        return word if settled and word else "ISH equivocal"
    return _dual(word, "ISH positive" if copies >= 6.0 else "ISH negative")


def _ratio_alone(word: Ish | None, ratio: float, follows_2018: bool) -> Ish:
    if ratio >= 2.0:
        settled: dict[Ish | None, Ish] = {"ISH negative": "ISH group 2", "ISH group 2": "ISH group 2"}
        if follows_2018:
            settled["ISH positive"] = "ISH positive"
        excluded = {"ISH group 3", "ISH group 4"}
        left: Ish = "ISH ratio >= 2.0 without copies"
    else:
        settled = {"ISH positive": "ISH group 3", "ISH negative": "ISH negative"}
        settled |= {"ISH group 3": "ISH group 3", "ISH group 4": "ISH group 4"}
        excluded = {"ISH group 2"}
        left = "ISH ratio < 2.0 without copies"
    return "ISH contradicts itself" if word in excluded else settled.get(word, left)


def recounted(ihc: str | None, first: Ish, second: Ish, result: Ish | None) -> Ish:
    """Weigh a second observer's count of an ISH in group 2, 3 or 4, which the guideline asks for with IHC 2+.

    A recount that stays in its group confirms it. One that moves to another group needs a decision between both: the
    final `result` where the table has one; else both counts must lead to the same status.

    Parameters
    ----------
    ihc
        As from `read_ihc`.
    first, second
        Both counts, as from `ish_finding`; ``no ISH`` without a recount.
    result
        The final result, as from `read_ish`.
    """
    if first not in _NAMED_GROUPS:
        return first
    if result is not None:
        return result
    if second == "no ISH" or her2_status(ihc, second).status == her2_status(ihc, first).status:
        return first
    return "ISH contradicts itself"


def her2_status(ihc: str | None, ish: Ish) -> Her2Result:
    """Apply the guideline to one patient.

    Parameters
    ----------
    ihc
        As from `read_ihc`; None when missing.
    ish
        As from `ish_finding`.
    """
    score = "missing" if ihc is None else ihc.removesuffix(" (ultralow)")
    status = _BRANCHES[ish][IHC_SCORES.index(score)]
    if status == "zero" and ihc == "0 (ultralow)":
        status = "ultralow"
    return Her2Result(status, f"IHC {ihc or 'missing'}, {ish}")


def her2_statuses(
    table: pd.DataFrame, patient_ids: pd.Series, target: Her2Target, where: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """HER2 status of every patient.

    Parameters
    ----------
    table
        The clinical table, as from `read_table`.
    patient_ids
        (rows,) of str, index as `table`.
    target
        Columns, rule and map of spellings.
    where
        Name of the table, for findings.

    Returns
    -------
    (patients,): `status`, `branch` and `reported` (str or None), index `patient_id`, sorted; and findings about
    columns that are unknown, cells that cannot be read or were read with a doubt, and patients whose rows differ.
    """
    rows, findings = read_columns(table, target, where)
    headers = {name: header for name, (_, header) in headers_of(target).items()} | {c.REPORTED: target.status}
    patients = pd.DataFrame(index=pd.Index(sorted(patient_ids.unique()), name=c.PATIENT_ID))
    for name in map(str, rows.columns):
        header = headers.get(name) or target.ihc
        patients[name], unequal = one_per_patient(rows[name], patient_ids, header, "refuse", where, ONE_ROW)
        findings += unequal
    for copies, ratio in ((c.COPIES, c.RATIO), ("recount_copies", "recount_ratio")):
        header = headers[copies] or target.ihc
        findings += _counts_over_all_cells(patients[copies], patients[ratio], f"{where}, column '{header}'")
    results = [tests.result(target) for tests in _tests(patients)]
    findings += _recount_findings(patients, target, where)
    findings += _word_and_ratio(patients, target, where)
    patients[c.STATUS] = [result.status for result in results]
    patients[c.BRANCH] = [result.branch for result in results]
    return patients[[c.STATUS, c.BRANCH, c.REPORTED]], findings


@dataclass(frozen=True)
class _Tests:
    """What was read of one patient, under the names of the columns of `read_columns`."""

    ihc: str | None
    ish: Ish | None
    ratio: float | None
    copies: float | None
    reported: str | None
    recount_ratio: float | None = None
    recount_copies: float | None = None
    recount_result: Ish | None = None

    def first_count(self, target: Her2Target) -> Ish:
        return ish_finding(self.ish, self.ratio, self.copies, follows_2018=target.ish_rule is not None)

    def result(self, target: Her2Target) -> Her2Result:
        found = self.first_count(target)
        if target.recount is not None:
            second = ish_finding(None, self.recount_ratio, self.recount_copies)
            found = recounted(self.ihc, found, second, self.recount_result)
        return her2_status(self.ihc, found)


def _tests(patients: pd.DataFrame) -> list[_Tests]:
    return [_Tests(**{str(name): value for name, value in row.items()}) for row in patients.to_dict("records")]


def _recount_findings(patients: pd.DataFrame, target: Her2Target, where: str) -> list[Finding]:
    """Tell of patients whose ISH the guideline wants counted again, and of recounts that changed the group."""
    if target.recount is None:
        return []
    wanting = [one for one in _tests(patients) if one.ihc == "2+" and one.first_count(target) in _NAMED_GROUPS]
    numbers = [(one.recount_ratio is not None) + (one.recount_copies is not None) for one in wanting]
    without = sum(not count and one.recount_result is None for one, count in zip(wanting, numbers, strict=True))
    open_ones = [
        count
        for one, count in zip(wanting, numbers, strict=True)
        if one.recount_result is None and one.result(target).branch.endswith("contradicts itself")
    ]
    half, moved = open_ones.count(1), open_ones.count(2)
    findings = []
    if without:
        what = (
            f"{without} patients of ISH group 2 to 4 with IHC 2+ have no recount; their first count is taken as final"
        )
        findings.append(Finding("warning", what, where, "Give the recount where there is one"))
    if half:
        what = (
            f"the recount of {half} patients has a ratio or copies alone, which leaves it open; they are indeterminate"
        )
        findings.append(Finding("warning", what, where, "Give both numbers of a recount, or its result"))
    if moved:
        what = f"the recount of {moved} patients is in another ISH group with another status; they are indeterminate"
        findings.append(Finding("warning", what, where, "Give the final result as `recount: {result: COLUMN}`"))
    return findings


def _word_and_ratio(patients: pd.DataFrame, target: Her2Target, where: str) -> list[Finding]:
    """Tell of words that do not settle their group, and of groups that follow from a word against a ratio."""
    found = pd.Series([tests.first_count(target) for tests in _tests(patients)], index=patients.index)
    low_score = patients[c.IHC].ne("3+") | patients[c.IHC].isna()
    no_copies = patients[c.COPIES].isna()
    alone = (patients[c.RATIO].notna() & no_copies) | (patients[c.RATIO].isna() & ~no_copies)
    findings = []
    unsettled = (
        (patients[c.ISH] == "ISH positive") & alone & found.isin(["ISH ratio >= 2.0 without copies", "ISH equivocal"])
    )
    number = int((unsettled & low_score).sum())
    if number:
        what = (
            f"ISH of {number} patients is positive by a ratio of 2.0 or more without copies, or by 4.0 to below 6.0"
            " copies of a single probe; by the guideline of 2013 that is positive, today it may not be, and so these"
            " ISH results count as open"
        )
        fix = "Give `copies` and `ratio`; or, where all words follow it, `ish_rule: ASCO/CAP 2018`"
        findings.append(Finding("warning", what, where, fix))
    for group, word, ratio in (
        ("ISH group 2", "ISH negative", "a ratio of 2.0 or more"),
        ("ISH group 3", "ISH positive", "a ratio below 2.0"),
    ):
        number = int(((found == group) & (patients[c.ISH] == word) & no_copies).sum())
        if number:
            what = f"{number} patients are {word} with {ratio} and no copies: this can only be {group}, and is read so"
            findings.append(Finding("warning", what, where, "Make sure that word and ratio are right; give `copies`"))
    return findings


def _counts_over_all_cells(given_copies: pd.Series, given_ratio: pd.Series, where: str) -> list[Finding]:
    # copies / ratio are the mean CEP17 copies per cell, which never reach 10: some tables give counts over 20 cells
    copies, ratio = given_copies.astype(float), given_ratio.astype(float)
    known = ratio.where(ratio > 0)
    findings = []
    fix = "Give mean copies per cell, not counts over all cells; or leave `copies` out"
    for wrong, said in (
        (copies / known > 10, "copies and ratio make more than 10 CEP17 copies per cell for"),
        ((copies > _MOST_COPIES) & known.isna(), f"more than {_MOST_COPIES:g} HER2 copies per cell, and no ratio, for"),
    ):
        names = list(copies.index[wrong])
        if names:
            what = f"{said} {len(names)} patients ({', '.join(names)})"
            findings.append(Finding("error", what, where, fix))
    return findings


def rule_counts(statuses: pd.DataFrame) -> pd.DataFrame:
    """Patients by branch of the rule.

    Parameters
    ----------
    statuses
        As from `her2_statuses`.

    Returns
    -------
    `branch, status, patients`, sorted by branch.
    """
    counts = statuses.groupby([c.BRANCH, c.STATUS]).size().rename(c.PATIENTS)
    return counts.reset_index()
