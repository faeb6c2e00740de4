"""Whose image it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sonoher2.cohort.drafting.image_patients import Owners, image_owners
from sonoher2.cohort.images.find import FoundImage


def owners(paths: list[str], ids: list[str], dicom: list[str | None] | None = None, **columns: list[str]) -> Owners:
    stated = dicom or [None] * len(paths)
    found = [FoundImage(Path(path), (), None, one) for path, one in zip(paths, stated, strict=True)]
    return image_owners(found, pd.DataFrame({"patient_id": ids, **columns}, dtype=object), "patient_id")


NUMBERS = [str(number) for number in range(1, 32)]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["2023-11-15_26_L.png", "2023-12-01_7_L.png"], ["26", "7"]),
        (["20231115_26.png", "20231201_7.png"], ["26", "7"]),
        (["15.11.2023/26.png", "01.12.2023/7.png"], ["26", "7"]),
        (["26/20231115_101530.png", "7/20231201_090000.png"], ["26", "7"]),
        (["2023年11月15日_26.png", "2023年12月1日_7.png"], ["26", "7"]),
        (["long/26.png", "trans/26.png", "long/7.png"], ["26", "26", "7"]),
    ],
)
def test_a_date_in_a_path_is_no_patient(paths: list[str], expected: list[str]) -> None:
    assert owners(paths, NUMBERS).ids == expected


def test_the_number_of_a_view_is_no_patient() -> None:
    paths = [f"{patient}_{view}.png" for patient in range(1, 31) for view in (1, 2)]
    assert owners(paths, NUMBERS).ids == [path.split("_")[0] for path in paths]


def test_two_numbers_that_may_both_be_the_patient_name_nobody() -> None:
    paths = [f"{one}_{4 - one}.png" for one in (1, 2, 3)]
    assert owners(paths, ["1", "2", "3"]).ids == ["1_3", "2_2", "3_1"]


@pytest.mark.parametrize(
    "paths",
    [
        ["benign/benign (1).png", "malignant/malignant (1).png", "malignant/malignant (2).png"],
        ["良性/1.png", "恶性/1.png", "恶性/2.png"],
        ["benign1.png", "malignant1.png"],
        ["2023-05-01/1.png", "2023-05-02/1.png", "2023-05-02/2.png"],
        ["hospital A/1.png", "hospital B/1.png"],
    ],
)
def test_numbers_that_begin_anew_are_asked_about(paths: list[str]) -> None:
    found = owners(paths, NUMBERS)
    assert found.ids == [""] * len(paths)
    assert "begin anew" in found.questions[0]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("P01_1.png", "P01"), ("P01左乳.png", "P01"), ("P01-2_a.png", "P01-2"), ("XP01.png", "XP01"), ("P01_P02.png", "")],
)
def test_an_id_with_letters_stands_between_separators(path: str, expected: str) -> None:
    assert owners([path, "P02.png"], ["P01", "P01-2", "P02"]).ids == [expected, "P02"]


def test_numbers_without_their_zeros_are_matched_and_asked_about() -> None:
    found = owners(["PAT001/IM01.png", "PAT002/IM01.png", "PAT003/IM01.png"], ["1", "2", "3"])
    assert found.ids == ["1", "2", "3"]
    assert "matched by number alone" in found.questions[0]


def test_ages_are_no_names_of_images() -> None:
    found = owners(["38.png", "39.png"], ["A1", "A2"], age=["38", "39"])
    assert found.ids == ["38", "39"]


def test_a_column_of_names_of_images_says_whose_they_are() -> None:
    found = owners(["x/a 1.png", "x/b 1.png"], ["7", "8"], file=["a 1.png", "b 1.png"])
    assert found.ids == ["7", "8"]


def test_one_name_in_two_folders_is_nobodys() -> None:
    found = owners(["x/1.png", "y/1.png", "y/2.png"], ["7", "8"], file=["1.png", "2.png"])
    assert found.ids == ["", "", "8"]


def test_the_patient_id_of_dicom_files_counts_where_the_table_has_it() -> None:
    found = owners(["d/1.dcm", "d/2.dcm"], ["H1", "H2"], ["H2", "H1"])
    assert found.ids == ["H2", "H1"]
    assert "Patient ID of the DICOM files" in found.questions[0]
    against = owners(["H1/1.dcm", "H2/2.dcm"], ["H1", "H2"], ["H1", "H1"])
    assert against.ids == ["H1", ""]
    assert "another patient than their path" in against.questions[1]
