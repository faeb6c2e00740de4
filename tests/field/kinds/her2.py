"""HER2 results as hospitals write them: read rightly, or refused or warned of by their spelling."""

from __future__ import annotations

from pathlib import Path

from field.command import BAD_INPUT, DONE, sonoher2


def tables_ihc_her2plus(folder: Path) -> None:
    outcome = sonoher2("check", "study.yaml")
    assert outcome.code == BAD_INPUT
    assert "'HER2+' (32)" in outcome.err
    assert 'values: {ihc: {"HER2+": FILL-IN}}' in outcome.err
    assert (
        (folder / "study-unread-values.csv")
        .read_text(encoding="utf-8")
        .splitlines()[1]
        .startswith("HER2_IHC,ihc,HER2+,32,")
    )


def tables_ihc_dash_is_zero(folder: Path) -> None:
    outcome = sonoher2("check", "study.yaml")
    assert outcome.code == DONE
    assert "IHC 0, no ISH: zero" in outcome.out
    assert "'-' as 0 (33)" in outcome.out


def tables_ihc_binary_01(folder: Path) -> None:
    outcome = sonoher2("check", "study.yaml")
    assert "the column holds only 0 and 1: this may be a coded status" in outcome.text


def tables_fish_ratio_one(folder: Path) -> None:
    outcome = sonoher2("check", "study.yaml")
    assert outcome.code == BAD_INPUT
    assert "'1.0' (10)" in outcome.err
    assert "ISH positive" not in outcome.out


def tables_fish_dash_negative(folder: Path) -> None:
    outcome = sonoher2("check", "study.yaml")
    assert outcome.code == DONE
    assert "was taken as not done" in outcome.out
    assert "10 of them are IHC 2+ and stay indeterminate, so that of IHC 2+ only ISH positives are left" in outcome.out


def tables_copies_over_all_cells(folder: Path) -> None:
    outcome = sonoher2("check", "study.yaml")
    assert outcome.code == BAD_INPUT
    assert "more than 25 HER2 copies per cell" in outcome.err


def tables_zero_width(folder: Path) -> None:
    outcome = sonoher2("check", "study.yaml")
    assert outcome.code == DONE
    branches = dict(line.strip().rsplit("  ", 1) for line in outcome.out.splitlines() if line.startswith("  IHC "))
    assert {branch.strip(): int(number) for branch, number in branches.items()} == {
        "IHC 0, no ISH: zero": 17, "IHC 1+, no ISH: low": 15, "IHC 3+, no ISH: positive": 32,
    }  # fmt: skip
