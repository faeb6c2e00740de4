"""What the pages have no words for is shown in English: every piece of work and every part of a study has some."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from sonoher2.study.pipeline import STUDY, VALIDATION

SRC = Path(__file__).parents[3] / "src" / "sonoher2"
WORDS = (SRC / "server" / "pages" / "static" / "js" / "studies" / "words.js").read_text(encoding="utf-8")


def labels() -> set[str]:
    """Labels of all steps of the engine, and those of the audits."""
    found = set()
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and name in ("Step", "refit") and len(node.args) > 3:
                found |= {one.value for one in node.args[3:4] if isinstance(one, ast.Constant)}
    return {str(one) for one in found if one}


def test_every_piece_of_work_has_words() -> None:
    found = labels()
    assert {"Fitting signatures", "Null runs", "Planted runs", "Measuring lesions"} <= found
    assert [label for label in sorted(found) if f'"{label}": t("' not in WORDS] == []


def test_every_part_of_a_study_has_words() -> None:
    table = re.search(r"STAGES = \{(.*?)\};", WORDS, re.DOTALL)
    assert table is not None
    keys = set(re.findall(r'"?([a-z ]+)"?: t\(', table[1]))
    assert {name for steps in (STUDY, VALIDATION) for name, _ in steps} | {"report"} == {key.strip() for key in keys}
