"""243 spellings of HER2 results from hospital tables: all clear ones are read, and none is read wrongly.

`docs/her2-spellings.md` shows the table with what is read now; `python tests/cohort/test_her2_spellings.py` writes it.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from sonoher2.cohort.her2.cell import Cell, read_cell
from sonoher2.cohort.her2.status import her2_statuses
from sonoher2.config.target import Her2Target

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "tests" / "field" / "her2_spellings.tsv"
PAGE = ROOT / "docs" / "her2-spellings.md"

ROLES = {"IHC": "ihc", "FISH": "ish", "ratio": "ratio", "copies": "copies"}
REFUSED = "refused"
POSITIVE, NEGATIVE = {"ish": "ISH positive"}, {"ish": "ISH negative"}

# the table's own words for the right value, made comparable by hand: what the cell must fill, or that it is refused
RIGHT: dict[str, dict[str, object] | str] = {
    "IHC 3+": {"ihc": "3+"}, "IHC 2+": {"ihc": "2+"}, "IHC 1+": {"ihc": "1+"}, "IHC 0": {"ihc": "0"},
    "IHC 0 ultralow": {"ihc": "0 (ultralow)"},
    "IHC 2+ neg": {"ihc": "2+", **NEGATIVE}, "IHC 2+ pos": {"ihc": "2+", **POSITIVE},
    "IHC 2+ (zero-width)": {"ihc": "2+"}, "IHC 2+ (nbsp)": {"ihc": "2+"}, "IHC 2+ (ideographic space)": {"ihc": "2+"},
    "IHC missing": {}, "IHC missing code": REFUSED, "IHC code error": REFUSED,
    "IHC ambiguous": REFUSED, "IHC ambiguous 0/1+": REFUSED, "IHC date-damaged 1-2": REFUSED, "IHC ultralow/0": REFUSED,
    "IHC low": REFUSED, "IHC 0 or missing": REFUSED, "IHC neg, no score": REFUSED, "IHC pos, no score": REFUSED,
    "IHC neg": REFUSED, "IHC pos": REFUSED, "IHC negative": REFUSED, "IHC ?": REFUSED, "IHC percent": REFUSED,
    "IHC hscore": REFUSED, "IHC pos or 1+?": REFUSED, "IHC positive, not 1+": REFUSED, "IHC 1+?": REFUSED,
    "FISH pos": POSITIVE, "FISH neg": NEGATIVE, "FISH equivocal": {"ish": "ISH equivocal"},
    "FISH g2": {"ish": "ISH group 2"}, "FISH missing": {}, "FISH not counted/missing": {}, "FISH neg or not done": {},
    "FISH ?": REFUSED, "FISH SNP6": REFUSED, "FISH code?": REFUSED, "FISH pos? or ratio 1": REFUSED,
    "FISH ratio 1 = neg": REFUSED, "FISH ambiguous: not amplified / not available": REFUSED,
    "ratio 1.8": {"ratio": 1.8}, "ratio 2.0": {"ratio": 2.0}, "ratio 1.2": {"ratio": 1.2}, "ratio 1.5": {"ratio": 1.5},
    "ratio 2.1": {"ratio": 2.1}, "ratio 12": {"ratio": 12.0}, "ratio 1.25": {"ratio": 1.25},
    "ratio >=2": {"ratio": 2.0}, "ratio >2": {"ratio": 2.0}, "ratio >2.2": {"ratio": 2.2}, "ratio >10": {"ratio": 10.0},
    "ratio <2": {"ratio": 2.0}, "ratio <1.8": {"ratio": 1.8}, "ratio ?": REFUSED,
    "copies 6.2": {"copies": 6.2}, "copies >6": {"copies": 6.0}, "copies >=6": {"copies": 6.0},
    "copies >10": {"copies": 10.0}, "copies <4": {"copies": 4.0}, "copies equivocal": {"copies": 4.0},
    "copies ?": REFUSED, "copies neg": NEGATIVE, "copies count of 30 cells?": REFUSED,
}  # fmt: skip
# decided in the open: a cross may mean done or not done; a labelled ratio is a ratio, and the rule says what follows
# from it; a bare number may be a ratio or copies; clusters and ranges are the copies that they are at least
DECIDED: dict[tuple[str, str], dict[str, object] | str] = {
    ("IHC", "x"): REFUSED,
    ("FISH", "ratio 1.8"): {"ratio": 1.8},
    ("FISH", "1.8"): REFUSED,
    ("FISH", "HER2/CEP17=1.2"): {"ratio": 1.2},
    ("FISH", "HER2/CEP17 ratio 2.4"): {"ratio": 2.4},
    ("ratio", "2.1 (amplified)"): {"ratio": 2.1, **POSITIVE},
    ("copies", "20-30"): {"copies": 20.0},
}


def spellings() -> list[tuple[str, str, str, str]]:
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines() if line]
    return [(column, ast.literal_eval(spelling), right, before) for column, spelling, right, before in rows]


@cache
def of_column(column: str, spelling: str) -> Cell | None:
    """The cell as a table of this one spelling gives it: a whole column can refuse what a cell alone cannot."""
    role = ROLES[column]
    headers = {"ihc": "score"} | ({} if role == "ihc" else {role: "result"})
    frame = pd.DataFrame({header: [spelling if name == role else "2+"] for name, header in headers.items()}, index=[2])
    target = Her2Target(**headers, rule="ASCO/CAP 2018")  # type: ignore[arg-type]
    _, findings = her2_statuses(frame, pd.Series(["P1"], index=frame.index), target, "t")
    return None if any(finding.severity == "error" for finding in findings) else read_cell(spelling, role)  # type: ignore[arg-type]


def filled(cell: Cell | None) -> dict[str, object] | str:
    if cell is None:
        return REFUSED
    values = {name: getattr(cell, name) for name in ("ihc", "ish", "ratio", "copies")}
    return {name: value for name, value in values.items() if value is not None}


def test_the_table_is_whole() -> None:
    assert len(spellings()) == 243


@pytest.mark.parametrize(("column", "spelling", "right"), [row[:3] for row in spellings()])
def test_a_spelling_is_read_as_it_is_meant_or_refused(column: str, spelling: str, right: str) -> None:
    expected = DECIDED.get((column, spelling), RIGHT.get(f"{column} {right}"))
    assert expected is not None, "no right value is written down for it"
    if isinstance(expected, dict):
        numbers = {name: pytest.approx(value) for name, value in expected.items() if isinstance(value, float)}
        expected = expected | numbers
    assert filled(of_column(column, spelling)) == expected


def page() -> str:
    lines = [
        "# Spellings of HER2 results",
        "",
        "243 spellings from hospital tables, what each means, and what is done with it in a column of its own; see",
        "[the rules](her2-rules.md#what-is-read). A test reads the whole table and compares. What is refused is",
        "listed by `sonoher2 check` with its number of cells, and `values` in the study file says what it means.",
        "",
        "| column | spelling | means | read as |",
        "|---|---|---|---|",
    ]  # fmt: skip
    for column, spelling, right, _ in spellings():
        done = filled(of_column(column, spelling))
        said = done if isinstance(done, str) else ", ".join(_shown(name, value) for name, value in done.items())
        visible = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in spelling)
        lines.append(f"| {column} | `{visible.replace('|', '&#124;')}` | {right} | {said or 'missing'} |")
    return "\n".join(lines) + "\n"


def _shown(name: str, value: object) -> str:
    if name == "ihc":
        return f"IHC {value}"
    return str(value) if name == "ish" else f"{name} {value:.4g}"


def test_the_documented_table_is_what_is_done() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
