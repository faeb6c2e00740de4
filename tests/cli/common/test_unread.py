"""What HER2 columns hold and nobody understands, listed beside the study's files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sonoher2.cli.app import run

STUDY = """
clinical: {table: t.csv, columns: {age: {kind: number, timing: pre-biopsy}}}
target: {ihc: score, rule: ASCO/CAP 2023}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    rows = [f"P{i},{40 + i},{score}" for i, score in enumerate(["0", "HER2+", "3+", "HER2+", '"弱, 不均"'])]
    (tmp_path / "t.csv").write_text("\n".join(["patient_id,age,score", *rows]), encoding="utf-8")
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.mark.parametrize(("command", "place"), [("check", "study-unread-values.csv"), ("run", "RUN/unread-values.csv")])
def test_every_spelling_is_in_a_table(
    study: Path, command: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(study.parent / "RUN")] if command == "run" else []
    assert run([command, str(study), *out]) == 3
    table = study.parent / place
    assert str(table) in capsys.readouterr().err
    assert pd.read_csv(table).to_dict("list") == {
        "column": ["score", "score"], "role": ["ihc", "ihc"], "spelling": ["HER2+", "弱, 不均"], "cells": [2, 1],
        "rows": ["3 5", "6"],
    }  # fmt: skip


def test_without_a_place_to_write_the_message_still_lists_them(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (study.parent / "study-unread-values.csv").mkdir()
    assert run(["check", str(study)]) == 3
    said = capsys.readouterr().err
    assert "Wrote" not in said
    assert "'HER2+' (2), '弱, 不均' (1)" in said
