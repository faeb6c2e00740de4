"""What must come of folders that `sonoher2 init` once read wrongly."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import yaml

from field.command import BAD_INPUT, DONE, Outcome, sonoher2

NAME = "drafted.yaml"


def drafted(folder: Path, *options: str) -> tuple[Outcome, dict[str, Any]]:
    outcome = sonoher2("init", folder, "--out", folder / NAME, *options)
    assert outcome.code == DONE, outcome.text
    return outcome, yaml.safe_load((folder / NAME).read_text(encoding="utf-8"))


def image_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "sonoher2-images.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def tables_class_folders_without_table(folder: Path) -> None:
    outcome, study = drafted(folder)
    rows = image_rows(folder)
    assert len(rows) == 12
    assert all(row["mask"] == row["image"].replace(".png", "_mask.png") for row in rows)
    with (folder / study["clinical"]["table"]).open(encoding="utf-8-sig", newline="") as stream:
        classes = {row["patient_id"]: row["class"] for row in csv.DictReader(stream)}
    assert {row["image"]: classes[row["patient_id"]] for row in rows} == {
        row["image"]: row["image"].split("/")[0] for row in rows
    }
    assert study["target"] == {"column": "class", "positive": "malignant", "negative": "benign"}
    assert "each image is taken for a patient of its own" in outcome.text
    # twelve patients are too few, and nothing else is wrong with it
    check = sonoher2("check", folder / NAME)
    assert "12 patients with a label: 6 benign, 6 malignant" in check.text


def tables_init_chinese_mask_folder(folder: Path) -> None:
    drafted(folder)
    rows = image_rows(folder)
    assert len(rows) == 30
    for row in rows:
        name = f"{row['patient_id']}.png"
        assert (row["image"], row["mask"]) == (f"图像/{name}", f"勾画/{name}")
    assert sonoher2("check", folder / NAME).code == DONE


def tables_init_class_number_as_patient(folder: Path) -> None:
    outcome, _ = drafted(folder)
    assert "begin anew in 'benign/benign' and 'malignant/malignant'" in outcome.text
    assert {row["patient_id"] for row in image_rows(folder)} == {""}
    check = sonoher2("check", folder / NAME)
    assert check.code == BAD_INPUT
    assert "Fill in the patient" in check.text


def tables_init_date_as_patient(folder: Path) -> None:
    drafted(folder)
    rows = image_rows(folder)
    assert len(rows) == 31
    assert all(row["patient_id"] == row["image"].split("_")[1] for row in rows)
    assert sonoher2("check", folder / NAME).code == DONE


def tables_init_dicom_without_suffix(folder: Path) -> None:
    outcome, study = drafted(folder)
    rows = image_rows(folder)
    assert len(rows) == 24
    assert all(f"PAT{int(row['patient_id']):03d}" == row["image"].split("/")[0] for row in rows)
    assert "Patient ID of the DICOM files: is that the study's?" in outcome.text
    assert study["regions"] == "segment"


def tables_init_drops_fish_column(folder: Path) -> None:
    _, study = drafted(folder)
    assert (study["target"]["ihc"], study["target"]["ish"]) == ("HER2_IHC", "HER2_FISH")
    assert sonoher2("check", folder / NAME).code == DONE


def tables_init_drops_ihc_column(folder: Path) -> None:
    _, study = drafted(folder)
    assert (study["target"]["ihc"], study["target"]["ish"]) == ("HER2_IHC", "HER2_FISH")
    assert sonoher2("check", folder / NAME).code == DONE


def tables_init_her2_named_plainly(folder: Path) -> None:
    _, study = drafted(folder)
    assert (study["target"]["ihc"], study["target"]["ish"]) == ("HER2", "FISH")
    assert sonoher2("check", folder / NAME).code == DONE


def tables_init_image_named_tumour(folder: Path) -> None:
    outcome, _ = drafted(folder)
    rows = image_rows(folder)
    assert len(rows) == 30
    for row in rows:
        name = f"tumor_{row['patient_id']}.png"
        assert (row["image"], row["mask"]) == (f"Images/{name}", f"Annotations/{name}")
    assert "30 pictures have names of masks: are they images?" in outcome.text
    assert sonoher2("check", folder / NAME).code == DONE


def tables_init_overwrites_edited_images(folder: Path) -> None:
    before = (folder / "sonoher2-images.csv").read_bytes()
    outcome, study = drafted(folder)
    assert (folder / "sonoher2-images.csv").read_bytes() == before
    assert "sonoher2-images.csv was there already and is kept" in outcome.text
    assert study["images"]["mm_per_pixel"] == "mm_per_pixel"


def tables_init_skips_table_silently(folder: Path) -> None:
    outcome = sonoher2("init", folder, "--out", folder / NAME)
    assert "cohort.xlsx" in outcome.text
    if outcome.code == DONE:
        study = yaml.safe_load((folder / NAME).read_text(encoding="utf-8"))
        assert study["clinical"]["table"] == "cohort.xlsx"
        assert study["target"]["ihc"] == "HER2_IHC"
    else:
        assert outcome.code == BAD_INPUT
        assert "row 2" in outcome.text


def tables_target_rest_is_negative(folder: Path) -> None:
    outcome, study = drafted(folder)
    assert study["target"] == {
        "column": "HER2 status", "positive": "Positive", "negative": "Negative (IHC 0/1+)",
    }  # fmt: skip
    for value in ("Equivocal (8)", "Not performed (8)", "Positive (24)", "Negative (IHC 0/1+) (24)"):
        assert value in outcome.text
    assert "left out as neither: Equivocal, Not performed" in outcome.text
