"""A drafted study file is one that loads."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sonoher2.cohort.drafting.draft import IMAGES_TABLE, draft_study
from sonoher2.cohort.drafting.guess_columns import clinical_columns, patient_column
from sonoher2.cohort.drafting.guess_target import her2_columns, outcome_column
from sonoher2.cohort.images.find import find_images
from sonoher2.cohort.load import load_cohort
from sonoher2.cohort.tables.table import read_table
from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import ColumnTarget, Her2Target
from sonoher2.core.errors import InputError
from sonoher2.core.table_files import write_table

CLINICAL = """\
Patient ID,Age (years),Menopausal status,BI-RADS,Tumor size (mm),ER,Ki-67,HER2 IHC,HER2 FISH,Remark
P01,45,no,4a,12,positive,20%,3+,,free text
P02,52,yes,5,21,negative,5%,1+,,other
P03,61,yes,4b,15,positive,40%,2+,negative,text
"""


def files(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def drafted(folder: Path) -> StudyConfig:
    draft = draft_study(folder)
    for name, table in draft.tables.items():
        write_table(folder / name, table)
    (folder / "study.yaml").write_text(draft.text, encoding="utf-8")
    return load_study(folder / "study.yaml")


@pytest.mark.parametrize(
    ("image", "masks"),
    [
        ("P01.png", ["P01_mask.png"]),
        ("P01.png", ["mask_P01.png"]),
        ("images/P01.png", ["masks/P01.png"]),
        ("P01.jpg", ["P01_tumor.png"]),
        ("bus_01-l.png", ["mask_01-l.png"]),
        ("benign/benign (1).png", ["benign/benign (1)_mask.png", "benign/benign (1)_mask_1.png"]),
        ("images_and_masks/P01.png", ["images_and_masks/P01_seg.png"]),
        ("P01.nii.gz", ["P01-label.nii.gz"]),
    ],
)
def test_masks_are_found_by_name(tmp_path: Path, image: str, masks: list[str]) -> None:
    files(tmp_path, image, *masks, "notes.docx", ".hidden/P01.png")
    found = find_images(tmp_path)
    assert [one.image for one in found.images] == [Path(image)]
    assert sorted(found.images[0].masks) == sorted(map(Path, masks))
    assert found.lost_masks == []


def test_a_mask_without_an_image_is_told(tmp_path: Path) -> None:
    files(tmp_path, "P01.png", "P02_mask.png")
    found = find_images(tmp_path)
    assert found.images[0].masks == ()
    assert found.lost_masks == [Path("P02_mask.png")]


def test_columns_are_guessed_from_names_and_values(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(CLINICAL, encoding="utf-8")
    table = read_table(tmp_path / "c.csv")
    assert patient_column(table) == ("Patient ID", True)
    assert her2_columns(table) == {"ihc": "HER2 IHC", "ish": "HER2 FISH"}
    guesses = {guess.key: (guess.kind, guess.timing, guess.unit) for guess in clinical_columns(table)}
    assert guesses == {
        "age": ("number", "pre-biopsy", "years"),
        "menopause": ("yes/no", "pre-biopsy", ""),
        "birads": ("ordered", "pre-biopsy", ""),
        "size_mm": ("number", "post-op", "mm"),
        "er": ("yes/no", "biopsy", ""),
        "ki67": ("number", "biopsy", "%"),
    }


@pytest.mark.parametrize(
    ("header", "values", "expected"),
    [
        ("Pathology", ["benign", "malignant"], ("Pathology", ["malignant"], ["benign"], [])),
        ("HER2 status", ["Positive", "Negative", "Equivocal"],
         ("HER2 status", ["Positive"], ["Negative"], ["Equivocal"])),
        (
            "HER2",
            ["阳性", "阴性", "未做", "阴性(1+)"],
            ("HER2", ["阳性"], ["阴性", "阴性(1+)"], ["未做"]),
        ),
        ("HER2 result", ["HER2-positive", "HER2-negative", "pos/neg"],
         ("HER2 result", ["HER2-positive"], ["HER2-negative"], ["pos/neg"])),
        ("Remark", ["benign", "malignant"], None),
    ],
)  # fmt: skip
def test_the_outcome_is_guessed(tmp_path: Path, header: str, values: list[str], expected: object) -> None:
    rows = "\n".join([f"id,{header}", *(f"{i},{v}" for i, v in enumerate(values))])
    (tmp_path / "c.csv").write_text(rows, encoding="utf-8")
    found = outcome_column(read_table(tmp_path / "c.csv"))
    got = found and (found.column, list(found.positive), list(found.negative), list(found.others))
    assert got == expected


def test_a_folder_of_images_becomes_a_study_that_loads(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(CLINICAL, encoding="utf-8")
    files(tmp_path, *(f"images/{p}_{v}.png" for p in ("P01", "P02", "P03") for v in "12"))
    files(tmp_path, *(f"masks/{p}_{v}.png" for p in ("P01", "P02", "P03") for v in "12"))
    study = drafted(tmp_path)
    assert isinstance(study.target, Her2Target)
    assert list(study.clinical.columns) == ["age", "menopause", "birads"]
    cohort = load_cohort(study)
    assert cohort.images["patient_id"].tolist() == ["P01", "P01", "P02", "P02", "P03", "P03"]
    assert cohort.patients["label"].tolist() == [1, 0, 0]


def test_what_is_unsure_is_asked(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(CLINICAL, encoding="utf-8")
    files(tmp_path, "P01.png", "P02.png", "P02_mask.png", "X_mask.png")
    draft = draft_study(tmp_path)
    assert draft.text.count("# CONFIRM:") == len(draft.questions)
    text = "\n".join(draft.questions)
    assert "1 images have no mask" in text
    assert "1 masks belong to no image, the first of them X_mask.png" in text
    assert "is the patient of each right" in text
    assert "raw HER2 results" in text


def test_a_table_that_names_the_images_says_whose_they_are(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("case,file,class\n7,scan a.png,benign\n8,scan b.png,malignant\n", encoding="utf-8")
    files(tmp_path, "scan a.png", "scan b.png", "scan a_mask.png", "scan b_mask.png")
    study = drafted(tmp_path)
    assert isinstance(study.target, ColumnTarget)
    assert load_cohort(study).images["patient_id"].tolist() == ["7", "8"]


def test_a_column_of_patients_by_another_name_is_asked_about(tmp_path: Path) -> None:
    text = "Herkunft,Fallnummer,BI-RADS\nA,F1,4a\nA,F2,5\n"
    (tmp_path / "klinik.csv").write_text(text, encoding="utf-8")
    assert "patient_id: Fallnummer     # CONFIRM: is Fallnummer the column" in draft_study(tmp_path).text
    assert drafted(tmp_path).clinical.patient_id == "Fallnummer"


def test_a_study_of_clinical_data_alone(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text(CLINICAL, encoding="utf-8")
    study = drafted(tmp_path)
    assert study.images is None
    assert len(load_cohort(study).patients) == 3


def test_folders_that_cannot_become_a_study(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no table with a column of patients"):
        draft_study(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        draft_study(tmp_path / "gone")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "images"), [("BUS-BRA", 1875), ("BrEaST", 256), ("clinical/METABRIC", 0)])
def test_real_folders(shared: Path, tmp_path: Path, name: str, images: int) -> None:
    draft = draft_study(shared / "data" / name)
    (tmp_path / "study.yaml").write_text(draft.text, encoding="utf-8")
    assert load_study(tmp_path / "study.yaml").clinical.patient_id != "patient_id"
    assert len(draft.tables.get(IMAGES_TABLE, [])) == images


TABLE = """\
Patient ID,Name,Age (years),Menopausal status,BI-RADS,Tumor size (mm),ER,Ki-67,HER2 IHC,HER2 FISH,FISH ratio,Remark
P01,Li Si,45,no,4a,12,positive,20%,3+,,,free text
P02,Wu Wu,52,yes,5,21,negative,5%,1+,,1.1,other
P03,A B,61,yes,4b,15,positive,40%,2+,negative,1.2,text
P04,C D,about 60,?,4c,15,positive,40%,odd,positive,high,text
P05,E F,55,no,4c,18,positive,30%,2+,positive,3.4,words
P06,G H,48,no,4c,18,positive,30%,2+,maybe,2.9,else
"""
DRAFT = """\
# Drafted by `sonoher2 init`. Lines with CONFIRM are guesses: check each of them, then run `sonoher2 check`.

