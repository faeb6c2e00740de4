"""Sections of a drafted study file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from sonoher2.cohort.drafting.draft_text import (
    clinical_section,
    images_section,
    last_sections,
    outcome_lines,
    quoted,
    with_counts,
)
from sonoher2.cohort.drafting.find_tables import PatientTable
from sonoher2.cohort.drafting.guess_target import Outcome
from sonoher2.core.yaml_file import read_yaml


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("age", "age"), ("HER2 IHC", "HER2 IHC"), ("HER2+", "HER2+"), ("a/b.csv", "a/b.csv"),
        ("No", "No"), ("none", '"none"'), ("TRUE", '"TRUE"'), ("4a", '"4a"'), ("x", '"x"'), ("3+", '"3+"'),
        ("size (mm)", '"size (mm)"'), ("年龄", '"年龄"'), ("a: b", '"a: b"'), ("a ", '"a "'),
        ('say "a"', r'"say \"a\""'),
    ],
)  # fmt: skip
def test_quotes_stand_where_a_study_file_needs_them(text: str, written: str, tmp_path: Path) -> None:
    assert quoted(text) == written
    (tmp_path / "s.yaml").write_text(f"text: {written}\n", encoding="utf-8")
    assert read_yaml(tmp_path / "s.yaml") == {"text": text}


def table(named: bool, **reading: object) -> PatientTable:
    frame = pd.DataFrame({"nr": ["1", "2"], "Name": ["A", "B"], "note": ["x", "y"]}, dtype=object)
    return PatientTable(Path("in/t.xlsx"), frame, "nr", named, reading, ("odd\nheader",) if reading else ())  # type: ignore[arg-type]


def test_how_the_clinical_table_is_read_and_what_is_doubtful() -> None:
    questions = ["before"]
    lines = clinical_section(table(True, sheet="T 1", header_row=2, encoding="gb18030"), questions)
    assert lines == [
        "# CONFIRM: t.xlsx: odd header",
        "clinical:",
        "  table: in/t.xlsx",
        "  sheet: T 1",
        "  header_row: 2",
        "  encoding: gb18030",
        "  patient_id: nr",
        "  columns: {}",
        "  # not used: note",
        "",
    ]
    assert questions == ["before", "t.xlsx: odd\nheader"]
    asked: list[str] = []
    assert "  patient_id: nr     # CONFIRM: is nr the column of the patients?" in clinical_section(table(False), asked)
    assert asked == ["is nr the column of the patients?"]


def test_the_section_of_the_images() -> None:
    hint = "  # mm_per_pixel: mm_per_pixel     # add the column if the size of a pixel is known"
    assert images_section("i.csv", ["mask"], ["which?"]) == [
        "# CONFIRM: which?", "images:", "  table: i.csv", "  mask: mask", hint, "",
    ]  # fmt: skip
    assert images_section("i.csv", ["mm_per_pixel"], []) == [
        "images:", "  table: i.csv", "  mm_per_pixel: mm_per_pixel", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("with_images", "no_masks", "more"),
    [
        (False, False, []),
        (True, False, ["radiomics"]),
        (True, True, ["regions", "radiomics"]),
    ],
)
def test_what_stands_at_the_end(with_images: bool, no_masks: bool, more: list[str]) -> None:
    read = yaml.safe_load("\n".join(last_sections(with_images, no_masks)))
    assert list(read) == ["timing", "split", *more]
    assert read["split"] == {"kind": "random", "test_share": 0.3}
    assert read["timing"] == "pre-biopsy"


def test_values_of_an_outcome_that_are_missing_are_asked_for() -> None:
    counts = {"a": 2, "b": 1}
    ask, lines = outcome_lines(Outcome("x", (), ("a", "no"), ("b",), counts))
    assert ask == [
        "is x what the study predicts? Its values: a (2), b (1)",
        "left out as neither: b. Is that right?",
        "no value says positive: put those that do in place of FILL_IN",
    ]
    assert lines == ['  column: "x"', "  positive: FILL_IN", '  negative: ["a", no]']
    ask, lines = outcome_lines(Outcome("x", ("yes",), (), ("b",), counts))
    assert ask[1:] == ["no value says negative: put those that do in place of FILL_IN"]
    assert lines == ['  column: "x"', "  positive: yes", "  negative: FILL_IN"]


def test_twenty_values_are_shown() -> None:
    counts = {f"v\n{i}": i for i in range(21)}
    assert with_counts(counts).endswith(", v 19 (19) and 1 more")
    del counts["v\n20"]
    assert with_counts(counts).endswith(", v 18 (18), v 19 (19)")
