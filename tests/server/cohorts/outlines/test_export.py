"""An export is read by a study as it stands, and gives the same pixels."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from drawn_by_hand import SIDE, disc
from sonoher2.cohort.load import load_cohort
from sonoher2.cohort.split import SPLIT_BY
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.table import read_table
from sonoher2.config.load import load_study
from sonoher2.lesions.mask import Mask, read_mask
from sonoher2.segmentation.mask_files import mask_png
from sonoher2.server.cohorts.outlines.export import export_zip, file_name, reader_folders
from sonoher2.server.cohorts.outlines.final import Decision, ExportImage, ExportOf, ReaderRow, final_outline
from sonoher2.server.cohorts.outlines.models import ListedImage
from sonoher2.server.cohorts.outlines.sources import list_images, split_cells

AT = datetime(2026, 3, 4, 5, 6, 7)
FOLDER = "outlines-2026-03-04-050607"


class Kept:
    """Outlines by their sha256."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def add(self, mask: Mask) -> str:
        png = mask_png(mask)
        name = hashlib.sha256(png).hexdigest()
        self.data[name] = png
        return name


def written(folder: Path) -> None:
    """Export a study's images with one outline each, and unpack it."""
    listed, kept = list_images(folder / "study.yaml"), Kept()
    done = [ExportImage(one, final_outline({"Li": kept.add(disc(30, 32, 5))}, None, []), ()) for one in listed.images]
    how = ExportOf("t", "Li", AT, folder / "study.yaml")
    zipfile.ZipFile(io.BytesIO(export_zip(done, how, kept.data.__getitem__))).extractall(folder)


