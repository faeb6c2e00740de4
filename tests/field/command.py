"""Running the command line inside a test of a kind of input."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

from sonoher2.cli.app import run

DONE, INTERNAL, USAGE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Outcome:
    """Exit code and what was printed; `text` is both outputs together."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def sonoher2(*arguments: object) -> Outcome:
    """Run a command as typed, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Outcome(code, out.getvalue(), err.getvalue())
