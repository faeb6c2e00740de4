"""The check: small, lopsided and incomplete cohorts are told in clear sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.check import CheckReport, CheckRow, check_cohort, class_counts, enough_patients
from sonoher2.cohort.images.check import ImageRecord
from sonoher2.cohort.patients.cohort import Cohort, FlowStep
from sonoher2.cohort.split import Split, split_patients
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import Finding, FindingsError


def config(**keys: object) -> StudyConfig:
    return StudyConfig.model_validate(
        {"clinical": {"table": "c.csv"}, "target": {"column": "x", "positive": "1"}, **keys}
    )


def cohort(labels: list[int], images: int = 0, **columns: list[float]) -> Cohort:
    index = pd.Index([f"P{i:03}" for i in range(len(labels))], name="patient_id")
    patients = pd.DataFrame({"label": labels, "group": range(len(labels)), **columns}, index=index)
    clinical = {name: ClinicalColumn(kind="number", timing="pre-biopsy") for name in columns}
    pictures = pd.DataFrame({"patient_id": index[:images]})
    return Cohort(patients, pictures, ("negative", "positive"), clinical, ())


def check(study: StudyConfig, subject: Cohort, records: list[ImageRecord] | None = None) -> CheckReport:
    split = split_patients(subject.patients, study.split, study.seed)
    return check_cohort(study, subject, split, records or [])


def table(report: CheckReport) -> dict[str, str]:
    return {row.what: row.value for row in report.rows}


def test_a_sound_cohort_has_no_findings() -> None:
    report = check(config(), cohort([0] * 100 + [1] * 60, age=list(np.linspace(30, 80, 160))))
    assert report.findings == ()
    report.raise_errors()
    rows = table(report)
    assert rows["training, 112"] == "negative 70 (62 %), positive 42 (38 %)"
    assert rows["test, 48"] == "negative 30 (62 %), positive 18 (38 %)"
    assert rows["events per variable"] == "42.0 (42 events, 1 variable)"
    # 1.96 sqrt((0.1875 + 17 (0.6 - 0.5625) + 29 (0.642857 - 0.5625)) / (18 x 30))
    assert rows["95 % interval of a test AUC of 0.75 for positive"] == "about 0.60 to 0.90 (± 0.150)"


def test_the_table_of_the_terminal() -> None:
    rows = (
        CheckRow("patients", "in the table", "9"),
        CheckRow("images", "images", "12 (3 patients with more than one)"),
        CheckRow("patients", "left out: no label", "2"),
    )
    findings = (Finding("warning", "few cases", "split", "Add patients"), Finding("error", "no image", "row 3"))
    coded = (Finding("note", "all is well"), Finding("error", "the sites differ", code="SITE001"))
    report = CheckReport(rows, findings, coded)
    assert (
        report.text()
        == """\
patients
  in the table        9
  left out: no label  2

images
  images              12 (3 patients with more than one)

errors
  - row 3: no image.
  - SITE001 the sites differ.

warnings
  - split: few cases. Add patients.

