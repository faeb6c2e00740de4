from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.cohort.images.listed import batch_images
from sonoher2.core.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images of one name but for case and kind, one of another, a mask, and something else."""
    for name in ("a/one.png", "b/one.png", "b/ONE.jpg", "b/two.png", "b/two_mask.png", "b/notes.txt"):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "images"


def test_images_of_a_folder_have_their_own_names(folder: Path) -> None:
    found = batch_images([folder])
    assert [image.path.relative_to(folder).as_posix() for image in found] == [
        "a/one.png",
        "b/ONE.jpg",
        "b/one.png",
        "b/two.png",
    ]
    assert [image.name for image in found] == ["a_one", "b_ONE", "b_one-2", "two"]


def test_a_number_does_not_make_the_name_of_another_image(tmp_path: Path) -> None:
    places = ["a/one.png", "b/one.png", "a_one.png", "a_one-2.png"]
    for place in places:
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(place)
    found = batch_images([tmp_path / place for place in places])
    # the third would be called like the first, and is then called like the fourth
    assert [image.name for image in found] == ["a_one", "b_one", "a_one-2", "a_one-2-2"]


def test_files_and_tables_are_taken_as_they_are(folder: Path) -> None:
    (folder / "table.csv").write_text("image,patient_id\na/one.png,1\nb/two_mask.png,2\n,3\n")
    found = batch_images([folder / "b" / "two.png", folder / "table.csv", folder / "b" / "two.png"])
    assert [image.name for image in found] == ["two", "one", "two_mask"]


def test_frames_of_one_file_have_their_own_names(folder: Path) -> None:
    (folder / "table.csv").write_text("image,frame\na/one.png,2\na/one.png,3\nb/two.png,\n")
    found = batch_images([folder / "table.csv"], frame=7)
    assert [(image.name, image.frame) for image in found] == [("one_frame2", 2), ("one_frame3", 3), ("two_frame7", 7)]
    (folder / "table.csv").write_text("image,frame\na/one.png,0\n")
    with pytest.raises(InputError, match="not the number of a frame"):
        batch_images([folder / "table.csv"])


@pytest.mark.parametrize(
    ("given", "said"), [("missing.png", "no such file"), ("empty", "no image was found"), ("bare.csv", "no column")]
)
def test_nothing_to_work_on(tmp_path: Path, given: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare.csv").write_text("picture\na.png\n")
    with pytest.raises(InputError, match=said):
        batch_images([tmp_path / given])
