"""Filling a checklist: what the run answers, what it answers in part, what it lacks, and what only a person can say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sonoher2.report.checklists.evidence import Evidence, Found, Link
from sonoher2.report.checklists.items import CheckItem, Checklist

Status = Literal["answered", "partly", "contradicted", "absent", "yours", "not applicable"]
WORDS: dict[Status, str] = {
    "answered": "answered by evidence",
    "partly": "partly; complete it",
    "contradicted": "contradicted by a check",
    "absent": "not in this run",
    "yours": "for you to fill in",
    "not applicable": "not applicable",
}


@dataclass(frozen=True)
class Answer:
    """One item and what the run says to it.

    Attributes
    ----------
    item, status, links
        Which, what, and where the evidence is.
    found
        What checks found that concerns the item.
    """

    item: CheckItem
    status: Status
    links: tuple[Link, ...]
    found: tuple[Found, ...] = ()

    @property
    def note(self) -> str:
        """What the checks say, and what is left to do; nothing for an item that does not apply."""
        told = [f"{one.code} ({one.severity}): {one.title}" for one in self.found]
        left = "" if self.status in ("answered", "not applicable") else self.item.note
        return ". ".join(text for text in (*told, left) if text)


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
    found = tuple(evidence.found[code] for code in (*item.against, *item.beside) if code in evidence.found)
    if not item.needs:
        return Answer(item, "yours", (), found)
    if not all(map(evidence.has, item.needs)):
        return Answer(item, "absent", (), found)
    against = {one.severity for one in found if one.code in item.against}
    if "error" in against:
        status: Status = "contradicted"
    else:
        status = "answered" if item.extent == "full" and not against else "partly"
    told = ("#checks",) if found and evidence.has("#checks") else ()
    return Answer(item, status, evidence.links((*item.needs, *told)), found)
