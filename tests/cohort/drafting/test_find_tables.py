"""Which table of a folder tells of the patients, and why the others do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.cohort.drafting.find_tables import IMAGES_TABLE, find_clinical_table
from sonoher2.core.errors import InputError

WHOLE = "patient_id,HER2_IHC,age\nP1,0,40\nP2,3+,50\n"


def written(folder: Path, tables: dict[str, str]) -> Path:
    for name, text in tables.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_table_that_tells_most_is_taken_and_the_others_have_a_reason(tmp_path: Path) -> None:
    tables = {
        "age.csv": "patient_id,age\nP1,40\nP2,50\n",
        "sub/whole.csv": WHOLE,
        # nothing says that these are patients, whatever else is known
        "a code.csv": "code,HER2_IHC,HER2_FISH,age,menopause\nX1,0,,40,no\nX2,2+,negative,50,yes\n",
        "sub/inner/deep.csv": WHOLE,
        "old.XLS": "",
        IMAGES_TABLE: WHOLE,
        "P1.png": "",
        "P1.txt": "round",
        "P2.txt": "alone\n",
        "numbers.csv": "x\n1.5\n2.5\n",
        "quote.csv": 'id,x\nP1,a\nP2,"b\n',
    }
    best, skipped = find_clinical_table(written(tmp_path, tables))
    assert best is not None
    assert (best.path, best.patient, best.named, best.known) == (Path("sub/whole.csv"), "patient_id", True, 2)
    assert skipped == [
        (Path("P1.txt"), "beside an image of the same name: notes of the image, no table"),
        (Path("P2.txt"), "the table has no rows under its header. Give a table with a header"),
        (Path("a code.csv"), "sub/whole.csv tells more of the patients"),
        (Path("age.csv"), "sub/whole.csv tells more of the patients"),
        (Path("numbers.csv"), "no column names the patients. Say which one does"),
        (Path("old.XLS"), "not a kind of table that is read: save it as .xlsx"),
        (
            Path("quote.csv"),
            "the row cannot be taken apart (unexpected end of data) (row 3). Close each quote, and write a quote"
            " within a quoted value twice",
        ),
        (Path("sub/inner/deep.csv"), "in a folder within a folder: move it up"),
    ]


def test_an_outcome_counts_as_known(tmp_path: Path) -> None:
    tables = {
        "a.csv": "patient_id,age\nP1,40\nP2,50\n",
        "b.csv": "patient_id,age,class\nP1,40,benign\nP2,50,malignant\n",
    }
    best, _ = find_clinical_table(written(tmp_path, tables))
    assert best is not None
    assert (best.path, best.known) == (Path("b.csv"), 2)


def test_the_column_of_the_patients_may_be_told(tmp_path: Path) -> None:
    tables = {"a.csv": WHOLE, "b.csv": "nr,age\nP1,40\nP2,50\n", "c.xls": ""}
    best, skipped = find_clinical_table(written(tmp_path, tables), "nr")
    assert best is not None
    assert (best.path, best.patient, best.named) == (Path("b.csv"), "nr", True)
    assert [path for path, _ in skipped] == [Path("a.csv"), Path("c.xls")]
    with pytest.raises(InputError) as caught:
        find_clinical_table(tmp_path, "x")
    assert caught.value.what.startswith("no table has a column 'x' (a.csv: there is no column 'x'")
    assert caught.value.what.endswith("; c.xls: not a kind of table that is read: save it as .xlsx)")
    assert (caught.value.where, caught.value.hint) == (str(tmp_path), "patient column")


def test_a_folder_without_tables(tmp_path: Path) -> None:
    assert find_clinical_table(tmp_path) == (None, [])
    with pytest.raises(InputError, match=r"no table has a column 'x'\. Name the column"):
        find_clinical_table(tmp_path, "x")
