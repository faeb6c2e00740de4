"""Spellings of HER2 results that no column understood, as a table beside the study's files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sonoher2.cli.common.terminal import say
from sonoher2.core.errors import FindingsError, SonoHer2Error

UNREAD = "unread-values.csv"


@contextmanager
def unread_listed(path: Path) -> Iterator[None]:
    """Write the spellings that stopped a study into a table, and say where it is.

    Parameters
    ----------
    path
        Of the table (CSV): `column, role, spelling, cells, rows`.
    """
    try:
        yield
    except FindingsError as error:
        from sonoher2.cohort.her2.columns import unread_table
        from sonoher2.core.table_files import write_table

        table = unread_table(error.findings)
        if len(table):
            try:
                write_table(path, table)
            except (OSError, SonoHer2Error):
                # the message below lists them all
                raise error from None
            say(f"Wrote {path}: every spelling that was not understood, with its rows.", error=True)
        raise
