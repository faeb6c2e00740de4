"""Who is in the study: flow, Table 1, and where each HER2 status came from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sonoher2.report.chapters.cohort.characteristics import characteristics
from sonoher2.report.content.cells import plain_table
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.report.figures.cohort.flow import flow_figure
from sonoher2.study.results import columns as c

_BALANCE = (
    " SMD: standardised mean difference between training and test, absolute (Austin 2009; several levels: Yang and"
    " Dalton 2012). It measures imbalance whatever the number of patients, which a p-value does not; above 0.1 is"
    " commonly called an imbalance."
)


def patient_parts(view: View) -> Iterator[Part]:
    """Flow of patients, their characteristics, the branches of the HER2 rule and its contradictions."""
    if view.result.cohort.flow:
        yield _flow(view)
    table = characteristics(view)
    if not table.empty:
        words = (
            "Numbers: median [lower quartile, upper quartile]. Levels: patients (share of those with a known value)."
        )
        yield Table("table1", "Table 1. Patients", words + (_BALANCE if "SMD" in table else ""), table, table)
    data = view.result.cohort.rule_counts
    if not data.empty:
        words = "Each patient's status follows from the raw immunohistochemistry and in-situ hybridisation values."
        yield Table("rule_counts", "HER2 status by branch of the rule", words, data, plain_table(data))
    data = view.result.cohort.conflicts
    if not data.empty:
        title = "Reported status that contradicts the rule"
        words = "The derived status was used. Compare these with the pathology report before trusting either."
        yield Table("conflicts", title, words, data, plain_table(data), long=len(data) > 15)


def _flow(view: View) -> Drawing:
    patients = view.result.cohort.patients
    counts = {
        title: {
            label: int(((patients[c.SET] == name) & (patients[c.LABEL] == label)).sum())
            for label in view.result.about.classes
        }
        for name, title in view.short_sets.items()
    }
    return Drawing(
        "flow",
        "Flow of patients",
        "From the tables to the sets, with the reason for each exclusion (after STARD 2015).",
        partial(flow_figure, view.result.cohort.flow, counts, "Patients in the tables"),
    )


PATIENTS = Chapter("patients", "Patients", patient_parts)
