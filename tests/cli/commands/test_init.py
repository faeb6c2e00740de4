"""`init`: what it shows of a draft, by hand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sonoher2.cli.app import run
from sonoher2.cli.commands.init import _pairing, _questions, _skipped
from sonoher2.cohort.drafting.draft import Draft

IMAGES = pd.DataFrame(
    {
        "patient_id": ["P1", "P1", "P2", "X9", None, "P2", "P2"],
        "image": [f"{i}.png" for i in range(7)],
        "mask": ["m0.png", None, "m2.png", None, None, "m5.png", "m6.png"],
    }
)


def test_patients_images_and_masks_are_counted() -> None:
    lines = _pairing(Draft("", images=IMAGES, patients=("P1", "P2", "P3"), clinical="c.csv"))
    assert lines == [
        "Patients: 3 in c.csv, 1 of them without an image.",
        "Images: 7, 2 of them without a patient of the table, 3 without a mask.",
        "  patient_id  image  mask",
        "  P1          0.png  m0.png",
        "  P1          1.png  -",
        "  P2          2.png  m2.png",
        "  X9          3.png  -",
        "  -           4.png  -",
        "  and 2 more",
    ]
    five = _pairing(Draft("", images=IMAGES.iloc[:5].drop(columns="mask"), patients=("P1",), clinical="c.csv"))
    assert five[1] == "Images: 5, 3 of them without a patient of the table, 5 without a mask."
    assert five[-1] == "  -           4.png"
    assert _pairing(Draft("", patients=("P1",), clinical="c.csv")) == ["Patients: 1 in c.csv.", "Images: none."]


def test_files_that_are_not_used_stand_by_reason() -> None:
    skipped = [(Path(f"a/{i}.txt"), "no table") for i in range(4)] + [(Path("b.csv"), "no patients")]
    assert _skipped(Draft("", skipped=tuple(skipped))) == [
        "Not used:", "  a/0.txt, a/1.txt, a/2.txt and 1 more: no table", "  b.csv: no patients",
    ]  # fmt: skip
    assert _skipped(Draft("", skipped=tuple(skipped[:3])))[1] == "  a/0.txt, a/1.txt, a/2.txt: no table"
    assert _skipped(Draft("")) == []
    assert _questions(Draft("", questions=("which?", "when?"))) == ["To confirm:", "  which?", "  when?"]
    assert _questions(Draft("")) == []


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    def draft_study(folder: Path, **given: Any) -> Draft:
        seen.update(folder=folder, **given)
        tables = {"images.csv": IMAGES}
        return Draft("a: 1\n", tables=tables, images=IMAGES, patients=("P1",), clinical="c.csv", questions=("which?",))

    monkeypatch.setattr("sonoher2.cohort.drafting.draft.draft_study", draft_study)
    return seen


def test_the_study_file_says_where_the_data_are(
    asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "data", tmp_path / "s.yaml"
    folder.mkdir()
    assert run(["init", str(folder), "--out", str(out), "--patient-id", "ID"]) == 0
    assert (asked["folder"], asked["patient_id"], asked["tables_in"]) == (folder, "ID", folder)
    assert out.read_text() == 'a: 1\n\ndata: "data"\n'
    assert len(pd.read_csv(folder / "images.csv")) == 7
    said = capsys.readouterr().out.splitlines()
    assert said[-2] == "  which?"
    assert said[-1] == (
        f"Wrote {out}, {folder / 'images.csv'}. Check the lines with CONFIRM in it, then: sonoher2 check {out}"
    )
    inside = folder / "s.yaml"
    assert run(["init", str(folder), "--out", str(inside)]) == 0
    assert inside.read_text() == "a: 1\n"
    assert run(["init", str(folder), "--out", str(inside)]) == 2
    assert "exists already; choose another name with --out." in capsys.readouterr().err


def test_tables_of_a_folder_that_cannot_be_written_lie_beside_the_study(
    asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setattr("sonoher2.cli.commands.init.os.access", lambda place, right: right != os.W_OK)
    assert run(["init", str(folder), "--out", str(tmp_path / "s.yaml")]) == 0
    assert asked["tables_in"] == tmp_path
    assert (tmp_path / "images.csv").is_file()
    assert not list(folder.iterdir())
