"""`sonoher2 init`: a first study file, and a look at what goes with what before anything is computed."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoher2.cli.common.terminal import say
from sonoher2.core import columns as c
from sonoher2.core.errors import UsageError

if TYPE_CHECKING:
    from sonoher2.cohort.drafting.draft import Draft

ROWS = 5
"""Rows of the images table that are shown."""
FILES = 3
"""Files that are named for each reason."""


def init(
    folder: Annotated[Path, typer.Argument(help="Folder with images, masks and tables.")],
    out: Annotated[Path, typer.Option("--out", help="The study file to write.")] = Path("study.yaml"),
    patient_id: Annotated[
        str | None,
        typer.Option("--patient-id", metavar="COLUMN", help="Column of the patients in the clinical table."),
    ] = None,
) -> None:
    """Write a study file from what a folder holds, with the guesses to confirm marked in it."""
    from sonoher2.cohort.drafting.draft import draft_study
    from sonoher2.core.files import write_text
    from sonoher2.core.table_files import write_table

    if out.exists():
        raise UsageError(f"{out} exists already; choose another name with --out.")
    # a folder that cannot be written, as a shared one, keeps its own; the tables then lie beside the study file
    tables_in = folder if os.access(folder, os.W_OK) else out.parent
    draft = draft_study(folder, patient_id=patient_id, tables_in=tables_in)
    for name, table in draft.tables.items():
        write_table(tables_in / name, table)
    place = Path(os.path.relpath(folder.resolve(), out.resolve().parent)).as_posix()
    data = "" if place == "." else f"\ndata: {json.dumps(place, ensure_ascii=False)}\n"
    write_text(out, draft.text + data)
    for line in (*_pairing(draft), *_skipped(draft), *_questions(draft)):
        say(line)
    written = ", ".join(str(path) for path in (out, *(tables_in / name for name in draft.tables)))
    say(f"Wrote {written}. Check the lines with CONFIRM in it, then: sonoher2 check {out}")


def _pairing(draft: Draft) -> list[str]:
    """Count patients, images and masks, and show the first rows of the images table."""
    lines = [f"Patients: {len(draft.patients)} in {draft.clinical}."]
    images = draft.images
    if not len(images):
        return [*lines, "Images: none."]
    known = images[c.PATIENT_ID].isin(draft.patients)
    masked = images[c.MASK].notna() if c.MASK in images.columns else known & False
    bare = set(draft.patients) - set(images[c.PATIENT_ID].dropna())
    lines[0] = f"{lines[0][:-1]}, {len(bare)} of them without an image."
    lines.append(
        f"Images: {len(images)}, {int((~known).sum())} of them without a patient of the table, "
        f"{int((~masked).sum())} without a mask."
    )
    columns = [name for name in (c.PATIENT_ID, c.IMAGE, c.MASK, c.SECOND_MASK) if name in images.columns]
    shown = [columns, *images[columns].head(ROWS).fillna("-").astype(str).to_numpy().tolist()]
    widths = [max(len(row[i]) for row in shown) for i in range(len(columns))]
    lines += [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown
    ]
    more = len(images) - ROWS
    return [*lines, *([f"  and {more} more"] if more > 0 else [])]


def _skipped(draft: Draft) -> list[str]:
    """Files that are not used, by reason."""
    by_reason: dict[str, list[Path]] = defaultdict(list)
    for path, reason in draft.skipped:
        by_reason[reason].append(path)
    lines = ["Not used:"] if by_reason else []
    for reason, paths in by_reason.items():
        names = ", ".join(path.as_posix() for path in paths[:FILES])
        more = f" and {len(paths) - FILES} more" if len(paths) > FILES else ""
        lines.append(f"  {names}{more}: {reason}")
    return lines


def _questions(draft: Draft) -> list[str]:
    return ["To confirm:", *(f"  {question}" for question in draft.questions)] if draft.questions else []