def with_column(folder: Path, name: str, cells: Sequence[str], split: str, site: str = "Hospital") -> None:
    """Add a column to the images table of the twelve, and split by it."""
    lines = (folder / "images.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{line},{cell}" for line, cell in zip(lines, [name, *cells], strict=True)]
    (folder / "images.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = (folder / "study.yaml").read_text(encoding="utf-8")
    study = study.replace("split: {kind: site, column: Hospital, test: [B]}", f"split: {split}")
    study = study.replace("site: Hospital", f"site: {site}").replace("selection: {icc: 0.75}", "")
    (folder / "study.yaml").write_text(study, encoding="utf-8")


@pytest.fixture
def exported(study_folder: Path) -> zipfile.ZipFile:
    """Li and Wu on twelve images: Li has drawn a growing disc, Wu one row lower; image 3 was adjudicated to Wu's."""
    listed, kept = list_images(study_folder / "study.yaml"), Kept()
    images = []
    for number, image in enumerate(listed.images, start=1):
        finished = {"Li": kept.add(disc(30, 32, number + 3)), "Wu": kept.add(disc(31, 32, number + 3))}
        decision = Decision(finished["Wu"], "Wu") if number == 3 else None
        rows = tuple(ReaderRow(name, "done", "=note", "2026-03-04T00:00", mask, 9) for name, mask in finished.items())
        if number == 12:
            finished, rows = {}, ()
        images.append(ExportImage(image, final_outline(finished, decision, ["Li"]), rows))
    how = ExportOf("Twelve patients", "Li", AT, study_folder / "study.yaml")
    return zipfile.ZipFile(io.BytesIO(export_zip(images, how, kept.data.__getitem__)))


def test_a_study_reads_the_export_as_it_stands(study_folder: Path, exported: zipfile.ZipFile) -> None:
    exported.extractall(study_folder)
    study = load_study(study_folder / FOLDER / "study.yaml")
    cohort = load_cohort(study)
    # the twelfth patient has no outline, and the study takes given ones alone
    assert list(cohort.images[c.PATIENT_ID]) == [f"P{n}" for n in range(1, 12)]
    assert (cohort.images[c.MM_PER_PIXEL] == 0.1).all()
    assert list(cohort.images[c.SITE]) == ["A" if n % 2 else "B" for n in range(1, 12)]
    assert study.regions == "given"
    assert study.selection.icc == 0.75
    for number, row in enumerate(cohort.images.to_dict("records"), start=1):
        first, second = (disc(30 + lower, 32, number + 3) for lower in ((1, 0) if number == 3 else (0, 1)))
        assert np.array_equal(read_mask(row[c.MASKS], (SIDE, SIDE)), first)
        assert np.array_equal(read_mask([row[c.SECOND_MASK]], (SIDE, SIDE)), second)


def test_the_split_finds_its_column_under_its_own_name(study_folder: Path, exported: zipfile.ZipFile) -> None:
    exported.extractall(study_folder)
    patients = load_cohort(load_study(study_folder / FOLDER / "study.yaml")).patients
    assert patients.loc["P2", "site"] == "B"
    assert "Hospital" in read_table(study_folder / FOLDER / "images.csv")


@pytest.mark.parametrize("name", ["dataset", "site", "mask", "image", "patient_id"])
def test_a_column_that_gives_the_split_is_handed_on_under_any_name(study_folder: Path, name: str) -> None:
    cells = ["late" if n in (2, 3, 7) else "early" for n in range(1, 13)]
    with_column(study_folder, name, cells, f"{{kind: given, column: {name}, test: [late]}}")
    written(study_folder)
    cohort = load_cohort(load_study(study_folder / FOLDER / "study.yaml"))
    given = cohort.patients[SPLIT_BY]
    assert sorted(given.index[given == "late"]) == ["P2", "P3", "P7"]
    assert sorted(given.index[given == "early"]) == ["P1", "P10", "P11", "P12", "P4", "P5", "P6", "P8", "P9"]
    assert cohort.patients.loc["P2", "site"] == "B"
    assert cohort.patients.loc["P3", "site"] == "A"


def test_a_date_by_which_is_split_is_the_earliest_of_a_patient(study_folder: Path) -> None:
    with_column(
        study_folder,
        "seen",
        [f"2024-01-{n:02}" for n in range(1, 13)],
        "{kind: date, column: seen, test_from: '2024-01-09'}",
    )
    table = (study_folder / "images.csv").read_text(encoding="utf-8")
    again = table.splitlines()[12].replace("2024-01-12", "2024-01-02")
    (study_folder / "images.csv").write_text(table + again + "\n", encoding="utf-8")
    written(study_folder)
    dates = load_cohort(load_study(study_folder / FOLDER / "study.yaml")).patients["date"]
    assert dates["P11"] == "2024-01-11"
    # the same file twice, with two dates
    assert dates["P12"] == "2024-01-02"


def test_a_study_that_was_split_anew_is_exported_as_it_is_today(study_folder: Path) -> None:
    listed = list_images(study_folder / "study.yaml").images
    cells = ["late" if n > 6 else "early" for n in range(1, 13)]
    with_column(study_folder, "dataset", cells, "{kind: given, column: dataset, test: [late]}")
    lines = (study_folder / "images.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (study_folder / "images.csv").write_text("".join(line for line in lines if line[:3] != "P3,"), encoding="utf-8")
    split = split_cells(study_folder / "study.yaml", listed)
    assert split is not None
    # the third is no longer in the table
    assert split.cells == ("early", "early", None, "early", "early", "early", *["late"] * 6)


def test_what_a_study_declares_stays_declared_where_it_is_empty(study_folder: Path) -> None:
    with_column(study_folder, "machine", [""] * 12, "{kind: random}")
    study = (study_folder / "study.yaml").read_text(encoding="utf-8")
    study = study.replace("site: Hospital", "site: Hospital\n  scanner: machine")
    study += "evaluation: {subgroups: [scanner]}\n"
    (study_folder / "study.yaml").write_text(study, encoding="utf-8")
    written(study_folder)
    cohort = load_cohort(load_study(study_folder / FOLDER / "study.yaml"))
    assert cohort.patients["scanner"].isna().all()


def test_one_column_may_serve_twice(study_folder: Path) -> None:
    study = (study_folder / "study.yaml").read_text(encoding="utf-8")
    study = study.replace("site: Hospital", "site: Hospital\n  scanner: Hospital")
    (study_folder / "study.yaml").write_text(study.replace("selection: {icc: 0.75}", ""), encoding="utf-8")
    written(study_folder)
    patients = load_cohort(load_study(study_folder / FOLDER / "study.yaml")).patients
    assert list(patients.loc[["P1", "P2"], "site"]) == ["A", "B"]
    assert list(patients.loc[["P1", "P2"], "scanner"]) == ["A", "B"]


def test_every_reader_keeps_an_own_outline_and_the_readme_counts(exported: zipfile.ZipFile) -> None:
    names = exported.namelist()
    assert sum(name.startswith(f"{FOLDER}/readers/Li/") for name in names) == 11
    assert f"{FOLDER}/readers/Wu/0003_P3.png" in names
    assert {name.split("/")[0] for name in names} == {FOLDER}
    readme = exported.read(f"{FOLDER}/README.txt").decode()
    assert "12 images, 11 with an outline" in readme
    assert "10  by Li" in readme
    assert "1  adjudicated" in readme
    assert "1  nobody has outlined yet" in readme
    assert "11 images have the outline of a second reader" in readme
    assert "Wu: 11 finished, 0 skipped, 0 begun" in readme
    assert "Exported by Li on 2026-03-04 05:06 UTC" in readme


def test_the_table_of_outlines_says_who_left_what(exported: zipfile.ZipFile, tmp_path: Path) -> None:
    exported.extractall(tmp_path)
    table = read_table(tmp_path / FOLDER / "outlines.csv")
    assert len(table) == 23
    third = table[table["image"] == "pictures/P3.png"]
    assert list(third["reader"]) == ["Li", "Wu"]
    assert list(third["origin"]) == ["adjudicated"] * 2
    assert list(third["drawn_by"]) == ["Wu"] * 2
    assert list(third["second_reader"]) == ["Li"] * 2
    # a spreadsheet would compute it
    assert b"'=note" in exported.read(f"{FOLDER}/outlines.csv")


def test_names_of_files_and_folders_are_safe() -> None:
    assert file_name(7, ListedImage("p", "/x/../a b&c<d>.tar.png", "")) == "0007_a_b_c_d_.tar.png"
    assert file_name(8, ListedImage("p", "/x/图像.png", "", frame=3)) == "0008_图像_frame3.png"
    assert file_name(9, ListedImage("p", "/x/###.png", "")) == "0009_image.png"
    rows = tuple(ReaderRow(name, "done", "", "", None, 0) for name in ("a b", "a_b", "A.b", "../c"))
    one = ExportImage(ListedImage("p", "/x.png", "x.png"), final_outline({}, None, []), rows)
    assert reader_folders([one]) == {"../c": "_c", "A.b": "A_b", "a b": "a_b+2", "a_b": "a_b+3"}


def test_the_same_outlines_are_the_same_bytes(study_folder: Path) -> None:
    listed, kept = list_images(study_folder / "study.yaml"), Kept()
    images = [ExportImage(one, final_outline({"Li": kept.add(disc(30, 32, 5))}, None, []), ()) for one in listed.images]
    how = ExportOf("t", "Li", AT, None)
    assert export_zip(images, how, kept.data.__getitem__) == export_zip(images, how, kept.data.__getitem__)


def test_the_readme_counts_whose_outlines_there_are(study_folder: Path) -> None:
    listed, kept = list_images(study_folder / "study.yaml"), Kept()
    one, other = kept.add(disc(30, 32, 5)), kept.add(disc(30, 32, 6))
    finals = [
        *[final_outline({"Li": one, "Wu": other}, None, [])] * 3,
        *[final_outline({"Wu": other}, None, [])] * 2,
        # no lesion: seen so by a reader, and decided
        final_outline({"Li": None}, None, []),
        final_outline({"Li": one}, Decision(None, "Li"), []),
        final_outline({"Li": one, "Wu": other}, Decision(other, "Wu"), []),
        *[final_outline({}, None, [], one)] * 2,
        *[final_outline({}, None, [])] * 2,
    ]
    images = [ExportImage(image, final, ()) for image, final in zip(listed.images, finals, strict=True)]
    data = export_zip(images, ExportOf("t", "Li", AT, None), kept.data.__getitem__)
    readme = zipfile.ZipFile(io.BytesIO(data)).read(f"{FOLDER}/README.txt").decode()
    lines = readme.splitlines()
    start = lines.index("12 images, 8 with an outline:")
    assert [line.split()[0] for line in lines[start + 1 : start + 7]] == ["3", "2", "1", "2", "2", "2"]
    assert lines[start + 5 : start + 8] == [
        "      2  no lesion seen",
        "      2  nobody has outlined yet",
        "4 images have the outline of a second reader.",
    ]
