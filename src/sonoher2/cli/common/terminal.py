"""The one place where the command line speaks, and how it ends when it is told to."""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import signal
import sys
import warnings
from collections.abc import Iterable
from types import FrameType
from typing import TextIO

import typer

from sonoher2.cli.common.hints import with_hint
from sonoher2.core.errors import Finding, plain


def say(text: str, *, error: bool = False) -> None:
    """Print a text, control characters of names and cells shown as text."""
    typer.echo(plain(text), err=error)


def say_json(text: str) -> None:
    """Print JSON: letters that standard output cannot write as escapes of JSON, not of Python."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        text = json.dumps(json.loads(text), indent=2 if "\n" in text else None)
    say(text)


def show_findings(findings: Iterable[Finding]) -> None:
    """Print findings on standard error."""
    for finding in findings:
        say(f"{finding.severity}: {with_hint(finding)}", error=True)


def prepare() -> None:
    """Make ready the process of a command: signals, warnings, and letters that the terminal does not know."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # under nohup a hang-up is ignored, and shall be
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    warnings.showwarning = _show_warning


def collect_seldom() -> None:
    """Let the garbage collector look seldom for waste: a fifth of the time of a prediction goes there otherwise.

    What a command imports stays to its end, and is searched again and again while it comes and once more at the end.
    """
    gc.set_threshold(50_000, 20, 20)
    atexit.register(gc.freeze)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End as after Ctrl-C, so that nothing stays half written."""
    raise KeyboardInterrupt


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    say(f"warning: {message}", error=True)


def end_workers() -> None:
    """End the processes that work for this one."""
    if "joblib.externals.loky.reusable_executor" not in sys.modules:
        return
    from joblib.externals.loky import get_reusable_executor

    # they may have ended with this process' group already
    with contextlib.suppress(Exception):
        get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)


def close_output() -> None:
    """Forget what cannot be printed any more: the reader of a pipe is gone."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
