"""The report: one offline HTML file, its figures as SVG (PNG and PDF where asked), its tables as CSV."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
from markupsafe import Markup, escape

from sonoher2.core.files import file_sha256, write_json, write_text
from sonoher2.core.table_files import write_table
from sonoher2.engine import local_executor
from sonoher2.report.chapters.registry import build_sections
from sonoher2.report.content.parts import Drawing, Facts, Folded, Listing, Part, Section, Table, Text
from sonoher2.report.content.style import paper_style
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import plural
from sonoher2.report.page.figure_folder import FigureFolder
from sonoher2.report.page.save import inline_svg
from sonoher2.report.page.template import render, template_text
from sonoher2.report.writing.model_card import write_model_card
from sonoher2.report.writing.summary import summarise
from sonoher2.study.results import columns as c
from sonoher2.study.results.parts import StudyResult

_NUMBER = re.compile(r"[<−–\-]?$|[<−-]?[\d.,]+")


WRITTEN = ".written.json"
"""Sha256 of each table that the last report wrote."""


@dataclass(frozen=True)
class ShownDrawing:
    """A figure on the page."""

    name: str
    title: str
    caption: str
    svg: Markup
    kind: Literal["drawing"] = "drawing"


@dataclass(frozen=True)
class ShownTable:
    """A table on the page; `numeric` are the places of the columns that are aligned right."""

    name: str
    title: str
    caption: str
    long: bool
    sortable: bool
    columns: list[str]
    numeric: frozenset[int]
    rows: list[list[str]]
    kind: Literal["table"] = "table"


Shown = ShownDrawing | ShownTable | Text | Listing | Facts | Folded


@dataclass(frozen=True)
class ShownSection:
    """A chapter on the page."""

    name: str
    title: str
    parts: tuple[Shown, ...] = ()


def write_report(result: StudyResult, folder: str | Path, workers: int | None = 1, *, for_print: bool = False) -> Path:
    """Write the report of a study or of a validation.

    Parameters
    ----------
    result
        What was found.
    folder
        Gets ``report.html``, ``figures/`` and ``tables/``; made when it is not there.
    workers
        Processes that draw figures; None for as many as there are processors.
    for_print
        Draw each figure as PNG (300 dpi) and PDF, too; later reports in this folder keep those files up to date.

    Returns
    -------
    Path of ``report.html``.

    Raises
    ------
    InputError
        A file cannot be written.

    Examples
    --------
    >>> import sonoher2
    >>> sonoher2.write_report(sonoher2.open_run("run"), "run").as_posix()
    'run/report.html'
    """
    folder = Path(folder)
    view = View(result)
    with paper_style():
        figures, filled = FigureFolder(folder / "figures", for_print=for_print), build_sections(view)
        drawings = [part for section in filled for part in section.parts if isinstance(part, Drawing)]
        figures.draw(drawings, local_executor(workers))
        sections = [_written(section, folder, figures) for section in filled]
        figures.close()
    _drop_old_tables(folder / "tables", [p.name for section in filled for p in section.parts if isinstance(p, Table)])
    path = folder / "report.html"
    write_text(path, _page(view, sections, figures))
    write_model_card(view, folder)
    return path


def _written(section: Section, folder: Path, figures: FigureFolder) -> ShownSection:
    """Write a section's figures and tables, and turn it into what the template shows."""
    return ShownSection(section.name, section.title, tuple(_shown(part, folder, figures) for part in section.parts))


def _shown(part: Part, folder: Path, figures: FigureFolder) -> Shown:
    if isinstance(part, Drawing):
        svg = figures.svg(part.name)
        # the figure's own text is outlines; only its title reaches the attribute, escaped
        inline = Markup(inline_svg(svg, part.name, str(escape(part.title))))
        return ShownDrawing(part.name, part.title, part.caption, inline)
    if isinstance(part, Table):
        write_table(folder / "tables" / f"{part.name}.csv", part.data)
        return ShownTable(
            name=part.name,
            title=part.title,
            caption=part.caption,
            long=part.long,
            # the levels of Table 1 belong below their heading
            sortable=not part.shown.iloc[:, 0].astype(str).str.startswith("  ").any(),
            columns=[str(name) for name in part.shown.columns],
            numeric=frozenset(_numeric(part.shown)),
            rows=part.shown.astype(str).to_numpy().tolist(),
        )
    if isinstance(part, Folded):
        write_table(folder / "checklists" / f"{part.name}.csv", part.data)
    return part


def _drop_old_tables(folder: Path, written: list[str]) -> None:
    """Remove the tables that an earlier report wrote and this one has not; one that was changed since is left."""
    known = folder / WRITTEN
    try:
        before = dict(json.loads(known.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        before = {}
    for name, sha256 in before.items():
        path = folder / f"{name}.csv"
        if name not in written and path.is_file() and file_sha256(path) == sha256:
            path.unlink()
    if written:
        write_json(known, {name: file_sha256(folder / f"{name}.csv") for name in sorted(written)})


def _numeric(table: pd.DataFrame) -> Iterator[int]:
    """Columns to be aligned right: every cell begins like a number or is empty."""
    for index in range(1, table.shape[1]):
        if all(_NUMBER.match(str(text)) for text in table.iloc[:, index]):
            yield index


def _page(view: View, sections: list[ShownSection], figures: FigureFolder) -> str:
    names = [part.name for section in sections for part in section.parts if isinstance(part, ShownDrawing)]
    study = view.result.about.config
    return render(
        "report.html.j2",
        title=study.title,
        kicker="External validation" if view.validation else "Study report",
        meta=_meta(view),
        synthetic=study.synthetic,
        failed=view.failed_checks,
        letters_missing=figures.letters_missing,
        summary=summarise(view),
        sections=[ShownSection("summary", "Summary"), *sections],
        numbers={name: number for number, name in enumerate(names, start=1)},
        formats=figures.formats,
        script=Markup(template_text("report.js")),
    )


def _meta(view: View) -> list[str]:
    record, study = view.result.about.record, view.result.about.config
    texts = [_readable(str(record[key])) for key in ("finished", "started") if key in record][:1]
    texts.append(f"seed {study.seed}")
    if "sonoher2" in record.get("machine", {}):
        texts.append(f"SonoHER2 {record['machine']['sonoher2']}")
    patients = view.result.cohort.patients
    counts = patients[c.LABEL].value_counts()
    labels = ", ".join(f"{counts.get(label, 0):,} {label}" for label in view.result.about.classes)
    return [*texts, f"{plural(len(patients), 'patient')}: {labels}"]


def _readable(time: str) -> str:
    """``2026-11-23T08:09:31+00:00`` -> ``2026-11-23 08:09 UTC``."""
    return f"{time[:16].replace('T', ' ')} UTC" if time.endswith("+00:00") else time
