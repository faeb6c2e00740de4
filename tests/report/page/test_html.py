"""The written report: what is in it, what is not, and that it needs nothing from outside."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

import report_by_hand as by
from sonoher2.core.errors import Finding, InputError
from sonoher2.report.content.parts import CheckedRow, Drawing, Facts, Folded, Item, Listing, Section, Table, Text
from sonoher2.report.page import figure_folder, html, save
from sonoher2.report.page.html import write_report
from sonoher2.study.results.parts import StudyResult

EVIL = "<script>alert('x')</script> & $\\frac{1}{0}$"
TABLE = pd.DataFrame(
    {"Name": ["age", "  level"], "n": ["1,234", "–"], "AUC": ["0.50 (0.40–0.60)", "<0.001"], "Words": ["3 of", "none"]}
)


class Page(HTMLParser):
    """What a browser would do with the page: ids, links, loads, cells and text."""

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
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def figure() -> Figure:
    made = Figure(figsize=(1, 1))
    made.add_subplot().plot([0, 1], [0, 1])
    return made


def sections() -> list[Section]:
    row = CheckedRow(
        "1", "Title", "Is it named?", "not applicable", "no matter", (("Table", "tab-t"), ("file", "")), "do"
    )
    folded = Folded("list", "LIST", "1 item", "Source", "10.1/x", (row,), pd.DataFrame({"item": ["1"]}))
    table = Table("t", "Table", "about", TABLE, TABLE)
    return [
        Section("first", "First", [Drawing("d", "A & B", "caption", partial(figure)), table]),
        Section("second", "Second", [
            Table("long", "Long", "about", TABLE, TABLE.iloc[:1], long=True),
            Drawing("e", "Second figure", "caption", partial(figure)),
            Text(("words",)), Facts("Run", {"seed": "7"}),
            Listing((Item("one", "warning"), Item("two", link="https://doi.org/10.1/y")), numbered=True), folded,
        ]),
    ]  # fmt: skip


def stub(figure: Figure, suffix: str) -> bytes:
    """SVG as it is; the other formats are not looked at here and take long."""
    return original(figure, suffix) if suffix == "svg" else suffix.encode()


original = save._render


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(save, "_render", stub)
        yield


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "build_sections", lambda _: sections())
        # the figures of this page are drawn by the test itself
        patch.setattr(figure_folder, "code_fingerprint", lambda function: function.__name__)
        patch.setattr(save, "_render", original)  # ``quick`` may be in force already
        return write_report(by.study(), tmp_path_factory.mktemp("small"), for_print=True).parent


def body(folder: Path) -> str:
    text = (folder / "report.html").read_text(encoding="utf-8")
    return text[text.index("<body>") :]


def test_figures_are_numbered_and_written_in_three_formats(written: Path) -> None:
    text = Page(body(written)).text
    assert "Figure 1. A & B" in text
    assert "Figure 2. Second figure" in text
    assert 'aria-label="A &amp; B"' in body(written)
    for stem in ("d", "e"):
        assert (written / f"figures/{stem}.svg").read_bytes().startswith(b"<?xml")
        assert (written / f"figures/{stem}.png").read_bytes().startswith(b"\x89PNG")
        assert (written / f"figures/{stem}.pdf").read_bytes().startswith(b"%PDF")


def test_cells_of_a_table(written: Path) -> None:
    text = body(written)
    table = text[text.index('id="tab-t"') : text.index("</table>")]
    assert re.findall(r'<th scope="col"( class="num")?>(.*?)</th>', table) == [
        ("", "Name"), (' class="num"', "n"), (' class="num"', "AUC"), ("", "Words"),
    ]  # fmt: skip
    assert '<tr class="level"><td data-label="Name">  level</td>' in table
    assert '0.50 <span class="bounds">(0.40–0.60)</span>' in table
    assert "sortable" not in table
    assert 'class="sortable"' in text[text.index('id="tab-long"') :]
    assert 'id="tab-long" class="table long"' in text
    assert "1 rows, in tables/long.csv" in text
    pd.testing.assert_frame_equal(
        pd.read_csv(written / "tables/t.csv", dtype=str, keep_default_na=False), TABLE, check_dtype=False
    )


def test_lists_facts_and_checklists(written: Path) -> None:
    text = body(written)
    assert '<ol class="listing">\n<li class="warning"><b class="tone">warning</b> one</li>' in text
    assert '<li>two <a href="https://doi.org/10.1/y" rel="noreferrer">doi 10.1/y</a></li>' in text
    assert "<dt>seed</dt><dd>7</dd>" in text
    assert '<tr class="not-applicable"><td>1</td><td>Is it named?</td><td class="status">no matter</td>' in text
    assert '<a href="#tab-t">Table</a>; file</td><td>do</td>' in text
    assert pd.read_csv(written / "checklists/list.csv")["item"].tolist() == [1]


def test_head_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "build_sections", lambda _: [])
    record = {
        "started": "2026-11-23T08:00:00+00:00", "finished": "2026-11-23T08:09:31+00:00", "machine": {"sonoher2": "9.8"},
    }  # fmt: skip
    study = Page(write_report(by.study(record=record), tmp_path / "a").read_text(encoding="utf-8"))
    assert "Study report A small study 2026-11-23 08:09 UTC seed 11 SonoHER2 9.8" in study.text
    assert "12 patients: 7 HER2-negative, 5 HER2-positive" in study.text
    assert not {"Synthetic cohort", "Failed checks"} & set(study.words)
    one = by.PATIENTS.loc[["E3"]]
    second = by.validation(patients=one, record={"started": "2026-11-23T08:00:00+08:00"})
    page = Page(write_report(second, tmp_path / "b").read_text(encoding="utf-8"))
    assert "External validation A small study 2026-11-23T08:00:00+08:00 seed 11" in page.text
    assert "1 patient: 0 HER2-negative, 1 HER2-positive" in page.text


def test_banners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "build_sections", lambda _: [])
    checks = pd.DataFrame({"code": ["MARK001"], "title": ["Marks <tell>"], "result": ["error"]})
    text = body(write_report(by.configured(by.study(table=checks), synthetic=True), tmp_path).parent)
    assert text.index("Failed checks: MARK001 Marks &lt;tell&gt;.") < text.index("<h1>")
    assert "Synthetic cohort: every patient on this page is simulated." in text
    assert "empty boxes" not in text


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, quick: None) -> dict[str, Path]:
    results: dict[str, StudyResult] = {
        "two": by.study(findings=(Finding("warning", "odd", "here"),)),
        "three": by.three_classes(),
        "validation": by.validation(),
    }
    root = tmp_path_factory.mktemp("reports")
    return {name: write_report(result, root / name, for_print=name == "two").parent for name, result in results.items()}


@pytest.mark.parametrize("name", ["two", "three", "validation"])
def test_page_loads_nothing_from_outside(folders: dict[str, Path], name: str) -> None:
    text = (folders[name] / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert all(load.startswith(("#", "data:image/png;base64,")) for load in page.loads)
    assert all(link.startswith(("#", "figures/", "tables/", "checklists/", "https://doi.org/")) for link in page.links)
    assert not {"link", "iframe", "img", "object", "embed", "base"} & set(page.tags)
    assert "@import" not in text
    assert all(target.startswith("#") for target in re.findall(r"url\((.*?)\)", text))
    assert "nan" not in page.text.lower().split()


@pytest.mark.parametrize("name", ["two", "three", "validation"])
def test_every_link_leads_somewhere_and_ids_are_unique(folders: dict[str, Path], name: str) -> None:
    page = Page((folders[name] / "report.html").read_text(encoding="utf-8"))
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    files = [link for link in page.links if link.startswith(("figures/", "tables/"))]
    assert {"figures/roc.svg", "tables/signatures.csv"} <= set(files)
    assert ("figures/roc.pdf" in files) == (name == "two")
    assert all((folders[name] / file).stat().st_size > 0 for file in files)


def test_a_validation_says_so_and_has_one_set(folders: dict[str, Path]) -> None:
    text = Page((folders["validation"] / "report.html").read_text(encoding="utf-8")).text
    assert "out of fold" not in text
    assert "SMD" not in text
    for sentence in ("training matrices", "gives the training set too", "training patients were scored by"):
        assert sentence not in text
    assert not (folders["validation"] / "figures" / "calibration_train_oof.svg").exists()


def test_csv_holds_the_table_in_full_precision(folders: dict[str, Path]) -> None:
    found = pd.read_csv(folders["two"] / "tables" / "signatures.csv")
    pd.testing.assert_frame_equal(found, by.signatures(), check_dtype=False, check_exact=True)


def test_names_from_the_user_are_escaped(tmp_path: Path, quick: None) -> None:
    plain = by.configured(by.study(), title=EVIL)
    names = {"Radiomics": EVIL}
    evil = by.view(
        plain,
        patients=by.PATIENTS.rename(index={"E1": EVIL}),
        predictions=by.predictions().replace({"patient_id": {"E1": EVIL}, "signature": names}),
        signatures=by.signatures().replace({"signature": names}),
        thresholds=by.thresholds().replace({"signature": names}),
        findings=(Finding("warning", EVIL, EVIL),),
        main=EVIL,
    ).result
    page = Page(write_report(evil, tmp_path).read_text(encoding="utf-8"))
    assert page.tags.count("script") == 1
    assert "".join(page.words).count(EVIL) >= 5
    assert "<script" not in (tmp_path / "figures" / "roc.svg").read_text(encoding="utf-8")


def test_the_same_result_gives_the_same_bytes_and_no_patient_reaches_the_log(
    tmp_path: Path,
    folders: dict[str, Path],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG):
        write_report(by.validation(), tmp_path)
    assert not re.search(r"\b[TE]\d", caplog.text + "".join(capfd.readouterr()))
    files = [file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) > 15
    assert all((tmp_path / f).read_bytes() == (folders["validation"] / f).read_bytes() for f in files)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="file"):
        write_report(by.validation(), tmp_path / "file")


def test_a_second_cohort_of_one_class_still_gets_a_report(tmp_path: Path, quick: None) -> None:
    """A validation cohort may hold no event: no curve then, but the rest stands."""
    second = by.validation()
    rows = second.performance.signatures
    nan = {name: float("nan") for name in rows.columns if name.startswith(("auc", "calibration"))}
    lonely = by.view(
        second,
        patients=second.cohort.patients.assign(label=by.NO),
        predictions=second.performance.predictions.assign(label=by.NO),
        signatures=rows.assign(events=0, **nan),
    ).result
    text = write_report(lonely, tmp_path).read_text(encoding="utf-8")
    assert 'id="performance"' in text
    assert 'id="threshold"' in text
    assert 'id="calibration"' not in text


def test_a_table_that_the_report_no_longer_has_is_removed_unless_it_was_changed(tmp_path: Path) -> None:
    for name in ("auc", "updating", "edited", "own"):
        (tmp_path / f"{name}.csv").write_text("a\n1\n")
    html._drop_old_tables(tmp_path, ["auc", "updating", "edited"])
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["auc.csv", "edited.csv", "own.csv", "updating.csv"]
    (tmp_path / "edited.csv").write_text("mine")
    html._drop_old_tables(tmp_path, ["auc"])
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["auc.csv", "edited.csv", "own.csv"]
    html._drop_old_tables(tmp_path / "none", [])
    assert not (tmp_path / "none").exists()
