"""HER2 status of a patient from raw immunohistochemistry (IHC) and in-situ hybridisation (ISH), never guessed.

The rule is the guideline of the American Society of Clinical Oncology and the College of American Pathologists:
Wolff et al., J Clin Oncol 2018, doi 10.1200/JCO.2018.77.8738, and its 2023 update, doi 10.1200/JCO.22.02864. The
update affirms the algorithm of 2018, so both names give the same status; HER2-low is in neither a result of its own,
but follows from the IHC score that both report. `docs/her2-rules.md` explains every branch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from sonoher2.cohort.clinical import one_per_patient, read_number
from sonoher2.cohort.collect import collected
from sonoher2.cohort.table import column, place, plain
from sonoher2.config import Her2Target, Her2Task
from sonoher2.errors import Finding

Status = Literal["positive", "low", "zero", "negative", "indeterminate"]
"""`negative`: not positive, and without an IHC score neither low nor zero."""

Ish = Literal[
    "no ISH", "ISH positive", "ISH negative", "ISH group 2", "ISH group 3", "ISH group 4", "ISH equivocal",
    "ISH ratio >= 2.0 without copies", "ISH ratio < 2.0 without copies", "ISH contradicts itself",
]  # fmt: skip

Reader = Callable[[str], Any]

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

_TASKS: dict[Her2Task, dict[Status, str]] = {
    "positive-vs-negative": {"positive": "positive", "low": "negative", "zero": "negative", "negative": "negative"},
    "low-vs-zero": {"low": "low", "zero": "zero"},
    "zero-low-positive": {"zero": "zero", "low": "low", "positive": "positive"},
}
_CLASSES: dict[Her2Task, tuple[str, ...]] = {
    "positive-vs-negative": ("negative", "positive"),
    "low-vs-zero": ("zero", "low"),
    "zero-low-positive": ("zero", "low", "positive"),
}
_WORDS: dict[str, Ish] = {
    **dict.fromkeys(("positive", "pos", "amplified", "amplification", "yes", "1"), "ISH positive"),
    **dict.fromkeys(
        ("negative", "neg", "not amplified", "non-amplified", "nonamplified", "unamplified", "no amplification",
         "no", "0"),
        "ISH negative",
    ),
    **dict.fromkeys(("equivocal", "indeterminate", "borderline", "inconclusive"), "ISH equivocal"),
}  # fmt: skip
_EXCLUDED: dict[Ish, tuple[Ish, ...]] = {
    "ISH positive": ("ISH negative",),
    "ISH negative": ("ISH positive",),
    "ISH ratio >= 2.0 without copies": ("ISH negative", "ISH group 3", "ISH group 4"),
    "ISH ratio < 2.0 without copies": ("ISH positive", "ISH group 2"),
}
"""Words that a counted result excludes."""

_REPORTED: dict[str, tuple[Status, ...]] = {
    **dict.fromkeys(("positive", "pos", "her2+", "her2-positive", "her2 positive"), ("positive",)),
    **dict.fromkeys(("negative", "neg", "her2-", "her2-negative", "her2 negative"), ("low", "zero", "negative")),
    **dict.fromkeys(("low", "her2-low", "her2 low"), ("low", "negative")),
    **dict.fromkeys(("zero", "0", "her2-zero", "her2-0", "her2 0", "her2 zero"), ("zero", "negative")),
}
"""Statuses that a reported word agrees with."""

_ULTRALOW = ("ultralow", "ultra-low", "0+", ">0<1+", "0 ultralow", "0 (ultralow)")

# more than this is a count over all cells or a slip; clusters that cannot be counted are given as about 20 to 30
_HIGHEST = {"ratio": 50.0, "copies": 100.0}
_LIMITS = {"ratio": (2.0,), "copies": (4.0, 6.0)}


@dataclass(frozen=True)
class Her2Result:
    """HER2 status of one patient.

    Attributes
    ----------
    status
        ``positive``, ``low``, ``zero``, ``negative`` (low or zero, not known which) or ``indeterminate``.
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


def read_ihc(text: str) -> str | None:
    """IHC score ``0``, ``0 (ultralow)``, ``1+``, ``2+`` or ``3+`` of a text; None when it is not one score.

    Staining in at most 10 % of the cells, called ultralow, is a score of 0 in the guideline.
    """
    folded = re.sub(r"her-?2(/neu)?|ihc|score|[():=]", " ", plain(text))
    bare = plain(folded).replace(" ", "")
    if plain(text) in _ULTRALOW or bare in _ULTRALOW:
        return "0 (ultralow)"
    bare = {"+": "1+", "++": "2+", "+++": "3+"}.get(bare, bare)
    score = re.fullmatch(r"([0-3])(\+?)", bare)
    if not score or bare == "0+":
        return None
    return "0" if score[1] == "0" else f"{score[1]}+"


def read_ish(text: str) -> Ish | None:
    """ISH result of a word (``positive``, ``not amplified``) or of a group (``group 3``); None when it is neither."""
    folded = plain(text)
    group = re.fullmatch(r"group ?([1-5])", folded)
    if group:
        return _group_result(int(group[1]))
    return _WORDS.get(folded)


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


def _group_result(group: int) -> Ish:
    results: tuple[Ish, ...] = ("ISH positive", "ISH group 2", "ISH group 3", "ISH group 4", "ISH negative")
    return results[group - 1]


