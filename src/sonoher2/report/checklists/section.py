"""The section of the report that holds the filled checklists."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sonoher2.report.checklists.evidence import gather
from sonoher2.report.checklists.fill import WORDS, Filled, Status, fill
from sonoher2.report.checklists.items import load_checklists
from sonoher2.report.checklists.score import metrics_score
from sonoher2.report.content.parts import CheckedRow, Folded, Part, Section, Text
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import listing, plural

_INTRODUCTION = (
    "Each item is a short paraphrase; the source says what it means. “Answered by evidence” means that this run holds"
    " the answer at the place that is linked, not that the answer is good: read it before you submit it. “Contradicted"
    " by a check” means that a coded check found an error that speaks against it. “For you to fill in” is what no"
    " software can know."
)
_COUNTED: tuple[Status, ...] = ("answered", "partly", "contradicted", "absent", "yours", "not applicable")


def checklist_parts(view: View, sections: Sequence[Section]) -> list[Part]:
    """All checklists, filled.

    Parameters
    ----------
    view
        The result.
    sections
        The other sections of the report: what items can be linked to.
    """
    evidence = gather(view, sections)
    return [Text((_INTRODUCTION,)), *(_folded(fill(checklist, evidence)) for checklist in load_checklists())]


def _folded(filled: Filled) -> Folded:
    checklist = filled.checklist
    return Folded(
        name=checklist.name,
        title=checklist.title,
        summary=_summary(filled),
        source=checklist.citation,
        doi=checklist.doi,
        rows=tuple(
            CheckedRow(a.item.number, a.item.section, a.item.asks, a.status, WORDS[a.status], a.links, a.note)
            for a in filled.answers
        ),
        data=checklist_table(filled),
    )


def _summary(filled: Filled) -> str:
    shown = [status for status in _COUNTED if filled.count(status)]
    counts = [f"{filled.count(status)} {WORDS[status].partition(';')[0]}" for status in shown]
    text = f"{plural(len(filled.answers), 'item')}: {listing(counts)}."
    if any(item.weight for item in filled.checklist.items):
        score = metrics_score(filled)
        text += (
            f" Score: {score.low:.0f}% from what this run shows, up to {score.high:.0f}% with yes to the"
            f" {plural(score.undecided, 'item')} that you must answer or complete."
        )
    return text


def checklist_table(filled: Filled) -> pd.DataFrame:
    """Table for the file: `item, section, asks, status, evidence, note, yours` (an empty column to fill in)."""
    rows = [
        {
            "item": answer.item.number,
            "section": answer.item.section,
            "asks": answer.item.asks,
            "status": WORDS[answer.status],
            "evidence": "; ".join(f"report.html#{link.anchor}" if link.anchor else link.text for link in answer.links),
            "note": answer.note,
            "yours": "",
        }
        for answer in filled.answers
    ]
    table = pd.DataFrame(rows)
    if any(item.weight for item in filled.checklist.items):
        table.insert(3, "weight", [answer.item.weight for answer in filled.answers])
    return table.assign(source=f"{filled.checklist.citation}, doi {filled.checklist.doi}")
