"""What a network may learn from, of a table worked by hand and of a study's training patients."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.images import FileReading
from sonoher2.core.errors import InputError, UsageError
from sonoher2.study.measure import training_images as module
from sonoher2.study.measure.training_images import enhancer_images, segmenter_cases, training_images

READING = FileReading(several_masks="largest", mask_label="1")


def written(folder: Path, text: str) -> Path:
    for name in ("a.png", "b.png", "c.png", "m.png", "n.png"):
        (folder / name).write_bytes(b"")
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_gives_cases_with_masks_and_images_without_a_lesion(tmp_path: Path) -> None:
    rows = "A,a.png,m.png; n.png,g\nB,b.png,none,\nC,c.png,,\n"
    table = written(tmp_path, f"patient_id,image,mask,group\n{rows}")
    (first, second), reading = segmenter_cases(table, None, tmp_path, "2")
    assert reading == FileReading(mask_label="2")
    assert (first.patient, first.image, first.group) == ("A", tmp_path / "a.png", "g")
    assert first.masks == (tmp_path / "m.png", tmp_path / "n.png")
    assert (second.patient, second.masks, second.group) == ("B", (), "")


def test_spellings_of_one_patient_are_one_patient(tmp_path: Path) -> None:
    table = written(tmp_path, "patient_id,image,mask\nP1,a.png,m.png\np 1,b.png,none\nP2,c.png,n.png\n")
    cases, _ = segmenter_cases(table, None, tmp_path)
    assert [case.patient for case in cases] == ["P1", "P1", "P2"]
    assert [case.image.name for case in cases] == ["a.png", "b.png", "c.png"]


@pytest.mark.parametrize("cell", [";", " ; ;"])
def test_joined_empty_cells_are_no_mask_and_not_an_image_without_a_lesion(tmp_path: Path, cell: str) -> None:
    table = written(tmp_path, f"patient_id,image,mask\nA,a.png,{cell}\nB,b.png,m.png;\n")
    [only], _ = segmenter_cases(table, None, tmp_path)
    assert (only.patient, only.masks) == ("B", (tmp_path / "m.png",))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("patient_id,image\nA,a.png\n", "there is no column `mask`"),
        ("patient_id,image,mask\n,a.png,m.png\n", "a row has no patient or no image"),
    ],
)
def test_a_table_that_lacks_something_is_refused(text: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=what):
        segmenter_cases(written(tmp_path, text), None, tmp_path)


def test_a_study_file_stands_alone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="stands alone"):
        enhancer_images([tmp_path / "study.yaml", tmp_path / "a.png"], None, tmp_path)


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four patients; the second is a test patient, and the segmenter made the mask of the third."""
    images = pd.DataFrame(
        {
            "patient_id": list("ABCD"),
            "image": [f"/{name}.png" for name in "abcd"],
            "masks": [("/m.png",), ("/n.png",), ("/cache/x.png",), ()],
            "site": ["one", "one", None, "two"],
            "frame": [np.nan, np.nan, 3.0, np.nan],
        }
    )
    checked = SimpleNamespace(cohort=SimpleNamespace(images=images), segmented=pd.DataFrame({"mask": ["/cache/x.png"]}))
    sets = pd.Series({"A": "train", "B": "test", "C": "train", "D": "train"})
    config = SimpleNamespace(images=READING)
    monkeypatch.setattr(module, "load_study", lambda study, data: config)
    monkeypatch.setattr(module, "networks_of_files", lambda given: "the study's" if given is config else "others")
    monkeypatch.setattr(module, "checked_cohort", lambda given, context, networks: {"the study's": checked}[networks])
    monkeypatch.setattr(module, "draw_or_reload", lambda cohort, config, path: SimpleNamespace(sets=sets))


def test_only_training_patients_and_no_mask_of_the_segmenter(study: Any, tmp_path: Path) -> None:
    rows = training_images(tmp_path / "study.yaml", None, tmp_path)
    assert rows["patient_id"].tolist() == ["A", "C", "D"]
    assert rows["masks"].tolist() == [("/m.png",), (), ()]
    [case], reading = segmenter_cases(tmp_path / "study.yaml", None, tmp_path)
    assert reading is READING
    assert (case.patient, case.masks, case.group) == ("A", (Path("/m.png"),), "one")


def test_a_study_says_itself_which_label_is_the_lesion(study: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"images\.mask_label"):
        segmenter_cases(tmp_path / "study.yaml", None, tmp_path, "1")


def test_an_enhancer_learns_from_all_images_of_training_patients(study: Any, tmp_path: Path) -> None:
    found = enhancer_images([tmp_path / "study.yaml"], None, tmp_path)
    assert found == [(Path("/a.png"), None), (Path("/c.png"), 3), (Path("/d.png"), None)]


@pytest.mark.parametrize("suffix", [".yaml", ".YML"])
def test_a_study_without_images_teaches_no_segmenter(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "load_study", lambda study, data: SimpleNamespace(images=None))
    with pytest.raises(InputError, match="the study has no images"):
        segmenter_cases(tmp_path / f"study{suffix}", None, tmp_path)


def test_images_and_folders_teach_an_enhancer_as_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = [SimpleNamespace(path=Path("a.png"), frame=None), SimpleNamespace(path=Path("b.dcm"), frame=2)]
    monkeypatch.setattr(module, "batch_images", lambda images: given if images == [Path("a.png"), Path("x")] else [])
    assert enhancer_images([Path("a.png"), Path("x")], None, tmp_path) == [(Path("a.png"), None), (Path("b.dcm"), 2)]


def test_paths_of_a_table_are_relative_to_the_data_folder_and_frames_are_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    table = written(tmp_path / "data", "patient_id,image,mask,frame\nA,a.png,m.png,2\nB,b.png,NONE,\n")
    elsewhere = tmp_path / "t.csv"
    elsewhere.write_text(table.read_text(encoding="utf-8"), encoding="utf-8")
    (first, second), _ = segmenter_cases(elsewhere, tmp_path / "data", tmp_path)
    assert (first.image, first.frame, second.frame) == (tmp_path / "data" / "a.png", 2, None)
    assert second.masks == ()
