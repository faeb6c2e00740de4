"""The table of definitions is complete, unambiguous, and what the documentation shows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from sonoher2.radiomics.definitions import DEFINITIONS

DOCUMENT = Path(__file__).parents[2] / "docs" / "radiomics.md"


def test_families_have_the_features_of_pyradiomics():
    assert Counter(definition.family for definition in DEFINITIONS) == {
        "shape2D": 9, "firstorder": 18, "glcm": 24, "gldm": 14, "glrlm": 16, "glszm": 16, "ngtdm": 5,
    }  # fmt: skip


def test_each_name_and_ibsi_tag_stands_once():
    tags = [definition.ibsi for definition in DEFINITIONS if definition.ibsi]
    names = [(definition.family, definition.name) for definition in DEFINITIONS]
    assert len(set(tags)) == len(tags)
    assert len(set(names)) == len(names)


def test_every_definition_is_complete():
    assert all(definition.unit and definition.formula and definition.source for definition in DEFINITIONS)


def test_documentation_shows_every_definition():
    rows = {line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| ")}
    for definition in DEFINITIONS:
        formula = definition.formula.replace("|", "&#124;")
        cells = (definition.name, definition.ibsi or "–", definition.unit, formula, definition.source)
        assert f"| {' | '.join(cells)} |" in rows
