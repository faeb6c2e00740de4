"""Folders as classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.cohort.drafting.class_folders import class_folders
from sonoher2.cohort.images.find import FoundImage


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