title: breast

# CONFIRM: sonoher2-images.csv lists 4 images: is the patient of each right?
# CONFIRM: 1 images are of nobody in patients.csv and will be left out
# CONFIRM: 2 images have no mask and will be left out
# CONFIRM: 1 masks belong to no image, the first of them X_mask.png
# CONFIRM: 7 files cannot be opened as images: `sonoher2 check` says why
images:
  table: sonoher2-images.csv
  mask: mask
  # mm_per_pixel: mm_per_pixel     # add the column if the size of a pixel is known

clinical:
  table: patients.csv
  patient_id: Patient ID
  columns:
    age: {column: "Age (years)", kind: number, timing: pre-biopsy, unit: years}     # CONFIRM: 1 of 6 cells are not\
 numbers: `sonoher2 check` names their rows
    menopause: {column: Menopausal status, kind: yes/no, timing: pre-biopsy}
    birads: {column: BI-RADS, kind: ordered, timing: pre-biopsy, levels: ["4a", "4b", "4c", "5"]}     # CONFIRM: a\
 reader's verdict: does the study mean to use it?; lowest level first?
    # size_mm: {column: "Tumor size (mm)", kind: number, timing: post-op, unit: mm}     # CONFIRM: measured on\
 ultrasound (then pre-biopsy) or on the specimen? in mm?
    # er: {column: ER, kind: yes/no, timing: biopsy}
    # ki67: {column: Ki-67, kind: number, timing: biopsy, unit: "%"}
  # not used: Remark

