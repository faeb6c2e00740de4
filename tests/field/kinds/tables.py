"""What must come of tables as hospitals have them: sheets, headers, encodings, categories; and of broken ones."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
from PIL import Image

from field.command import BAD_INPUT, DONE, sonoher2
from sonoher2.cohort.load import load_cohort
from sonoher2.config.load import load_study

CHINESE = {"pre": "未绝经", "post": "绝经"}


def patients(folder: Path) -> pd.DataFrame:
    return load_cohort(load_study(folder / "study.yaml")).patients


def told(folder: Path) -> str:
    return "\n".join(map(str, load_cohort(load_study(folder / "study.yaml")).findings))


def refused(*words: str) -> str:
    """Check the study of the working directory, which must be refused in these words."""
    outcome = sonoher2("check", "study.yaml")
    assert outcome.code == BAD_INPUT, outcome.text
    for word in words:
        assert word in outcome.text, outcome.text
    return outcome.text


def add_key(folder: Path, line: str) -> None:
    study = folder / "study.yaml"
    study.write_text(study.read_text("utf-8").replace("clinical:\n", f"clinical:\n  {line}\n"), "utf-8")


def tables_birads_as_date(folder: Path) -> None:
    refused("BIRADS", "a date among the values", "row")


def tables_cover_sheet(folder: Path) -> None:
    assert len(patients(folder)) == 64
    assert "README" in told(folder)
    assert "sheet: patients" in told(folder)
    add_key(folder, "sheet: patients")
    assert "README" not in told(folder)
    add_key(folder, "sheet: README")
    study = (folder / "study.yaml").read_text("utf-8").replace("  sheet: patients\n", "")
    (folder / "study.yaml").write_text(study, "utf-8")
    refused("README")


def tables_er_plus_minus(folder: Path) -> None:
    with (folder / "t.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    right = {row["patient_id"]: {"+": 1.0, "-": 0.0}[row["ER"]] for row in rows}
    assert patients(folder)["er"].to_dict() == right


def tables_extract_to_xlsx(folder: Path) -> None:
    outcome = sonoher2("extract", "images.csv", "--out", "f.xlsx")
    assert outcome.code == DONE, outcome.text
    names, values = openpyxl.load_workbook(folder / "f.xlsx").active.iter_rows(values_only=True)
    assert values[:2] == ("患者1", "病例1.png")
    assert all(isinstance(value, int | float) for value in values[2:])
    assert sonoher2("extract", "images.csv", "--out", "f.csv").code == DONE
    data = (folder / "f.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfpatient_id,image,")
    header, row = csv.reader(data.decode("utf-8-sig").splitlines())
    assert header == list(names)
    assert np.allclose([float(cell) for cell in row[2:]], values[2:], rtol=1e-12)
    outcome = sonoher2("extract", "images.csv", "--out", "f.xls")
    assert outcome.code != DONE
    assert ".xlsx" in outcome.text


def tables_formula_no_cache(folder: Path) -> None:
    text = refused("64 formulas", "C2", "Open and save the file in Excel")
    assert "Remove the column" not in text


def tables_gbk_headers(folder: Path) -> None:
    assert patients(folder)["age"]["P001"] == 38
    assert "GBK" in told(folder)
    add_key(folder, "encoding: gbk")
    assert patients(folder)["age"]["P002"] == 61
    assert "GBK" not in told(folder)


def tables_gbk_values(folder: Path) -> None:
    assert set(patients(folder)["menopause"]) == set(CHINESE.values())
    assert patients(folder)["menopause"]["P001"] == CHINESE["pre"]
    assert "GBK" in told(folder)


def tables_hash_header(folder: Path) -> None:
    assert patients(folder)["age"]["P001"] == 38
    lines = (folder / "t.csv").read_text("utf-8").splitlines(keepends=True)
    (folder / "t.csv").write_text("".join(lines[1:]), "utf-8")
    text = refused("patient_id")
    assert "P001" not in text
    assert "The columns are" not in text


def tables_hidden_rows(folder: Path) -> None:
    outcome = sonoher2("check", "study.yaml")
    assert "26 of 64 rows are hidden" in outcome.text


def tables_id_scientific(folder: Path) -> None:
    refused("3.10101E+17", "damaged by a spreadsheet", "row")


def tables_ids_leading_zeros_lost(folder: Path) -> None:
    assert "would match without leading zeros" in told(folder)


def tables_ki67_percent_format(folder: Path) -> None:
    sheet = openpyxl.load_workbook(folder / "t.xlsx").active
    values = {row[0].value: row[4] for row in sheet.iter_rows(min_row=2)}
    right = {name: round(cell.value * (100 if "%" in cell.number_format else 1), 9) for name, cell in values.items()}
    assert patients(folder)["ki67"].to_dict() == right
    assert right["P001"] == 17
    assert right["P002"] == 50


def tables_levels_case_twins(folder: Path) -> None:
    refused("birads", "stands twice")


def tables_merged_patient(folder: Path) -> None:
    cohort = patients(folder)
    assert len(cohort) == 64
    assert cohort["age"]["P001"] == 38
    assert cohort["age"]["P002"] == 61


def tables_none_is_a_level(folder: Path) -> None:
    refused("family_history", "'none' may be a value", "levels", "missing")
    study = folder / "study.yaml"
    text = study.read_text("utf-8")
    study.write_text(text.replace("kind: category,", "kind: category, levels: [none, mother, sister],"), "utf-8")
    assert (patients(folder)["family"] == "none").sum() == 27
    study.write_text(text.replace("kind: category,", "kind: category, missing: [none],"), "utf-8")
    assert patients(folder)["family"].isna().sum() == 27


def tables_sep_line(folder: Path) -> None:
    assert patients(folder)["age"]["P001"] == 38
    assert len(patients(folder)) == 64


def tables_title_row(folder: Path) -> None:
    assert patients(folder)["age"]["P001"] == 38
    assert "header_row: 2" in told(folder)
    add_key(folder, "header_row: 2")
    assert "header" not in told(folder)


def tables_totals_row(folder: Path) -> None:
    assert len(patients(folder)) == 64
    assert "2 rows below the patients" in told(folder)
    assert "rows 66, 67" in told(folder)


def tables_two_row_header(folder: Path) -> None:
    text = refused("rows 1 and 2", "header_row: [1, 2]")
    assert "quotes" not in text
    add_key(folder, "header_row: [1, 2]")
    study = (folder / "study.yaml").read_text("utf-8")
    study = study.replace("ihc: HER2_IHC, ish: HER2_FISH", "ihc: HER2 IHC, ish: HER2 FISH")
    (folder / "study.yaml").write_text(study, "utf-8")
    assert len(patients(folder)) == 64


def tables_validate_other_codes(folder: Path) -> None:
    assert sonoher2("run", "home.yaml", "--out", "home", "--jobs", "1").code == DONE
    outcome = sonoher2("validate", "home/bundle", "other.yaml", "--out", "other", "--jobs", "1")
    assert outcome.code == BAD_INPUT, outcome.text
    assert "Premenopausal" in outcome.text
    assert "menopause" in outcome.text
    outcome = sonoher2("predict", "home/bundle", "--clinical", "age=52", "--clinical", "menopause=banana")
    assert outcome.code == BAD_INPUT, outcome.text
    assert "post, pre" in outcome.text
    assert sonoher2("predict", "home/bundle", "--clinical", "age=52", "--clinical", "menopause=pre").code == DONE
    assert sonoher2("validate", "home/bundle", "other_same.yaml", "--out", "same", "--jobs", "1").code == DONE


def images_gbk_table(folder: Path) -> None:
    # the two bytes are a letter of Bashkir in UTF-8 and the commonest Chinese character in GBK
    extraction_refused("images.csv", "UTF-8", "GBK", "encoding")
    rows = [("住院号1", "-x.png", "-x_mask.png")]
    table = "patient_id,image,mask\r\n" + "".join(f"{','.join(row)}\r\n" for row in rows)
    (folder / "images.csv").write_bytes(table.encode("gbk"))
    outcome = sonoher2("extract", "images.csv", "--out", "features.csv")
    assert outcome.code == DONE, outcome.text
    assert "GBK" in outcome.text
    with (folder / "features.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row["patient_id"] for row in csv.DictReader(stream)] == ["住院号1"]


def extraction_refused(table: str, *words: str) -> str:
    outcome = sonoher2("extract", table, "--out", "o.csv")
    assert outcome.code == BAD_INPUT, outcome.text
    assert "Internal error" not in outcome.text
    for word in words:
        assert word in outcome.text, outcome.text
    return outcome.text


def faults_csv_many_columns(folder: Path) -> None:
    extraction_refused("images.csv")


def faults_csv_nul_in_path(folder: Path) -> None:
    extraction_refused("images.csv", "row 2", "column 'image'")


def faults_csv_path_too_long(folder: Path) -> None:
    text = extraction_refused("images.csv", "row 2", "column 'image'")
    assert len(text) < 1500


def faults_symlink_loop(folder: Path) -> None:
    os.symlink("loop.png", folder / "loop.png")
    (folder / "images.csv").write_text("patient_id,image,mask\nP1,loop.png,m.png\n")
    Image.fromarray(np.full((8, 8), 255, np.uint8)).save(folder / "m.png")
    text = extraction_refused("images.csv", "loop.png")
    assert re.search(r"row 2\b", text)


def faults_xlsx_broken_xml(folder: Path) -> None:
    extraction_refused("images.xlsx", "the table cannot be read")


def faults_xlsx_far_cell(folder: Path) -> None:
    extraction_refused("images.xlsx", "XFD1048576")
