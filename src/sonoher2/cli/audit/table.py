"""`sonoher2 audit table`: signs of leakage in the tables of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.terminal import say, say_json


def table(
    features: Annotated[list[Path], typer.Argument(help="Table of features; one for each set where there are two.")],
    predictions: Annotated[
        list[Path] | None, typer.Option("--predictions", help="Table of scores; repeat it for each set or model.")
    ] = None,
    labels: Annotated[
        list[Path] | None, typer.Option("--labels", help="Table of labels or sets, where the others lack them.")
    ] = None,
    selected: Annotated[Path | None, typer.Option(help="Table that names the selected features.")] = None,
    threshold: Annotated[float | None, typer.Option(help="The reported threshold.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the checks as a table (.csv or .xlsx).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look for leakage in the tables of another tool: Onekey, FAE or any with patient, set, label and features."""
    from sonoher2.audit.tables.audit import audit_tables
    from sonoher2.core.files import require_apart
    from sonoher2.core.table_files import check_suffix, write_table

    if out is not None:
        check_suffix(out)
        require_apart(out, *features, *(predictions or []), *(labels or []), selected)
    audit = audit_tables(features, predictions or [], labels or [], selected, threshold)
    if out is not None:
        write_table(out, audit.table())
    if as_json:
        say_json(audit.json())
    else:
        say(audit.text())
