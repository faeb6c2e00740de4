"""Which images are to be outlined: from a study file, a table, a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.core.errors import FindingsError, InputError
from sonoher2.server.cohorts.outlines.sources import list_images


def test_a_study_names_its_images_and_what_is_known_of_them(study_folder: Path) -> None:
    listed = list_images(study_folder / "study.yaml")
    assert (listed.kind, listed.title, listed.folder) == ("study", "Twelve patients", study_folder)
    assert [one.patient_id for one in listed.images] == [f"P{n}" for n in range(1, 13)]
    second = listed.images[1]
    assert second.path == str(study_folder / "pictures" / "P2.png")
    assert second.cell == "pictures/P2.png"
    # 0.01 cm per pixel
    assert second.mm_per_pixel == pytest.approx(0.1)
    assert second.masks == (str(study_folder / "drawn" / "P2.png"),)
    assert second.second_mask == str(study_folder / "drawn" / "P2b.png")
    assert (second.frame, second.descriptions) == (None, {"site": "B"})
    assert listed.images[2].masks == ()


def test_patients_without_a_label_or_a_mask_are_outlined_too(study_folder: Path) -> None:
    (study_folder / "clinical.csv").write_text("ID,age,her2\nP1,40,yes\n", encoding="utf-8")
    assert len(list_images(study_folder / "study.yaml").images) == 12


def test_rows_that_the_study_leaves_out_are_left_out(study_folder: Path) -> None:
    study = study_folder / "study.yaml"
    text = study.read_text(encoding="utf-8").replace(
        "  table: images.csv", "  table: images.csv\n  where: {Hospital: [A]}"
    )
    study.write_text(text, encoding="utf-8")
    assert [one.patient_id for one in list_images(study).images] == ["P1", "P3", "P5", "P7", "P9", "P11"]


def test_a_table_alone_will_do(study_folder: Path) -> None:
    table = study_folder / "some.csv"
    table.write_text("patient_id,image,frame,view\na,pictures/P1.png,,long\nb,pictures/P2.png,1,\n", encoding="utf-8")
    listed = list_images(table)
    assert (listed.kind, listed.title, listed.folder) == ("table", "some", study_folder)
    assert [(one.patient_id, one.frame, one.descriptions) for one in listed.images] == [
        ("a", None, {"view": "long"}),
        ("b", 1, {}),
    ]


def test_a_folder_pairs_images_with_masks_by_name(tmp_path: Path, study_folder: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "x1.png").write_bytes((study_folder / "pictures" / "P1.png").read_bytes())
    (folder / "x1_mask.png").write_bytes((study_folder / "drawn" / "P1.png").read_bytes())
    listed = list_images(folder)
    assert [(one.patient_id, one.cell, one.masks) for one in listed.images] == [
        ("x1", "x1.png", (str(folder / "x1_mask.png"),))
    ]


def test_a_file_that_is_missing_is_named(study_folder: Path) -> None:
    (study_folder / "pictures" / "P3.png").unlink()
    with pytest.raises(FindingsError, match="1 image files do not exist"):
        list_images(study_folder / "study.yaml")


def test_what_is_no_source_is_refused(study_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no study file, table or folder"):
        list_images(study_folder / "pictures" / "P1.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no image was found"):
        list_images(tmp_path / "empty")
    clinical_only = "clinical: {table: clinical.csv, patient_id: ID}\ntarget: {column: her2, positive: yes}\n"
    (study_folder / "other.yaml").write_text(clinical_only, encoding="utf-8")
    with pytest.raises(InputError, match="the study has no images"):
        list_images(study_folder / "other.yaml")
