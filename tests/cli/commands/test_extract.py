from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sonoher2.cli.app import run
from sonoher2.cli.commands.extract import Measuring
from sonoher2.core.errors import Finding, UsageError
from sonoher2.study.measure.extract import Extraction


def test_options_become_settings() -> None:
    measured = Measuring(bin_count=16, resample_mm=0.25, ring_mm=2.0, unit="mm").radiomics()
    assert (measured.bin_count, measured.bin_width, measured.resample_mm, measured.unit) == (16, None, 0.25, "mm")
    assert measured.ring is not None
    assert (measured.ring.mm, measured.ring.share) == (2.0, None)
    other = Measuring(bin_width=5.0, ring_share=0.3).radiomics()
    assert (other.bin_count, other.bin_width, other.unit) == (None, 5.0, None)
    assert other.ring is not None
    assert (other.ring.mm, other.ring.share) == (None, 0.3)
    assert Measuring().radiomics().ring is None


def test_masks() -> None:
    assert Measuring(largest=True, label="2").reading().several_masks == "largest"
    assert Measuring(largest=True, label="2").reading().mask_label == "2"
    assert Measuring().reading().several_masks == "union"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"unit": "cm"}, r"^--unit: .*'mm' or 'pixels'"),
        ({"ring_mm": 2.0, "ring_share": 0.3}, r"^--ring: give the ring's width either in mm or as a share"),
        ({"ring_share": 0.0}, r"^--ring-share: "),
        ({"bin_count": 8, "bin_width": 3.0}, r"^give either bin_count or bin_width"),
        ({"resample_mm": 0.1, "unit": "pixels"}, r"^resampled images are measured in mm"),
    ],
)
def test_contradictions_name_the_option(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Measuring(**options).radiomics()


@pytest.mark.parametrize("problems", [0, 2])
def test_what_is_printed_and_the_exit_code(
    problems: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: dict[str, Any] = {}

    def extract_table(table: Path, out: Path, radiomics: Any, **more: Any) -> Extraction:
        given.update(table=table, out=out, radiomics=radiomics, **more)
        found = [Finding("error", "the mask is empty", f"{i}.png") for i in range(problems)]
        return Extraction(5, "pixels", [Finding("warning", "tiny lesions", "masks")], found)

    monkeypatch.setattr("sonoher2.study.measure.extract.extract_table", extract_table)
    assert run(["extract", "t.csv", "--out", "f.csv", "--data", "d", "--jobs", "3"]) == (3 if problems else 0)
    assert (given["table"], given["out"], given["data"], given["workers"]) == (
        Path("t.csv"), Path("f.csv"), Path("d"), 3
    )  # fmt: skip
    said = capsys.readouterr()
    left_out = ", 2 problems with others, which are left out" if problems else ""
    assert said.out == f"Wrote f.csv: 5 images, lengths in pixels{left_out}.\n"
    assert said.err.splitlines()[0] == "warning: masks: tiny lesions."
    assert said.err.count("the mask is empty") == problems


def test_a_table_that_is_read_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "t.csv"
    table.write_text("patient_id,image,mask\nA,a.png,m.png\n", encoding="utf-8")
    before = table.read_bytes()
    for out in (table, tmp_path / "x" / ".." / "t.csv"):
        (tmp_path / "x").mkdir(exist_ok=True)
        assert run(["extract", str(table), "--out", str(out)]) == 3
        assert "this file is read, and would be replaced. Choose another name" in capsys.readouterr().err
        assert run(["audit", "table", str(table), "--out", str(out)]) == 3
        assert "this file is read, and would be replaced" in capsys.readouterr().err
    assert table.read_bytes() == before
