"""The written report: what is in it, what is not, and that it needs nothing from outside."""

from __future__ import annotations

import logging
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from sonoher2.core.errors import Finding, InputError
from sonoher2.report.page.html import write_report
from sonoher2.study.results import StudyResult
from study_results import changed

EVIL = "<script>alert('x')</script> & $\\frac{1}{0}$"


class Page(HTMLParser):
    """What a browser would do with the page: ids, links, loads and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            elif tag == "a" and name == "href":
                self.links.append(value or "")
            elif name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
                self.loads.append(value or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def sections(self) -> set[str]:
        return {link[1:] for link in self.links if re.fullmatch(r"#[a-z]+", link)}


@pytest.fixture(scope="module")
def folders(
    tmp_path_factory: pytest.TempPathFactory,
    two_class: StudyResult,
    three_class: StudyResult,
    clinical: StudyResult,
    validation: StudyResult,
) -> dict[str, Path]:
    results = {"two": two_class, "three": three_class, "clinical": clinical, "validation": validation}
    root = tmp_path_factory.mktemp("reports")
    return {name: write_report(result, root / name).parent for name, result in results.items()}


def read(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["two", "three", "clinical", "validation"])
def test_page_loads_nothing_from_outside(folders: dict[str, Path], name: str) -> None:
    text = (folders[name] / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert all(load.startswith(("#", "data:image/png;base64,")) for load in page.loads)
    assert all(link.startswith(("#", "figures/", "tables/", "checklists/", "https://doi.org/")) for link in page.links)
    assert not {"link", "iframe", "img", "object", "embed", "base"} & set(page.tags)
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\((.*?)\)", text))
    assert len(text) < 8e6


@pytest.mark.parametrize("name", ["two", "three", "clinical", "validation"])
def test_every_link_leads_somewhere_and_ids_are_unique(folders: dict[str, Path], name: str) -> None:
    page = read(folders[name])
    assert len(page.ids) == len(set(page.ids))
    anchors = {link[1:] for link in page.links if link.startswith("#")}
    assert anchors <= set(page.ids)
    files = [link for link in page.links if link.startswith(("figures/", "tables/"))]
    assert files
    assert all((folders[name] / file).stat().st_size > 0 for file in files)


@pytest.mark.parametrize("name", ["two", "three", "clinical", "validation"])
def test_every_figure_is_there_in_three_formats(folders: dict[str, Path], name: str) -> None:
    figures = folders[name] / "figures"
    stems = {file.stem for file in figures.iterdir()}
    assert {"roc", "pr", "decision", "flow", "confusion", "auc", "calibration_test"} <= stems
    for stem in stems:
        assert (figures / f"{stem}.svg").read_bytes().startswith(b"<?xml")
        assert (figures / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
        assert (figures / f"{stem}.pdf").read_bytes().startswith(b"%PDF")


def test_a_study_shows_every_section(folders: dict[str, Path]) -> None:
    assert read(folders["two"]).sections == {
        "summary", "patients", "performance", "calibration", "usefulness", "threshold", "subgroups", "features",
        "nomogram", "models", "predictions", "findings", "methods", "resultstext", "provenance", "checklists",
    }  # fmt: skip


def test_sections_without_data_are_absent(folders: dict[str, Path]) -> None:
    assert "features" not in read(folders["clinical"]).sections
    assert not read(folders["validation"]).sections & {"features", "models", "nomogram"}


def test_a_validation_says_so_and_has_one_set(folders: dict[str, Path]) -> None:
    words = " ".join(read(folders["validation"]).words)
    assert "External validation" in words
    assert "out of fold" not in words
    assert "SMD" not in words
    assert not (folders["validation"] / "figures" / "calibration_train_oof.svg").exists()


def test_a_synthetic_cohort_is_called_synthetic(folders: dict[str, Path]) -> None:
    assert "Synthetic cohort" in " ".join(read(folders["three"]).words)
    assert "Synthetic cohort" not in " ".join(read(folders["two"]).words)


def test_three_classes_have_a_headline_each(folders: dict[str, Path]) -> None:
    words = " ".join(read(folders["three"]).words)
    assert all(f"AUC, test, {name}" in words for name in ("zero", "low", "positive"))


@pytest.mark.parametrize(
    "table", ["signatures", "predictions", "comparisons", "subgroups", "coefficients", "selection"]
)
def test_csv_holds_the_table_in_full_precision(folders: dict[str, Path], two_class: StudyResult, table: str) -> None:
    read_back = pd.read_csv(folders["two"] / "tables" / f"{table}.csv")
    expected = getattr(two_class, table).reset_index(drop=True)
    pd.testing.assert_frame_equal(read_back, expected, check_dtype=False, check_exact=True)


def test_table_one_counts_the_patients(folders: dict[str, Path], two_class: StudyResult) -> None:
    table = pd.read_csv(folders["two"] / "tables" / "table1.csv", dtype=str, keep_default_na=False)
    patients = two_class.cohort.patients
    training = patients[patients["set"] == "train_oof"]
    column = f"Training, n = {len(training)}"
    row = table.loc[table["Characteristic"] == "menopausal: yes", column].item()
    assert row.split(" ")[0] == str(int(training["menopausal"].sum()))
    levels = table[table["Characteristic"].isin(["  3", "  4A", "  4B", "  4C", "  5"])][column]
    assert levels.str.split(" ").str[0].astype(int).sum() == len(training)


def test_names_from_the_user_are_escaped(tmp_path: Path, clinical: StudyResult) -> None:
    config = clinical.about.config.model_copy(update={"title": EVIL})
    patients = clinical.cohort.patients.rename(index={clinical.cohort.patients.index[0]: EVIL})
    predictions = clinical.performance.predictions.replace(
        {"patient_id": {clinical.cohort.patients.index[0]: EVIL}, "signature": {"Clinical": EVIL}}
    )
    evil = changed(
        clinical,
        config=config,
        patients=patients,
        predictions=predictions,
        signatures=clinical.performance.signatures.replace({"signature": {"Clinical": EVIL}}),
        thresholds=clinical.performance.thresholds.replace({"signature": {"Clinical": EVIL}}),
        subgroups=clinical.performance.subgroups.iloc[:0],
        candidates=clinical.model.candidates.replace({"signature": {"Clinical": EVIL}}),
        findings=(Finding("warning", EVIL, EVIL),),
    )
    page = Page(write_report(evil, tmp_path).read_text(encoding="utf-8"))
    assert page.tags.count("script") == 1
    assert "".join(page.words).count(EVIL) >= 5
    svg = (tmp_path / "figures" / "roc.svg").read_text(encoding="utf-8")
    assert "<script" not in svg


def test_the_same_result_gives_the_same_bytes_and_no_patient_reaches_the_log(
    tmp_path: Path,
    folders: dict[str, Path],
    clinical: StudyResult,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG):
        write_report(clinical, tmp_path)
    assert not re.search(r"P\d{4}", caplog.text + "".join(capfd.readouterr()))
    files = [file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) > 30
    assert all((tmp_path / f).read_bytes() == (folders["clinical"] / f).read_bytes() for f in files)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, clinical: StudyResult) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="file"):
        write_report(clinical, tmp_path / "file")


def test_a_test_set_of_one_class_still_gets_a_report(tmp_path: Path, validation: StudyResult) -> None:
    """A validation cohort may hold no event: no curve then, but the rest stands."""
    negative = validation.about.classes[0]
    nan = {
        name: float("nan")
        for name in validation.performance.signatures.columns
        if name.startswith(("auc", "calibration"))
    }
    lonely = changed(
        validation,
        patients=validation.cohort.patients[validation.cohort.patients["label"] == negative],
        predictions=validation.performance.predictions[validation.performance.predictions["label"] == negative],
        signatures=validation.performance.signatures.assign(events=0, **nan),
        comparisons=validation.performance.comparisons.iloc[:0],
        subgroups=validation.performance.subgroups.iloc[:0],
    )
    page = read(write_report(lonely, tmp_path).parent)
    assert {"performance", "threshold"} <= page.sections
    assert "calibration" not in page.sections
    assert "nan" not in " ".join(page.words).lower().split()