def ish_finding(word: Ish | None, ratio: float | None, copies: float | None) -> Ish:
    """Sum up what is known of a patient's ISH.

    Numbers go before a word, which may rest on an older guideline; where the numbers leave the group open, the word
    settles it; a word and a number that exclude each other contradict.

    Parameters
    ----------
    word
        As from `read_ish`.
    ratio
        HER2 to CEP17.
    copies
        Mean HER2 copies per cell.
    """
    if ratio is None and copies is None:
        return word or "no ISH"
    counted = _counted(ratio, copies)
    if word in _EXCLUDED.get(counted, ()):
        return "ISH contradicts itself"
    is_open = counted == "ISH equivocal" or counted.endswith("without copies")
    return word if is_open and word and word != "ISH equivocal" else counted


def _counted(ratio: float | None, copies: float | None) -> Ish:
    if ratio is None:
        # single probe: 4.0 to below 6.0 copies need a dual probe or the IHC score
        single: dict[int, Ish] = {3: "ISH positive", 4: "ISH equivocal", 5: "ISH negative"}
        return single[ish_group(0.0, copies or 0.0)]
    if copies is None:
        return "ISH ratio >= 2.0 without copies" if ratio >= 2.0 else "ISH ratio < 2.0 without copies"
    return _group_result(ish_group(ratio, copies))


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
    return Her2Result(_BRANCHES[ish][IHC_SCORES.index(score)], f"IHC {ihc or 'missing'}, {ish}")


def read_ish_number(text: str, kind: Literal["ratio", "copies"]) -> float | None:
    """Value of a HER2/CEP17 ratio or of the mean HER2 copies per cell; None when it is neither.

    ``>6`` copies or a ratio of ``<2`` decide as a value just beyond the limit would; ``>4`` copies decide nothing and
    are refused.

    Parameters
    ----------
    text
        Such as ``2.4``, ``2,4``, ``>6.0``.
    kind
        Which of the two.
    """
    sign, number = re.fullmatch(r"\s*([<>≤≥]=?)?(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    value = read_number(number.strip())
    if value is None or not 0 <= value <= _HIGHEST[kind]:
        return None
    limits = _LIMITS[kind]
    if sign in (">", ">=", "≥"):
        return value if value >= limits[-1] else None
    if sign == "<":
        return math.nextafter(value, 0.0) if value <= limits[0] else None
    return value if sign is None else None


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
        Columns and rule.
    where
        Name of the table, for findings.

    Returns
    -------
    (patients,): `status`, `branch` and `reported` (str or None), index `patient_id`, sorted; and errors about columns
    that are unknown, values that cannot be read and patients whose rows differ.
    """
    findings: list[Finding] = []
    readers: dict[str, tuple[str | None, Reader, str]] = {
        "ihc": (target.ihc, read_ihc, "an IHC score (0, 1+, 2+, 3+)"),
        "ish": (target.ish, read_ish, "an ISH result (positive, negative, equivocal, group 1 to 5)"),
        "ratio": (target.ratio, lambda text: read_ish_number(text, "ratio"), "a HER2/CEP17 ratio of 0 to 50"),
        "copies": (target.copies, lambda text: read_ish_number(text, "copies"), "mean HER2 copies per cell, 0 to 100"),
        "reported": (target.status, str, "a status"),
    }
    patients = pd.DataFrame(index=pd.Index(sorted(patient_ids.unique()), name="patient_id"))
    for name, (header, read, expected) in readers.items():
        patients[name] = None
        with collected(findings):
            if header is not None:
                values = _read(column(table, header, where), read, expected, f"{where}, column '{header}'", findings)
                patients[name], unequal = one_per_patient(values, patient_ids, header, "refuse", where)
                findings += unequal
    findings += _counts_over_all_cells(patients, f"{where}, column '{target.copies}'")
    raw = patients[["ihc", "ish", "ratio", "copies"]].itertuples(index=False, name=None)
    results = [her2_status(ihc, ish_finding(ish, ratio, copies)) for ihc, ish, ratio, copies in raw]
    return patients.assign(status=[result.status for result in results], branch=[result.branch for result in results])[
        ["status", "branch", "reported"]
    ], findings


def _read(texts: pd.Series, read: Reader, expected: str, where: str, findings: list[Finding]) -> pd.Series:
    values = pd.Series([read(text) if text else None for text in texts], index=texts.index, dtype=object)
    wrong = texts.index[values.isna() & texts.notna()]
    if len(wrong):
        fix = "Mend the value, or add its spelling to `missing` if it is none"
        findings.append(Finding("error", f"not {expected}", place(where, wrong), fix))
    return values


def _counts_over_all_cells(patients: pd.DataFrame, where: str) -> list[Finding]:
    # copies / ratio are the mean CEP17 copies per cell, which never reach 10: some tables give counts over 20 cells
    cep17 = patients["copies"].astype(float) / patients["ratio"].astype(float)
    wrong = list(patients.index[cep17 > 10])
    if not wrong:
        return []
    what = (
        f"copies and ratio make more than 10 CEP17 copies per cell for {len(wrong)} patients ({', '.join(wrong[:5])})"
    )
    return [
        Finding("error", what, where, "Give mean copies per cell, not counts over all cells; or leave `copies` out")
    ]


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
    counts = statuses.groupby(["branch", "status"]).size().rename("patients")
    return counts.reset_index()


def conflicts(statuses: pd.DataFrame) -> pd.DataFrame:
    """Patients whose reported status contradicts the rule's; an equivocal report or an open status contradicts nothing.

    Parameters
    ----------
    statuses
        As from `her2_statuses`.

    Returns
    -------
    `patient_id, derived, reported, branch`.
    """
    agreeing = statuses["reported"].map(lambda text: _REPORTED.get(plain(text)), na_action="ignore")
    against = [
        isinstance(words, tuple) and status != "indeterminate" and status not in words
        for status, words in zip(statuses["status"], agreeing, strict=True)
    ]
    found = statuses[against].reset_index().rename(columns={"status": "derived"})
    return found[["patient_id", "derived", "reported", "branch"]]
