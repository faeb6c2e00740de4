"""Loading a cohort: labels, flow and all errors at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sonoher2.cohort.load import load_cohort
from sonoher2.cohort.split import split_patients
from sonoher2.config.load import load_study
from sonoher2.config.split import SiteSplit
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import FindingsError, InputError

Write = Callable[..., StudyConfig]
EXAMPLES = Path(__file__).parents[2] / "examples"


def flow(cohort: object) -> list[tuple[str, int, int, int]]:
    return [(step.reason, step.left_out, step.patients, step.images) for step in cohort.flow]  # type: ignore[attr-defined]


def test_a_clinical_study(study: Write) -> None:
    cohort = load_cohort(study())
    assert cohort.classes == ("negative", "positive")
    assert cohort.patients["label"].to_dict() == {"P1": 0, "P2": 0, "P3": 1, "P4": 1, "P5": 0}
    assert cohort.patients["age"].tolist() == [45, 51, 62, 38, 70]
    assert cohort.patients["menopause"].tolist() == [0, 1, 1, 0, 1]
    assert cohort.patients["group"].is_unique
    assert cohort.images.empty
    assert flow(cohort) == [
        ("", 0, 6, 0),
        ("HER2 indeterminate: IHC 2+, no ISH", 1, 5, 0),
        ("", 0, 5, 0),
    ]
    assert cohort.rule_counts["patients"].sum() == 6


@pytest.mark.parametrize(
    ("task", "classes", "labels", "reasons"),
    [
        ("low-vs-zero", ("zero", "low"), {"P1": 0, "P2": 1, "P5": 1}, ["HER2 positive, not part of low vs zero"]),
        ("zero-low-positive", ("zero", "low", "positive"), {"P1": 0, "P2": 1, "P3": 2, "P4": 2, "P5": 1}, []),
    ],
)
def test_other_tasks(
    study: Write, task: str, classes: tuple[str, ...], labels: dict[str, int], reasons: list[str]
) -> None:
    cohort = load_cohort(study(target={"ihc": "ihc", "ish": "ish", "rule": "ASCO/CAP 2023", "task": task}))
    assert cohort.classes == classes
    assert cohort.patients["label"].to_dict() == labels
    assert [step.reason for step in cohort.flow if step.left_out] == [*reasons, "HER2 indeterminate: IHC 2+, no ISH"]


def test_another_binary_target(study: Write) -> None:
    table = "patient_id,class\nA,benign\nB,Malignant\nC,normal\nD,\nE,benign\n"
    target = {"column": "class", "positive": "malignant", "negative": "benign"}
    cohort = load_cohort(study({"c.csv": table}, clinical={"table": "c.csv"}, target=target))
    assert cohort.classes == ("benign", "malignant")
    assert cohort.patients["label"].to_dict() == {"A": 0, "B": 1, "E": 0}
    assert [(step.reason, step.left_out) for step in cohort.flow if step.left_out] == [
        ("class is normal", 1), ("class missing", 1),
    ]  # fmt: skip
    everything_else = load_cohort(
        study(clinical={"table": "c.csv"}, target={"column": "class", "positive": "malignant"})
    )
    assert everything_else.classes == ("not malignant", "malignant")
    assert everything_else.patients["label"].to_dict() == {"A": 0, "B": 1, "C": 0, "E": 0}


def test_a_value_of_the_target_that_stands_nowhere(study: Write) -> None:
    with pytest.raises(InputError, match=r"the value 'C' of the target stands in no row\. The values are: A, B"):
        load_cohort(study(target={"column": "hospital", "positive": "C"}))


def test_a_duplicated_patient_with_two_labels_is_an_error(study: Write) -> None:
    tables = {"c.csv": "patient_id,ihc,age\nA,3+,40\nA,1+,40\nB,0,50\n"}
    clinical = {"table": "c.csv", "columns": {"age": {"kind": "number", "timing": "pre-biopsy", "several": "mean"}}}
    with pytest.raises(FindingsError, match=r"column 'ihc': the rows of one patient differ \(patient A\)"):
        load_cohort(study(tables, clinical=clinical, target={"ihc": "ihc", "rule": "ASCO/CAP 2018"}))
    with pytest.raises(FindingsError, match=r"column 'ihc': the rows of one patient differ \(patient A\)"):
        load_cohort(study(clinical=clinical, target={"column": "ihc", "positive": "3+"}))


def test_rows_left_out_by_where_are_counted(study: Write) -> None:
    cohort = load_cohort(study(clinical={"table": "clinical.csv", "where": {"hospital": ["A"]}}))
    assert cohort.patients.index.tolist() == ["P1", "P2", "P5"]
    assert flow(cohort)[1] == ("hospital is not A", 3, 3, 0)


def test_values_of_where_and_of_the_split_may_look_missing(study: Write) -> None:
    tables = {
        "c.csv": "patient_id,ihc,nac,site,pain\n"
        "A,3+,none,NA,none\nB,0,no,NA,mild\nC,3+,yes,NA,mild\nD,0,none,North,\nE,3+,-,North,mild\n"
    }
    columns = {"pain": {"kind": "category", "timing": "pre-biopsy", "missing": ["none"]}}
    clinical = {"table": "c.csv", "columns": columns, "where": {"nac": ["none", "no"]}}
    cohort = load_cohort(
        study(
            tables,
            clinical=clinical,
            target={"ihc": "ihc", "rule": "ASCO/CAP 2018"},
            split={"kind": "site", "column": "site", "test": ["NA"]},
        )
    )
    assert cohort.patients["site"].to_dict() == {"A": "NA", "B": "NA", "D": "North"}
    assert flow(cohort)[1] == ("nac is not none or no", 2, 3, 0)
    # in another column the same word stays what it was
    assert cohort.patients["pain"].tolist() == [None, "mild", None]


def test_a_level_of_one_column_is_no_value_in_others(study: Write, tmp_path: Path) -> None:
    images(tmp_path, "1.png", "2.png", "m1.png")
    tables = {
        "c.csv": "patient_id,ihc,family\nA,3+,none\nB,0,mother\n",
        "i.csv": "patient_id,image,mask,hospital\nA,1.png,m1.png,unknown\nB,2.png,none,A\n",
    }
    columns = {"family": {"kind": "category", "timing": "pre-biopsy", "levels": ["none", "mother", "unknown"]}}
    cohort = load_cohort(
        study(
            tables,
            clinical={"table": "c.csv", "columns": columns},
            images={"table": "i.csv", "mask": "mask", "site": "hospital"},
            target={"column": "ihc", "positive": "3+", "negative": "0"},
        )
    )
    assert cohort.patients[["family", "site"]].to_dict("index") == {"A": {"family": "none", "site": None}}
    assert flow(cohort)[1:-1] == [("no mask", 1, 1, 1)]


@pytest.mark.parametrize(
    ("known", "severity", "said"),
    [
        ("P1,45\nP2,50\nP3,60\nP4,61\nP5,62\nP6,63", "", ""),
        ("P1,45\nP2,50\nP3,60\nP4,61\nP5,62", "note", "1 of 6 rows have no row in the joined more.csv"),
        (
            "p-01,45\nP02,50\nP3,60\nP4,61\nP5,62",
            "warning",
            "3 of 6 rows .* 2 of them would match without regard to case",
        ),
        ("1,45\n2,50", "error", "6 of 6 rows have no row in the joined more.csv"),
    ],
)
def test_rows_that_a_joined_table_does_not_have_are_told(study: Write, known: str, severity: str, said: str) -> None:
    columns = {"weight": {"kind": "number", "timing": "pre-biopsy"}}
    clinical = {"table": "clinical.csv", "columns": columns, "join": [{"table": "more.csv", "on": "patient_id"}]}
    written = study({"more.csv": f"patient_id,weight\n{known}\n"}, clinical=clinical)
    try:
        findings = load_cohort(written).findings
    except FindingsError as error:
        findings = tuple(error.findings)
    told = [one for one in findings if "joined" in one.what]
    assert [one.severity for one in told] == ([severity] if severity else [])
    assert all(re.search(said, one.what) for one in told)
    assert all("P6" not in str(one) for one in told)


def test_levels_that_look_missing_are_levels(study: Write) -> None:
    tables = {"c.csv": "patient_id,ihc,pain\nA,3+,none\nB,0,strong\n"}
    columns = {"pain": {"kind": "ordered", "timing": "pre-biopsy", "levels": ["none", "strong"]}}
    cohort = load_cohort(
        study(tables, clinical={"table": "c.csv", "columns": columns}, target={"ihc": "ihc", "rule": "ASCO/CAP 2018"})
    )
    assert cohort.patients["pain"].tolist() == [0, 1]


def test_all_errors_of_both_tables_are_listed_at_once(study: Write) -> None:
    tables = {
        "c.csv": "patient_id,age,ihc\nA,430,3+\nB,50,weak\n",
        "i.csv": "patient_id,image,mask\nA,a.png,a_mask.png\nB,b.png,\n",
    }
    columns = {"age": {"kind": "number", "timing": "pre-biopsy"}, "sise": {"kind": "number", "timing": "pre-biopsy"}}
    with pytest.raises(FindingsError) as caught:
        load_cohort(
            study(
                tables,
                clinical={"table": "c.csv", "columns": columns},
                images={"table": "i.csv", "mask": "mask", "view": "vieww"},
                target={"ihc": "ihc", "rule": "ASCO/CAP 2018"},
                split={"kind": "site", "test": ["X"]},
            )
        )
    text = str(caught.value)
    for part in (
        "c.csv, column 'age', row 2: a value above 120",
        "no column 'sise'",
        "c.csv, column 'ihc', row 3: not an IHC score",
        "i.csv, column 'image', rows 2, 3: 2 image files do not exist",
        "i.csv, column 'mask', row 2: 1 mask files do not exist",
        "no column 'vieww'",
        "no column 'site'",
    ):
        assert part in text


def images(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_bytes(b"")


def test_patients_without_image_or_mask_are_counted(study: Write, tmp_path: Path) -> None:
    images(tmp_path, "1.png", "2.png", "3.png", "3b.png", "9.png", "m1.png", "m3.png", "m3b.png", "m9.png")
    table = (
        "patient_id,image,mask,second,side,mm\nP1,1.png,m1.png,m3.png,left,0.08\nP2,2.png,,,left,\n"
        "P3,3.png,m3.png;m3b.png,,left,0.1\nP3,3b.png,m3b.png,,right,0.1\nP4,,,,left,\nX9,9.png,m9.png,,left,\n"
    )
    part = {"table": "i.csv", "mask": "mask", "second_mask": "second", "view": "side", "mm_per_pixel": "mm"}
    cohort = load_cohort(study({"i.csv": table}, images=part))
    assert flow(cohort) == [
        ("", 0, 6, 4),
        ("HER2 indeterminate: IHC 2+, no ISH", 1, 5, 4),
        ("no image", 2, 3, 4),
        ("no mask", 1, 2, 3),
        ("", 0, 2, 3),
    ]
    assert cohort.images["patient_id"].tolist() == ["P1", "P3", "P3"]
    assert cohort.images["image"].tolist() == [str(tmp_path / name) for name in ("1.png", "3.png", "3b.png")]
    assert cohort.images["masks"].iloc[1] == (str(tmp_path / "m3.png"), str(tmp_path / "m3b.png"))
    assert cohort.images["second_mask"].tolist() == [str(tmp_path / "m3.png"), None, None]
    np.testing.assert_allclose(cohort.images["mm_per_pixel"], [0.08, 0.1, 0.1])
    assert [finding.what for finding in cohort.findings] == ["1 patients (such as X9) are not in clinical.csv"]


@pytest.mark.parametrize(
    ("table", "part", "message"),
    [
        ("patient_id,image,mask\n01,1.png,1.png\n", {"mask": "mask"}, r"none of its patients \(such as 01\)"),
        ("patient_id,image\nP1,1.png\n", {}, "the study has images and no masks"),
        ("patient_id,image\n,1.png\nP1,1.png\n", {"mask": "image"}, "row 2: a row without a patient"),
        ("patient_id,image,mm\nP1,1.png,0\n", {"mask": "image", "mm_per_pixel": "mm"}, "not a size of a pixel"),
        ("patient_id,image,mm\nP1,1.png,8\n", {"mask": "image", "mm_per_pixel": "mm"}, "not a size of a pixel"),
        ("patient_id,image\nP1,1.png\nP2,1.png\n", {"mask": "image"}, r"belong to two patients \(P1, P2\)"),
        (
            "patient_id,image,n\nP1,1.png,0\nP1,1.png,2\nP1,1.png,1.5\nP1,1.png,last\n",
            {"mask": "image", "frame": "n"},
            "rows 2, 4, 5: not the number of a frame. Count frames from 1",
        ),
    ],
)
def test_unusable_image_tables(study: Write, tmp_path: Path, table: str, part: dict[str, str], message: str) -> None:
    images(tmp_path, "1.png")
    with pytest.raises(InputError, match=message):
        load_cohort(study({"i.csv": table}, images={"table": "i.csv", **part}))


def test_site_and_date_of_a_patient(study: Write, tmp_path: Path) -> None:
    images(tmp_path, *(f"{i}.png" for i in range(1, 6)))
    rows = "".join(f"P{i},{i}.png,S{i},202{i}-01-01\n" for i in range(1, 6))
    part = {"table": "i.csv", "image": "image", "mask": "image", "site": "place", "date": "day"}
    tables = {"i.csv": "patient_id,image,place,day\n" + rows}
    cohort = load_cohort(study(tables, images=part, split={"kind": "date", "test_from": "2024-01-01"}))
    assert cohort.patients["site"].tolist() == ["S1", "S2", "S3", "S4", "S5"]
    assert cohort.patients["date"].tolist() == [f"202{i}-01-01" for i in range(1, 6)]
    # the site of the images stays where the split is by another column; without one, that of the split is the site
    by_hospital = {"kind": "site", "column": "hospital", "test": ["B"]}
    split = split_patients(load_cohort(study(images=part, split=by_hospital)).patients, SiteSplit(**by_hospital), 0)
    assert split.sets.tolist() == ["train", "train", "test", "test", "train"]
    assert load_cohort(study(images=part, split=by_hospital)).patients["site"].tolist() == [
        "S1",
        "S2",
        "S3",
        "S4",
        "S5",
    ]
    part = {name: value for name, value in part.items() if name != "site"}
    by_clinical = load_cohort(study(images=part, split=by_hospital))
    assert by_clinical.patients["site"].tolist() == ["A", "A", "B", "B", "A"]


@pytest.mark.parametrize(
    ("name", "patients", "images_", "classes", "left_out"),
    [
        ("bus-bra", (722, 342), 1875, ("benign", "malignant"), []),
        ("breast", (154, 98), 252, ("benign", "malignant"), [("Classification is normal", 4)]),
        ("metabric", (1733, 247), 0, ("Negative", "Positive"), [("HER2 Status missing", 529)]),
    ],
)
def test_examples(
    shared: Path, name: str, patients: tuple[int, int], images_: int, classes: tuple[str, str], left_out: list[object]
) -> None:
    folders = {"bus-bra": "BUS-BRA", "breast": "BrEaST", "metabric": "clinical/METABRIC"}
    cohort = load_cohort(load_study(EXAMPLES / f"{name}.yaml", data=shared / "data" / folders[name]))
    assert tuple(cohort.patients["label"].value_counts().sort_index()) == patients
    assert len(cohort.images) == images_
    assert cohort.classes == classes
    assert [(step.reason, step.left_out) for step in cohort.flow if step.left_out] == left_out


def test_example_tcga_brca(shared: Path) -> None:
    config = load_study(EXAMPLES / "tcga-brca.yaml", data=shared / "data" / "clinical" / "TCGA-BRCA")
    cohort = load_cohort(config)
    assert tuple(cohort.patients["label"].value_counts().sort_index()) == (564, 120)
    assert sum(step.left_out for step in cohort.flow) == 413
    assert all("indeterminate" in step.reason for step in cohort.flow if step.left_out)
    assert len(cohort.conflicts) == 22


def test_dashes_of_her2_columns_reach_their_reader(study: Write) -> None:
    table = "patient_id,age,menopause,ihc,ish\nP1,45,no,-,\nP2,51,yes,+,\nP3,62,yes,+++,\nP4,38,no,++,-\n"
    cohort = load_cohort(study({"clinical.csv": table}))
    assert cohort.patients["label"].to_dict() == {"P1": 0, "P2": 0, "P3": 1}
    said = "\n".join(str(finding) for finding in cohort.findings)
    assert "'-' as 0 (1)" in said
    assert "1 of them are IHC 2+" in said
