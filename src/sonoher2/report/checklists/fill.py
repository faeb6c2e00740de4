"""Filling a checklist: what the run answers, what it answers in part, what it lacks, and what only a person can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sonoher2.report.checklists.evidence import Evidence, Link
from sonoher2.report.checklists.items import CheckItem, Checklist

Status = Literal["answered", "partly", "absent", "yours", "not applicable"]
WORDS: dict[Status, str] = {
    "answered": "answered by evidence",
    "partly": "partly; complete it",
    "absent": "not in this run",
    "yours": "for you to fill in",
    "not applicable": "not applicable",
}


@dataclass(frozen=True)
class Answer:
    """One item and what the run says to it."""

    item: CheckItem
    status: Status
    links: tuple[Link, ...]

    @property
    def note(self) -> str:
        """What is left to do; nothing for an item that is answered or does not apply."""
        return "" if self.status in ("answered", "not applicable") else self.item.note


@dataclass(frozen=True)
class Filled:
    """A checklist with its answers, in order."""

    checklist: Checklist
    answers: tuple[Answer, ...]

    def count(self, status: Status) -> int:
        """How many items have this status."""
        return sum(answer.status == status for answer in self.answers)


def fill(checklist: Checklist, evidence: Evidence) -> Filled:
    """Answer every item from the evidence."""
    return Filled(checklist, tuple(_answer(item, evidence) for item in checklist.items))


def _answer(item: CheckItem, evidence: Evidence) -> Answer:
    concerned = item.evaluation if evidence.kind == "validation" else item.development
    if not (concerned and all(map(evidence.has, item.condition))):
        return Answer(item, "not applicable", ())
    if not item.needs:
        return Answer(item, "yours", ())
    if not all(map(evidence.has, item.needs)):
        return Answer(item, "absent", ())
    return Answer(item, "answered" if item.extent == "full" else "partly", evidence.links(item.needs))
