"""What a page says of a job that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.storage.tables_studies import JobRow
from sonoher2.server.studies.jobs.commands import log_file
from sonoher2.server.studies.jobs.views import _message


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("Error: no table\nGive one.\n", "Error: no table\nGive one."),
        ("Reading\nError: one\nmore\nError: two\n  fix\n", "Error: two\n  fix"),
        ("Error: one\nInternal error: two (E)\n", "Internal error: two (E)"),
        ("Internal error: one\nError: two\n", "Error: two"),
        ("No Error: here\nkilled\n", "No Error: here\nkilled"),
        ("Internal error: at once", "Internal error: at once"),
        ("x" * 700 + "end\n", "x" * 496 + "end"),
        ("Error: " + "y" * 3000, "Error: " + "y" * 1993),
        ("", ""),
    ],
)
def test_the_last_message_of_a_log(tmp_path: Path, log: str, said: str) -> None:
    settings, job = ServerSettings(tmp_path), JobRow(id="j", study="s")
    path = log_file(settings, job)
    path.parent.mkdir(parents=True)
    path.write_text(log, encoding="utf-8")
    assert _message(settings, job) == said
