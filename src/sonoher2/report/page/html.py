"""The report: one offline HTML file, its figures as SVG, PNG and PDF, its tables as CSV."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from sonoher2.core.files import write_text
from sonoher2.core.table_files import write_table
from sonoher2.report.chapters.checks import failed_checks
from sonoher2.report.chapters.summary import summarise
from sonoher2.report.figures.save import FORMATS, inline_svg, save_figure, undrawn_letters
from sonoher2.report.figures.style import paper_style
from sonoher2.report.page.model_card import write_model_card
from sonoher2.report.page.parts import Drawing, Folded, Section, Table
from sonoher2.report.page.sections import build_sections
from sonoher2.report.page.view import View
from sonoher2.study.results import StudyResult

_NUMBER = re.compile(r"[<−–\-]?$|[<−-]?[\d.,]+")


def write_report(result: StudyResult, folder: str | Path) -> Path:
    """Write the report of a study or of a validation.

    Parameters
    ----------
    result
        What was found.
    folder
        Gets ``report.html``, ``figures/`` and ``tables/``; made when it is not there.

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
    with paper_style(), undrawn_letters() as missing:
        sections = [_written(section, folder) for section in build_sections(view)]
    path = folder / "report.html"
    write_text(path, _page(view, sections, letters_missing=bool(missing)))
    write_model_card(view, folder)
    return path


def _written(section: Section, folder: Path) -> dict[str, Any]:
    """Write a section's figures and tables, and turn it into what the template shows."""
    parts = [_for_template(part, folder) for part in section.parts]
    return {"name": section.name, "title": section.title, "parts": parts}


def _for_template(part: Any, folder: Path) -> Any:
    if isinstance(part, Drawing):
        svg = save_figure(part.figure, folder / "figures", part.name)
        # the figure's own text is outlines; only its title reaches the attribute, escaped
        inline = Markup(inline_svg(svg, part.name, str(escape(part.title))))
        return {"kind": part.kind, "name": part.name, "title": part.title, "caption": part.caption, "svg": inline}
    if isinstance(part, Table):
        write_table(folder / "tables" / f"{part.name}.csv", part.data)
        return {
            "kind": part.kind,
            "name": part.name,
            "title": part.title,
            "caption": part.caption,
            "long": part.long,
            # the levels of Table 1 belong below their heading
            "sortable": not part.shown.iloc[:, 0].astype(str).str.startswith("  ").any(),
            "columns": [str(name) for name in part.shown.columns],
            "numeric": set(_numeric(part.shown)),
            "rows": part.shown.astype(str).to_numpy().tolist(),
        }
    if isinstance(part, Folded):
        write_table(folder / "checklists" / f"{part.name}.csv", part.data)
    return part


def _numeric(table: pd.DataFrame) -> Iterator[int]:
    """Columns to be aligned right: every cell begins like a number or is empty."""
    for index in range(1, table.shape[1]):
        if all(_NUMBER.match(str(text)) for text in table.iloc[:, index]):
            yield index


def _page(view: View, sections: list[dict[str, Any]], *, letters_missing: bool) -> str:
    environment = Environment(
        loader=PackageLoader("sonoher2.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    figures = [
        part["name"] for section in sections for part in section["parts"] if isinstance(part, dict) and "svg" in part
    ]
    names = [{"name": "summary", "title": "Summary", "parts": []}]
    return environment.get_template("report.html.j2").render(
        title=view.result.about.config.title,
        kicker="External validation" if view.validation else "Study report",
        meta=_meta(view),
        synthetic=view.result.about.config.synthetic,
        failed=failed_checks(view),
        letters_missing=letters_missing,
        summary=summarise(view),
        sections=names + sections,
        numbers={name: number for number, name in enumerate(figures, start=1)},
        formats=FORMATS,
        css=Markup(_template("style.css")),
        script=Markup(_template("report.js")),
    )


def _meta(view: View) -> list[str]:
    record, study = view.result.about.record, view.result.about.config
    texts = [_readable(str(record[key])) for key in ("finished", "started") if key in record][:1]
    texts.append(f"seed {study.seed}")
    if "sonoher2" in record.get("machine", {}):
        texts.append(f"SonoHER2 {record['machine']['sonoher2']}")
    counts = view.result.cohort.patients["label"].value_counts()
    texts.append(
        f"{len(view.result.cohort.patients):,} patients: "
        + ", ".join(f"{counts.get(c, 0):,} {c}" for c in view.result.about.classes)
    )
    return texts


def _readable(time: str) -> str:
    """``2026-11-23T08:09:31+00:00`` -> ``2026-11-23 08:09 UTC``."""
    return f"{time[:16].replace('T', ' ')} UTC" if time.endswith("+00:00") else time


def _template(name: str) -> str:
    return (resources.files("sonoher2.report") / "templates" / name).read_text(encoding="utf-8")
