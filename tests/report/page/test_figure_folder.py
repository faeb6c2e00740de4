"""Figures that are drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from sonoher2.engine.executors import SERIAL, JoblibExecutor
from sonoher2.report.content.parts import Drawing
from sonoher2.report.content.style import paper_style
from sonoher2.report.figures.performance.curves import Line, roc_figure
from sonoher2.report.page import figure_folder, save
from sonoher2.report.page.figure_folder import FigureFolder, drawing_key


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the figures that are drawn; other formats than SVG are not looked at here and take long."""
    names: list[str] = []

    def counted(figure: Figure, folder: Path, name: str, formats: Sequence[str]) -> str:
        names.append(name)
        return save.save_figure(figure, folder, name, formats)

    render = save._render
    monkeypatch.setattr(save, "_render", lambda figure, kind: render(figure, kind) if kind == "svg" else kind.encode())
    monkeypatch.setattr(figure_folder, "save_figure", counted)
    monkeypatch.setattr(figure_folder, "code_fingerprint", lambda function: function.__name__)
    return names


def titled(title: str) -> Figure:
    figure = Figure(figsize=(1, 1))
    figure.add_subplot().set_title(title)
    return figure


def report(folder: Path, *titles: str, for_print: bool = False) -> tuple[list[str], bool]:
    """Draw a figure for each title, named a and b; their SVG, and whether letters are missing."""
    with paper_style():
        figures = FigureFolder(folder, for_print=for_print)
        figures.draw([Drawing("ab"[at], "", "", partial(titled, title)) for at, title in enumerate(titles)])
        figures.close()
    return [figures.svg("ab"[at]) for at in range(len(titles))], figures.letters_missing


def test_only_the_figure_that_changed_is_drawn_anew(tmp_path: Path, drawn: list[str]) -> None:
    first, _ = report(tmp_path, "AUC", "Brier")
    again, _ = report(tmp_path, "AUC", "Brier")
    assert (drawn, again) == (["a", "b"], first)
    other, _ = report(tmp_path, "AUC", "slope")
    assert drawn == ["a", "b", "b"]
    assert other[0] == first[0]
    assert other[1] != first[1]


def test_a_figure_that_the_report_no_longer_has_is_removed_unless_it_was_changed(
    tmp_path: Path, drawn: list[str]
) -> None:
    (tmp_path / "own.svg").write_text("mine")
    report(tmp_path, "AUC", "Brier", for_print=True)
    report(tmp_path, "AUC")
    assert sorted(path.name for path in tmp_path.glob("*.*")) == [".drawn.json", "a.pdf", "a.png", "a.svg", "own.svg"]
    report(tmp_path, "AUC", "Brier")
    (tmp_path / "b.svg").write_text("edited")
    report(tmp_path, "AUC")
    assert (tmp_path / "b.svg").read_text() == "edited"


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_a_file_that_is_missing_or_was_changed_comes_back(tmp_path: Path, drawn: list[str], suffix: str) -> None:
    report(tmp_path, "AUC", for_print=True)
    file = tmp_path / f"a.{suffix}"
    before = file.read_bytes()
    file.unlink()
    report(tmp_path, "AUC")
    assert (drawn, file.read_bytes()) == (["a", "a"], before)
    (tmp_path / "a.svg").write_text("<svg/>")
    report(tmp_path, "AUC")
    assert drawn == ["a", "a", "a"]


def files_of(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {figure_folder.KNOWN}


def test_files_for_print_are_drawn_when_asked_and_then_follow_the_page(tmp_path: Path, drawn: list[str]) -> None:
    report(tmp_path, "AUC")
    assert files_of(tmp_path) == {"a.svg"}
    report(tmp_path, "AUC", for_print=True)
    assert (drawn, files_of(tmp_path)) == (["a", "a"], {"a.svg", "a.png", "a.pdf"})
    # a figure that is new gets them too; nothing is asked for
    (tmp_path / "a.png").write_bytes(b"of the figure before")
    report(tmp_path, "Brier", "AUC")
    assert files_of(tmp_path) == {f"{name}.{kind}" for name in "ab" for kind in ("svg", "png", "pdf")}
    assert (tmp_path / "a.png").read_bytes() == b"png"


def test_files_for_print_of_another_list_follow_the_page_too(tmp_path: Path, drawn: list[str]) -> None:
    (tmp_path / "a.pdf").write_bytes(b"of a report that kept no list")
    report(tmp_path, "AUC")
    assert (tmp_path / "a.pdf").read_bytes() == b"pdf"


def test_missing_letters_are_told_of_a_figure_that_is_there(tmp_path: Path, drawn: list[str]) -> None:
    assert [report(tmp_path, "\ue123")[1], report(tmp_path, "\ue123")[1]] == [True, True]
    assert drawn == ["a"]
    assert not report(tmp_path, "age")[1]


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', '{"a": {"key": "k"}}'])
def test_a_broken_list_of_figures_is_as_none(tmp_path: Path, drawn: list[str], text: str) -> None:
    report(tmp_path, "AUC")
    (tmp_path / figure_folder.KNOWN).write_text(text)
    report(tmp_path, "AUC")
    assert drawn == ["a", "a"]


def curve(score: float = 0.5) -> partial[Figure]:
    line = Line("Clinical", "#000000", "Clinical 0.75", np.array([0, 1, 1]), np.array([0.2, score, 0.9]))
    return partial(roc_figure, {"Test set": [line]})


def test_the_key_knows_numbers_words_code_and_fonts(drawn: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    key = drawing_key(curve())
    assert key == drawing_key(curve())
    table = pd.DataFrame({"n": [1.0, 2.0]})
    others = [
        curve(0.6),
        partial(titled, "a"),
        partial(titled, title="a"),
        partial(titled, table),
        partial(titled, table[1:]),
    ]
    keys = {drawing_key(draw) for draw in others} | {key}
    assert len(keys) == 6
    monkeypatch.setitem(figure_folder.matplotlib.rcParams, "font.family", ["DejaVu Sans", "Noto Sans SC"])
    assert drawing_key(curve()) not in keys
    monkeypatch.setattr(figure_folder, "code_fingerprint", lambda function: "other code")
    assert drawing_key(curve()) not in keys


def test_two_processes_draw_the_same_bytes(tmp_path: Path) -> None:
    drawings = [Drawing(name, "", "", curve(score)) for name, score in (("a", 0.3), ("b", 0.6))]
    for folder, executor in (("one", SERIAL), ("two", JoblibExecutor(2))):
        figures = FigureFolder(tmp_path / folder, for_print=True)
        figures.draw(drawings, executor)
        figures.close()
    assert {path.name for path in (tmp_path / "two").iterdir()} == {
        ".drawn.json", "a.pdf", "a.png", "a.svg", "b.pdf", "b.png", "b.svg",
    }  # fmt: skip
    for name in ("a.svg", "a.png", "a.pdf", "b.svg", "b.png", "b.pdf"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
