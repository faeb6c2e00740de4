"""Errors name no option; the command line adds the one that mends them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from sonoher2.cli.common.hints import HINTS, with_hint
from sonoher2.core.errors import Finding, FindingsError, InputError

SRC = Path(__file__).parents[3] / "src"


def test_the_option_follows_the_message() -> None:
    error = InputError("cannot write this file", where="a.csv", fix="Choose another place", hint="output")
    assert str(error) == "a.csv: cannot write this file. Choose another place."
    assert with_hint(error) == "a.csv: cannot write this file. Choose another place. The option is --out."
    assert with_hint(InputError("the mask is empty")) == "the mask is empty."


def test_of_several_errors_each_option_is_named_once() -> None:
    frames = [Finding("error", "which frame", name, hint="frame") for name in ("a.dcm", "b.dcm")]
    told = with_hint(FindingsError([*frames, Finding("error", "no mask", "c.png")])).splitlines()
    assert told[:4] == ["3 problems:", "  - a.dcm: which frame.", "  - b.dcm: which frame.", "  - c.png: no mask."]
    assert told[4:] == ["`segment`, `enhance` and `predict` have the option --frame."]


def test_a_single_finding_keeps_its_hint() -> None:
    error = InputError("several labels", where="m.png", hint="mask label")
    assert with_hint(error.finding).endswith("have the option --label.")
    assert with_hint(FindingsError([error.finding])) == with_hint(error)


def raised_hints() -> set[str]:
    """Every `hint=` in the source that is written out."""
    found = set()
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "hint" and isinstance(node.value, ast.Constant):
                found.add(node.value.value)
    return found


def test_every_hint_has_its_option() -> None:
    assert raised_hints() == set(HINTS)


@pytest.mark.parametrize("hint", HINTS)
def test_a_hint_names_an_option(hint: str) -> None:
    assert " --" in HINTS[hint]