# CONFIRM: are these the columns of the raw HER2 results?
# CONFIRM: HER2 IHC has values that are no IHC scores: odd (1). `sonoher2 check` names the rows
# CONFIRM: HER2 FISH has values that are no ISH results: maybe (1). `sonoher2 check` names the rows
# CONFIRM: FISH ratio has values that are no ratios: high (1). `sonoher2 check` names the rows
target:
  ihc: HER2 IHC
  ish: HER2 FISH
  ratio: FISH ratio
  rule: ASCO/CAP 2023
  task: positive-vs-negative     # or low-vs-zero, zero-low-positive

# When the prediction is made. ER, PR and Ki-67 come with the biopsy: only a `biopsy` study may use them.
timing: pre-biopsy

split: {kind: random, test_share: 0.3}

radiomics:
  ring: {share: 0.2}     # or {mm: 2}, when the size of a pixel is known
"""


def test_the_whole_draft_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "breast"
    names = ["images/P01_1.png", "images/P02_1.png", "images/P03_1.png", "images/zz9.png"]
    files(folder, *names, "masks/P01_1.png", "masks/P02_1.png", "X_mask.png")
    (folder / "patients.csv").write_text(TABLE, encoding="utf-8")
    draft = draft_study(folder)
    assert draft.text == DRAFT
    comments = [line for line in DRAFT.split("\n") if line.startswith("# CONFIRM")]
    assert [f"# CONFIRM: {question}" for question in draft.questions[:5] + draft.questions[8:]] == comments
    assert draft.questions[5] == "Age (years): 1 of 6 cells are not numbers: `sonoher2 check` names their rows"
    assert list(draft.tables) == [IMAGES_TABLE]
    assert draft.images.to_numpy().tolist() == [
        ["P01", names[0], "masks/P01_1.png"],
        ["P02", names[1], "masks/P02_1.png"],
        ["P03", names[2], None],
        ["zz9", names[3], None],
    ]
    assert draft.patients == ("P01", "P02", "P03", "P04", "P05", "P06")
    assert draft.clinical == "patients.csv"
    assert draft.skipped == (
        (Path("X_mask.png"), "a mask to which no image belongs"),
        (Path("patients.csv"), "columns that name people are not used: Name"),
    )


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (
            ["7,benign", "8,malignant", "9,unclear"],
            ["# CONFIRM: is class what the study predicts? Its values: benign (1), malignant (1), unclear (1)",
             "# CONFIRM: left out as neither: unclear. Is that right?",
             "target:", "  column: class", "  positive: malignant", "  negative: benign"],
        ),
        (
            ["7,A", "8,B", "9,C"],
            ["# CONFIRM: no HER2 result and no other outcome was found: name its column and its values",
             "target:", "  column: FILL_IN", "  positive: FILL_IN", "  negative: FILL_IN"],
        ),
    ],
)  # fmt: skip
def test_the_target_of_a_draft(rows: list[str], lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("\n".join(["case,class", *rows]) + "\n", encoding="utf-8")
    text = draft_study(tmp_path).text
    assert text[text.index(lines[0]) :].split("\n")[: len(lines)] == lines
    assert "regions:" not in text
    assert "radiomics:" not in text


def test_images_without_a_mask_are_segmented_and_a_table_that_is_there_is_kept(tmp_path: Path) -> None:
    files(tmp_path, "P01.png", "P02.png")
    (tmp_path / "c.csv").write_text("patient_id,age\nP01,45\nP02,50\n", encoding="utf-8")
    draft = draft_study(tmp_path)
    assert "no image has a mask: lesions are outlined by the shipped segmenter" in draft.questions
    assert "\nregions: segment     #" in draft.text
    there = "patient_id,image,mm_per_pixel\nP01,P01.png,0.1\n"
    (tmp_path / IMAGES_TABLE).write_text(there, encoding="utf-8")
    kept = draft_study(tmp_path)
    assert kept.tables == {}
    said = f"{IMAGES_TABLE} was there already and is kept as it is: 1 images of the folder are not in it. "
    assert kept.questions[0] == said + "Rename it to have a new one written"
    assert "\n  mm_per_pixel: mm_per_pixel\n" in kept.text
    (tmp_path / IMAGES_TABLE).write_text("a,b\n1,2\n", encoding="utf-8")
    other = draft_study(tmp_path)
    assert list(other.tables) == ["sonoher2-images-2.csv"]
    assert "table: sonoher2-images-2.csv" in other.text


def test_questions_stay_in_their_line_whatever_a_header_holds(tmp_path: Path) -> None:
    columns = {"some\nkey": ["P1", "P2", "P3"], "HER2\nIHC": ["0", "2+", "3+"], "HER2\nIHC biopsy": ["0", "1+", "?!"],
               "FISH\nHER2": ["1.1", "2.4", "x"]}  # fmt: skip
    pd.DataFrame(columns).to_excel(tmp_path / "t.xlsx", index=False)
    draft = draft_study(tmp_path)
    (tmp_path / "study.yaml").write_text(draft.text, encoding="utf-8")
    study = load_study(tmp_path / "study.yaml")
    assert study.clinical.patient_id == "some\nkey"
    assert study.target.ihc == "HER2\nIHC"
    lines = draft.text.split("\n")
    assert "# CONFIRM: HER2 IHC biopsy could be `ihc`, too: is HER2 IHC the right one?" in lines
    assert "# CONFIRM: FISH HER2 holds numbers: are they ratios (`ratio`) or copies per cell (`copies`)?" in lines
    assert all("  # CONFIRM" in line or not line.endswith("?") or line.startswith("# CONFIRM") for line in lines)


def test_an_outcome_with_a_header_of_two_lines(tmp_path: Path) -> None:
    frame = pd.DataFrame({"ID": ["P1", "P2"], "HER2\nstatus": ["positive", "negative"]})
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    (tmp_path / "study.yaml").write_text(draft_study(tmp_path).text, encoding="utf-8")
    assert load_study(tmp_path / "study.yaml").target.column == "HER2\nstatus"
