"""Files of a figure."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from sonoher2.report.content.style import paper_style
from sonoher2.report.page.save import save_figure


def save(folder: Path, title: str) -> dict[str, tuple[bytes, int]]:
    """Save a figure; content and inode of its files, the inode being another one when a file was written anew."""
    figure = Figure(layout="constrained")
    figure.add_subplot().set_title(title)
    with paper_style():
        save_figure(figure, folder, "figure")
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
