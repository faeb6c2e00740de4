"""The images table row by row: what is taken from it, and each thing that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.images.table import image_rows
from sonoher2.config.images import ImagesConfig
from sonoher2.core.errors import Finding


def read(
    folder: Path, rows: dict[str, list[str | None]], masks_needed: bool = False, **config: object
) -> tuple[pd.DataFrame, list[Finding]]:
    for name in ("i/a.png", "i/b.png", "m/a.png", "m/b.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    frame = pd.DataFrame(rows, dtype=object)
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    read_as = ImagesConfig.model_validate({"table": "images.csv", **config})
    return image_rows(frame, read_as, folder, masks_needed=masks_needed)


ROWS: dict[str, list[str | None]] = {"patient_id": ["P1", "P2"], "image": ["i/a.png", "i/b.png"]}


def said(findings: list[Finding]) -> list[str]:
    return [f"{finding.severity}: {finding}" for finding in findings]


def test_columns_paths_and_numbers(tmp_path: Path) -> None:
    table = {
        **ROWS,
        "m": ["m/a.png; m/b.png;", None], "more": [None, "m/b.png"], "reader": ["m/b.png", None],
        "spacing": ["0,078", "0.01"], "page": ["3", None], "hospital": ["A", None],
    }  # fmt: skip
    found, findings = read(
        tmp_path, table, mask=["m", "more"], second_mask="reader", mm_per_pixel="spacing", mm_per_pixel_scale=10,
        frame="page", site="hospital",
    )  # fmt: skip
    assert said(findings) == [
        "warning: images.csv: 1 mask files belong to two patients (P1, P2). Give each mask to one patient."
    ]
    assert list(found.columns) == [
        "patient_id", "image", "masks", "second_mask", "lesion_id", "view", "site", "scanner", "date", "frame",
        "mm_per_pixel",
    ]  # fmt: skip
    root = tmp_path.resolve()
    assert found["image"].tolist() == [str(root / "i/a.png"), str(root / "i/b.png")]
    assert found["masks"].tolist() == [(str(root / "m/a.png"), str(root / "m/b.png")), (str(root / "m/b.png"),)]
    assert found["second_mask"].tolist() == [str(root / "m/b.png"), None]
    assert found["mm_per_pixel"].tolist() == pytest.approx([0.78, 0.1])
    np.testing.assert_array_equal(found["frame"], [3, np.nan])
    assert found["site"].tolist() == ["A", None]
    assert found["view"].tolist() == [None, None]
    assert found.index.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("value", "fine"), [("0.01", True), ("1.0", True), ("0.0099", False), ("1.01", False), ("x", False)]
)
def test_sizes_of_a_pixel(value: str, fine: bool, tmp_path: Path) -> None:
    _, findings = read(tmp_path, {**ROWS, "mm": [None, value]}, mm_per_pixel="mm")
    wrong = (
        "error: images.csv, column 'mm_per_pixel', row 3: not a size of a pixel in mm (0.01 to 1). "
        "Mend the value, or set `mm_per_pixel_scale` (10 when the column is in cm)."
    )
    assert said(findings) == ([] if fine else [wrong])


@pytest.mark.parametrize(("value", "fine"), [("1", True), ("12", True), ("0", False), ("1.5", False), ("x", False)])
def test_numbers_of_frames(value: str, fine: bool, tmp_path: Path) -> None:
    _, findings = read(tmp_path, {**ROWS, "page": [None, value]}, frame="page")
    wrong = "error: images.csv, column 'frame', row 3: not the number of a frame. Count frames from 1, as DICOM does."
    assert said(findings) == ([] if fine else [wrong])


def test_files_that_do_not_exist_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    table = {**ROWS, "image": ["i/a.png", "gone.png"], "m": ["m/x.png;m/a.png", "m/y.png"], "second": [None, "z.png"]}
    _, findings = read(tmp_path, table, mask="m", second_mask="second")
    fix = "Mend the table, the template or `data` in the study file."
    root = tmp_path.resolve()
    what = "files do not exist or cannot be opened, the first of them"
    assert said(findings) == [
        f"error: images.csv, column 'image', row 3: 1 image {what} {root / 'gone.png'}. {fix}",
        f"error: images.csv, column 'm', rows 2, 3: 2 mask {what} {root / 'm/x.png'}. {fix}",
        f"error: images.csv, column 'm', row 3: 1 mask {what} {root / 'z.png'}. {fix}",
    ]
    long = "a" * 300
    _, findings = read(tmp_path, {**ROWS, "image": ["i/a.png", long]})
    assert findings[0].what.endswith(f"the first of them {'a' * 200}...")
    whole = f"{root}/{'b/' * 100}"[:196] + ".png"
    _, findings = read(tmp_path, {**ROWS, "image": ["i/a.png", whole]})
    assert findings[0].what.endswith(f"the first of them {whole}")


def test_patients_are_named_and_share_no_image(tmp_path: Path) -> None:
    _, findings = read(tmp_path, {**ROWS, "patient_id": ["P1", None]})
    assert said(findings) == ["error: images.csv, row 3: a row without a patient. Fill in the patient."]
    shared = {"patient_id": ["P1", "P2", "P3", "P3"], "image": ["i/a.png", "i/a.png", "i/a.png", "i/b.png"]}
    _, findings = read(tmp_path, shared)
    assert said(findings) == [
        "error: images.csv: 1 image files belong to two patients (P1, P2). Give each image to one patient."
    ]


def test_a_study_of_masks_needs_their_column(tmp_path: Path) -> None:
    assert read(tmp_path, ROWS)[1] == []
    _, findings = read(tmp_path, ROWS, masks_needed=True)
    assert said(findings) == [
        "error: images.mask: the study has images and no masks, and regions are taken from masks."
        " Name the column of the masks."
    ]
    assert read(tmp_path, {**ROWS, "m": ["m/a.png", None]}, masks_needed=True, mask="m")[1] == []


def test_unknown_columns_are_all_named(tmp_path: Path) -> None:
    _, findings = read(tmp_path, ROWS, site="hospital", view="projection")
    assert [finding.what for finding in findings] == [
        "there is no column 'projection'",
        "there is no column 'hospital'",
    ]


def test_a_mask_of_two_images_of_one_patient_is_none_of_two_patients(tmp_path: Path) -> None:
    table = {"patient_id": ["P1", "P1"], "image": ["i/a.png", "i/b.png"], "mask": ["m/a.png", "m/a.png"]}
    assert read(tmp_path, table, mask="mask")[1] == []


def test_paths_that_were_written_on_windows(tmp_path: Path) -> None:
    table = {**ROWS, "image": ["i\\a.png", ".\\i\\b.png"], "mask": ["m\\a.png", "m/b.png"]}
    found, findings = read(tmp_path, table, mask="mask")
    assert findings == []
    assert found["image"].tolist() == [str(tmp_path.resolve() / name) for name in ("i/a.png", "i/b.png")]
    assert found["masks"].tolist() == [(str(tmp_path.resolve() / name),) for name in ("m/a.png", "m/b.png")]
