"""Whose image it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sonoher2.cohort.drafting.image_patients import Owners, image_owners, own_names
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


@pytest.mark.parametrize(("digits", "found"), [(4, ["", "", ""]), (5, ["1", "1", "2"])])
def test_a_number_of_up_to_four_digits_may_be_many_things(digits: int, found: list[str]) -> None:
    ids = ["1" * digits, "2" * digits]
    paths = [f"benign/{ids[0]}.png", f"malignant/{ids[0]}.png", f"malignant/{ids[1]}.png"]
    assert owners(paths, ids).ids == [one * digits for one in found]


@pytest.mark.parametrize("column", [{}, {"file": ["scan 1.png", "scan 2.png"]}])
def test_more_than_half_of_the_images_must_be_found(column: dict[str, list[str]]) -> None:
    assert owners(["scan 1.png", "other.png"], ["1", "2"], **column).ids == ["scan 1", "other"]
    assert owners(["scan 1.png", "scan 2.png", "other.png"], ["1", "2"], **column).ids == ["1", "2", "other"]


def test_a_place_that_names_twice_as_many_patients_is_the_patients() -> None:
    paths = [f"{patient}_{view}.png" for patient in (1, 2, 3, 4) for view in (1, 2)]
    assert owners(paths, NUMBERS).ids == [path[0] for path in paths]
    assert owners(paths[:6], NUMBERS).ids == ["1_1", "1_2", "2_1", "2_2", "3_1", "3_2"]


def test_four_of_the_series_whose_numbers_begin_anew_are_named() -> None:
    found = owners([f"{folder}/{number}.png" for folder in "edcba" for number in (1, 2)], NUMBERS)
    assert "begin anew in 'a' and 'b' and 'c' and 'd': an image" in found.questions[0]


def test_how_many_are_nobodys_or_of_two() -> None:
    found = owners(["P01_P02.png", "P01.png", "x.png"], ["P01", "P02"])
    assert (found.ids, found.open) == (["", "P01", "x"], 1)
    assert found.questions == ("1 images name two patients: fill in theirs",)
    twice = owners(["x/1.png", "y/1.png", "y/2.png"], ["7", "8"], file=["1.png", "2.png"])
    assert twice.questions == ("2 images have a name that stands twice: fill in their patients",)
    paths = owners(["x/1.png", "y/1.png"], ["7", "8"], file=["x/1.png", "Y\\1.PNG"])
    assert (paths.ids, paths.questions) == (["7", "8"], ())


def test_the_id_of_a_dicom_file_that_the_table_has_not() -> None:
    # nobody of the table: the images of one patient stay together
    found = owners(["d/a.dcm", "d/b.dcm"], ["H1", "H2"], ["X", "X"])
    assert found.ids == ["X", "X"]
    assert found.questions == ("patient_id is the Patient ID of the DICOM files, which is not in the clinical table",)
    # the path says whose they are
    told = owners(["H1/a.dcm", "H2/b.dcm"], ["H1", "H2"], ["X", "X"])
    assert (told.ids, told.questions) == (["H1", "H2"], ())
    # a number alone says less than the file does
    number = owners(["PAT001/a.dcm", "PAT002/b.dcm", "PAT003/c.dcm"], ["1", "2", "3"], ["2", "1", None])
    assert number.ids == ["2", "1", "c"]


def test_files_of_one_name_are_called_by_their_folders() -> None:
    assert own_names([Path("a/x/one.png"), Path("b/ONE.jpg"), Path("b/two.nii.gz")]) == ["a_x_one", "b_ONE", "two"]
