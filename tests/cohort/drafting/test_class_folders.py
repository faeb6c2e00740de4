"""Folders as classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.cohort.drafting.class_folders import ClassFolders, class_folders, patient_rows
from sonoher2.cohort.images.find import FoundImage


def folders(*paths: str, patients: tuple[str | None, ...] = ()) -> ClassFolders | None:
    stated = patients or (None,) * len(paths)
    return class_folders([FoundImage(Path(path), (), None, one) for path, one in zip(paths, stated, strict=True)])


@pytest.mark.parametrize(
    ("one", "other", "names"),
    [
        ("HER2+", "HER2-", {"HER2+", "HER2-"}),
        ("HER2阳性", "HER2阴性", {"HER2阳性", "HER2阴性"}),
        ("benign_images", "malignant_images", {"benign", "malignant"}),
    ],
)
def test_a_sign_of_a_class_stays(one: str, other: str, names: set[str]) -> None:
    found = [FoundImage(Path(folder) / f"{i}.png", ()) for folder in (one, other) for i in range(3)]
    classes = class_folders(found)
    assert classes is not None
    assert set(classes.classes) == names


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["0/a.png", "1/b.png"], ["0", "1"]),
        (["0/a.png", "2/b.png"], None),
        (["0/a.png", "1/b.png", "2/c.png"], None),
        (["benign/a.png", "normal/b.png"], ["benign", "normal"]),
        (["benign/a.png", "Normal/b.png"], ["benign", "Normal"]),
        # one word that is known is enough where each folder holds three images
        (["benign/1.png", "benign/2.png", "benign/3.png", "other/4.png", "other/5.png", "other/6.png"],
         ["benign"] * 3 + ["other"] * 3),
        (["benign/1.png", "benign/2.png", "benign/3.png", "other/4.png", "other/5.png"], None),
        (["x/1.png", "x/2.png", "x/3.png", "y/4.png", "y/5.png", "y/6.png"], None),
        (["benign/a.png", "benign/b.png"], None),
        (["benign/a.png", "b.png"], None),
        (["images/a.png", "benign/b.png", "malignant/c.png"], None),
        # the first level that holds classes
        (["site/benign/a.png", "site/malignant/b.png"], ["benign", "malignant"]),
        (["benign/low/a.png", "malignant/zero/b.png"], ["benign", "malignant"]),
        ([f"{name}/a.png" for name in ("benign", "malignant", "c", "d", "e", "f")],
         ["benign", "malignant", "c", "d", "e", "f"]),
        ([f"{name}/a.png" for name in ("benign", "malignant", "c", "d", "e", "f", "g")], None),
        ([], None),
    ],
)  # fmt: skip
def test_which_folders_are_classes(paths: list[str], expected: list[str] | None) -> None:
    found = folders(*paths)
    assert (found and found.classes) == expected


def test_patients_are_said_by_the_files_by_folders_or_by_nobody() -> None:
    paths = ("benign/A/1.png", "benign/B/2.png", "malignant/A/3.png", "benign/B/4.png")
    by_folder = folders(*paths)
    # A stands in two classes and may be two patients
    assert by_folder == ClassFolders(
        ["benign", "benign", "malignant", "benign"], ["benign_A", "B", "malignant_A", "B"], each_its_own=False
    )
    assert patient_rows(by_folder) == [("benign_A", "benign"), ("B", "benign"), ("malignant_A", "malignant")]
    by_file = folders(*paths, patients=("P1", "P2", "P2", "P1"))
    assert by_file is not None
    assert (by_file.patients, by_file.each_its_own) == (["P1", "benign_P2", "malignant_P2", "P1"], False)
    beside, unsaid = (
        folders(*paths[:3], "benign/4.png"),
        folders("benign/1.png", "malignant/3.png", patients=("P1", None)),
    )
    assert beside == ClassFolders(["benign", "benign", "malignant", "benign"], ["1", "2", "3", "4"], each_its_own=True)
    assert unsaid == ClassFolders(["benign", "malignant"], ["1", "3"], each_its_own=True)
