"""Files of a figure."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from sonoher2.report.content.style import chinese_fonts, paper_style
from sonoher2.report.page.save import PRINT, inline_svg, save_figure, undrawn_letters


def save(folder: Path, title: str) -> dict[str, tuple[bytes, int]]:
    """Save a figure; content and inode of its files, the inode being another one when a file was written anew."""
    figure = Figure(layout="constrained")
    figure.add_subplot().set_title(title)
    with paper_style():
        save_figure(figure, folder, "figure", PRINT)
    return {path.suffix: (path.read_bytes(), path.stat().st_ino) for path in folder.iterdir()}


def test_a_figure_is_drawn_anew_only_when_it_changed(tmp_path: Path) -> None:
    first = save(tmp_path, "AUC")
    assert set(first) == {".svg", ".png", ".pdf"}
    assert save(tmp_path, "AUC") == first
    other = save(tmp_path, "Brier score")
    assert all(other[suffix][0] != first[suffix][0] for suffix in first)


def test_a_missing_file_comes_back(tmp_path: Path) -> None:
    first = save(tmp_path, "AUC")
    (tmp_path / "figure.pdf").unlink()
    assert save(tmp_path, "AUC")[".pdf"][0] == first[".pdf"][0]


def titled(title: str, folder: Path) -> list[str]:
    with paper_style(), undrawn_letters() as missing:
        figure = Figure(layout="constrained")
        figure.add_subplot().set_title(title)
        save_figure(figure, folder, "figure")
    return missing


def test_letters_that_no_font_has_are_told(tmp_path: Path) -> None:
    assert titled("\ue123", tmp_path)
    assert titled("age", tmp_path) == []


def test_chinese_letters_are_drawn(tmp_path: Path) -> None:
    if not chinese_fonts():
        pytest.skip("this machine has no font with Chinese letters")
    assert titled("绝经状态：已绝经", tmp_path) == []


def test_an_inline_figure_has_ids_of_its_own_and_says_what_it_shows() -> None:
    svg = (
        '<?xml version="1.0"?><!-- made by --><svg width="100pt" height="50pt" viewBox="0 0 100 50"><metadata>when'
        '</metadata><path id="a"/><use href="#a" clip-path="url(#b)"/></svg>'
    )
    assert inline_svg(svg, "roc", "Curves") == (
        '<svg role="img" aria-label="Curves" style="max-width:180px" viewBox="0 0 100 50"><path id="roc-a"/>'
        '<use href="#roc-a" clip-path="url(#roc-b)"/></svg>'
    )
