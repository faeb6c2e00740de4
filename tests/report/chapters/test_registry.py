"""Which chapters stand in a report, in which order."""

from __future__ import annotations

import re

import report_by_hand as by
from sonoher2.report.chapters.registry import CHAPTERS, build_sections
from sonoher2.report.content.parts import Folded

ALWAYS = ["patients", "performance", "calibration", "usefulness", "threshold", "predictions"]


def test_names_are_unique_and_absent_chapters_left_out() -> None:
    names = [chapter.name for chapter in CHAPTERS]
    assert len(names) == len(set(names))
    found = [section.name for section in build_sections(by.view())]
    assert found == [*ALWAYS, "methods", "resultstext", "checklists"]
    assert found[:-1] == [name for name in names if name in found]


def test_checklists_link_to_the_chapters_that_are_there() -> None:
    *others, last = build_sections(by.view())
    anchors = {
        anchor for part in last.parts if isinstance(part, Folded) for row in part.rows for _, anchor in row.links
    }
    assert "tab-signatures" in anchors
    own = {section.name for section in others} | {"checklists", "summary", ""}
    own |= {f"{kind}-{part.name}" for section in others for part in section.parts
            for kind in ("tab", "fig") if hasattr(part, "name")}  # fmt: skip
    assert anchors <= own


def test_each_chapter_has_an_anchor_of_its_own_and_a_heading_for_people() -> None:
    anchors = [chapter.name for chapter in CHAPTERS]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", anchor) for anchor in anchors)
    assert all(re.match(r"[A-Z]", chapter.title) for chapter in CHAPTERS)
