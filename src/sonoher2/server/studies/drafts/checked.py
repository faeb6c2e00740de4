"""`sonoher2 check` of a study file, in a process of its own."""

from __future__ import annotations

import json
import secrets
import subprocess
from pathlib import Path

from sonoher2.core.errors import Finding, InputError
from sonoher2.server.base.errors import ApiError
from sonoher2.server.studies.drafts.findings import finding_view
from sonoher2.server.studies.drafts.schemas import Checked
from sonoher2.server.studies.processes.process import kill, option, start

SECONDS = 3600
REMADE = ("severity", "what", "where", "fix", "code")


def check(study: Path) -> Checked:
    """Check a study and wait for what is found.

    Parameters
    ----------
    study
        The study file.

    Raises
    ------
    ApiError
        It takes too long.
    InputError
        The check failed by itself.
    """
    name = f".check-{secrets.token_hex(4)}"
    log, progress = study.with_name(f"{name}.log"), study.with_name(f"{name}.jsonl")
    process = start(["check", str(study), *option("json")], log, progress)
    try:
        process.wait(SECONDS)
        text = log.read_text(encoding="utf-8", errors="replace")
    except subprocess.TimeoutExpired:
        raise ApiError(422, "slow", "the check takes too long", "Check the study on the command line") from None
    finally:
        kill(process.pid)
        process.wait()
        log.unlink(missing_ok=True)
        progress.unlink(missing_ok=True)
    return _read(text)


def _read(text: str) -> Checked:
    """Find the JSON among what the command printed."""
    line = next((one for one in text.splitlines() if one.startswith('{"rows"')), None)
    if line is None:
        raise InputError("the check ended with an error of its own", fix="Run `sonoher2 check` on the study file")
    found = json.loads(line)
    findings = [Finding(**{key: one[key] for key in REMADE}) for one in found["findings"]]
    return Checked(rows=found["rows"], findings=[finding_view(one) for one in findings])