notes
  - all is well."""
    )
    assert report.errors == findings[1:]
    with pytest.raises(FindingsError, match=r"^row 3: no image\.$"):
        report.raise_errors()
    assert CheckReport((), ()).text() == ""


def test_three_classes_images_and_people_who_share_them() -> None:
    index = pd.Index([f"P{i:03}" for i in range(100)], name="patient_id")
    labels = [0] * 50 + [1] * 30 + [2] * 20
    groups = [0, 0, 0, *range(3, 98), 98, 98]
    patients = pd.DataFrame({"label": labels, "group": groups, "kind": ["a", "b", "c", "b"] * 25}, index=index)
    pictures = pd.DataFrame({"patient_id": ["P000", "P000", "P001", "P002", "P002", "P002"]})
    clinical = {
        "kind": ClinicalColumn(kind="category", timing="pre-biopsy"),
        "group": ClinicalColumn(kind="number", timing="pre-biopsy"),
    }
    flow = (FlowStep("", 0, 103, 8), FlowStep("no label", 3, 100, 6), FlowStep("no image", 0, 100, 6))
    conflicts = pd.DataFrame({"patient_id": ["P001", "P007"]})
    counts = pd.DataFrame({"branch": ["IHC 0"], "status": ["zero"], "patients": [50]})
    subject = Cohort(patients, pictures, ("zero", "low", "positive"), clinical, flow, (), counts, conflicts)
    study = config(radiomics={"unit": "mm"})
    drawn = Split(pd.Series((["train"] * 7 + ["test"] * 3) * 10, index=index, dtype=object), {}, 0)
    records = [ImageRecord(grey_levels=level, marked=level > 90) for level in (80, 90, 100, 110)]
    report = check_cohort(study, subject, drawn, records)
    assert subject.outcomes == (0, 1, 2)
    assert cohort([0, 1]).outcomes == (1,)
    assert class_counts(subject, drawn) == {"train": [35, 21, 14], "test": [15, 9, 6]}
    assert [(row.subject, row.what, row.value) for row in report.rows] == [
        ("patients", "in the table", "103"),
        ("patients", "left out: no label", "3"),
        ("patients", "training, 70", "zero 35 (50 %), low 21 (30 %), positive 14 (20 %)"),
        ("patients", "test, 30", "zero 15 (50 %), low 9 (30 %), positive 6 (20 %)"),
        # 1.96 sqrt((0.1875 + (m - 1) 0.0375 + (n - 1) 0.080357) / (m n)), m of the class and n of the others
        ("patients", "95 % interval of a test AUC of 0.75 for zero", "about 0.57 to 0.93 (± 0.177)"),
        ("patients", "95 % interval of a test AUC of 0.75 for low", "about 0.54 to 0.96 (± 0.206)"),
        ("patients", "95 % interval of a test AUC of 0.75 for positive", "about 0.51 to 0.99 (± 0.244)"),
        # the fewest training patients of a class, over two for the category and one for the number
        ("clinical", "events per variable", "4.7 (14 events, 3 variables)"),
        ("images", "images", "6 (2 patients with more than one)"),
        ("images", "grey levels", "median 95, fewest 80"),
        ("images", "marks on the lesion", "2 of 4 images"),
        ("images", "patients who share a picture or an identifier", "5"),
        ("images", "mm per pixel known", "0 of 4 images"),
        ("images", "lengths and areas are measured in", "mm"),
        ("HER2", "IHC 0: zero", "50"),
        ("HER2", "reported status contradicts the rule", "2"),
    ]
    small = "test patients are {}: intervals on the test set will be very wide"
    assert [finding.what for finding in report.findings] == [
        f"only 9 {small.format('low')}",
        f"only 6 {small.format('positive')}",
    ]


@pytest.mark.parametrize(
    ("training", "test", "folds", "expected"),
    [
        (10, 10, (2, 5), []),
        (9, 10, (2, 2), ["9 training patients are positive, and at least 10 are needed"]),
        (10, 9, (2, 5), ["only 9 test patients are positive"]),
        # 12 less the three of the largest fold leave nine
        (12, 10, (5, 9), []),
        (12, 10, (5, 10), ["12 training patients are positive: too few for 5 outer folds with 10 inner folds"]),
        (12, 10, (13, 2), ["12 training patients are positive: too few for 13 outer folds with 2 inner folds"]),
        (12, 10, (12, 2), []),
    ],
)
def test_the_fewest_patients(training: int, test: int, folds: tuple[int, int], expected: list[str]) -> None:
    subject = cohort([0] * 60 + [1] * (training + test))
    sides = ["train"] * 40 + ["test"] * 20 + ["train"] * training + ["test"] * test
    drawn = Split(pd.Series(sides, index=subject.patients.index, dtype=object), {}, 0)
    study = config(validation={"outer_folds": folds[0], "inner_folds": folds[1]})
    found = [finding.what for finding in enough_patients(study, subject, drawn)]
    assert [text[: len(start)] for text, start in zip(found, expected, strict=True)] == expected


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0] * 30, r"only one class is left \(30 patients with a label: 30 negative, 0 positive\)"),
        ([0, 0, 0, 1, 1], r"2 problems"),
        ([0] * 40 + [1] * 8, r"6 training patients are positive, and at least 10 are needed \(48 patients"),
    ],
)
def test_cohorts_that_are_too_small(labels: list[int], message: str) -> None:
    with pytest.raises(FindingsError, match=message):
        check(config(), cohort(labels)).raise_errors()


def test_five_patients_are_told_what_is_needed() -> None:
    report = check(config(), cohort([0, 0, 0, 1, 1]))
    text = "\n".join(str(finding) for finding in report.findings)
    assert "2 training patients are negative, and at least 10 are needed" in text
    assert "5 patients with a label: 3 negative, 2 positive" in text
    assert "Add patients" in text


def test_folds_that_a_class_cannot_fill() -> None:
    study = config(validation={"outer_folds": 4, "inner_folds": 12})
    report = check(study, cohort([0] * 60 + [1] * 20))
    assert "too few for 4 outer folds with 12 inner folds" in str(report.findings[0])


def test_a_test_set_without_a_class_is_an_error_and_a_small_one_a_warning() -> None:
    study = config(split={"kind": "given", "column": "fold", "test": ["1"]})
    fold = ["1"] * 15 + ["2"] * 85
    report = check(study, _with(cohort([0] * 60 + [1] * 40), split_by=fold))
    assert [(f.severity, f.what.split(" (")[0]) for f in report.findings] == [("error", "no test patient is positive")]
    report = check(study, _with(cohort([0] * 10 + [1] * 5 + [0] * 40 + [1] * 45), split_by=fold))
    assert [(f.severity, f.what[:27]) for f in report.findings] == [("warning", "only 5 test patients are po")]


def _with(subject: Cohort, **columns: list[str]) -> Cohort:
    return Cohort(subject.patients.assign(**columns), subject.images, subject.classes, subject.clinical, ())


def test_too_many_variables_missing_and_constant_values() -> None:
    rng = np.random.default_rng(0)
    columns = {f"x{i}": list(rng.normal(size=100)) for i in range(8)}
    columns["x0"] = [np.nan] * 40 + columns["x0"][40:]
    columns["x1"] = [1.0] * 100
    columns["x2"] = [np.nan] * 100
    report = check(config(), cohort([0, 1] * 50, **columns))
    found = {(finding.severity, finding.where): finding.what for finding in report.findings}
    assert table(report)["events per variable"] == "4.4 (35 events, 8 variables)"
    assert found["warning", "clinical.columns.x0"].startswith("40 % of the patients have no value")
    assert found["warning", "clinical.columns.x1"] == "all training patients have the same value"
    assert found["error", "clinical.columns.x2"] == "no training patient has a value"
    assert table(report)["x0 missing"] == "40 (40 %)"


@pytest.mark.parametrize(("missing", "findings"), [(30, 0), (31, 1)])
def test_three_in_ten_missing_values_are_not_too_many(missing: int, findings: int) -> None:
    values = [np.nan] * missing + list(np.linspace(0, 1, 100 - missing))
    report = check(config(), cohort([0, 1] * 50, x=values))
    assert [finding.what[:4] for finding in report.findings] == ["31 %"] * findings
    assert table(report)["x missing"] == f"{missing} ({missing} %)"


def test_pictures_are_summed_up() -> None:
    subject = cohort([0, 1] * 50, images=3)
    records = [
        ImageRecord(grey_levels=200, mm_per_pixel=(0.1, 0.1)),
        ImageRecord(grey_levels=100, marked=True),
        ImageRecord(problem="broken"),
    ]
    report = check(config(), subject, records)
    rows = table(report)
    assert rows["grey levels"] == "median 150, fewest 100"
    assert rows["marks on the lesion"] == "1 of 2 images"
    assert rows["mm per pixel known"] == "1 of 2 images"


def test_her2_branches_are_rows() -> None:
    subject = cohort([0, 1] * 50)
    counts = pd.DataFrame({"branch": ["IHC 3+, no ISH"], "status": ["positive"], "patients": [50]})
    report = check(config(), Cohort(subject.patients, subject.images, subject.classes, {}, (), rule_counts=counts))
    assert table(report)["IHC 3+, no ISH: positive"] == "50"
