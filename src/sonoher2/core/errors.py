"""Errors whose message a user can act on: what was got, where, and what to do.

Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 bad input, 4 interrupted (the same command resumes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal


class SonoHer2Error(Exception):
    """Base of every error that SonoHER2 raises on purpose.

    Parameters
    ----------
    what
        What was got, in one clause, without a full stop.
    where
        File, row, column or key; left out when `what` says it.
    fix
        What the user can do about it. It knows files, keys and columns, and nothing of options, buttons and calls.
    hint
        What of the call could be chosen otherwise, such as ``output``: whoever made the call (the command line, a
        page) adds how its own user chooses it.

    Attributes
    ----------
    exit_code
        What the command line returns.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", fix: str = "", hint: str = "") -> None:
        self.what, self.where, self.fix, self.hint = what, where, fix, hint
        super().__init__(one_sentence(what, where, fix))

    def __reduce__(self) -> tuple[Any, ...]:
        # worker processes send errors back; the default would rebuild one from its whole message
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[SonoHer2Error], args: tuple[Any, ...], state: dict[str, object]) -> SonoHer2Error:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class UsageError(SonoHer2Error):
    """The call itself is wrong: a value, or a combination of values."""

    exit_code = 2


class InputError(SonoHer2Error):
    """A file, a table or a value that was given cannot be used; the message says which, where, and what to do.

    Examples
    --------
    >>> import sonoher2
    >>> try:
    ...     sonoher2.read_image("absent.png")
    ... except sonoher2.InputError as error:
    ...     print(error.where, error.what, error.fix, sep=" | ")
    absent.png | there is no such file | Check the path
    """

    exit_code = 3

    @property
    def finding(self) -> Finding:
        """The same as a finding, to be listed with others."""
        return Finding("error", self.what, self.where, self.fix, hint=self.hint)

    @property
    def findings(self) -> list[Finding]:
        """All that is wrong, one finding for each."""
        return [self.finding]

    def at(self, where: str, fix: str = "") -> InputError:
        """Give the same error with its place, and with `fix`, unless it names its own."""
        return InputError(self.what, where=self.where or where, fix=self.fix or fix, hint=self.hint)


def one_sentence(what: str, where: str = "", fix: str = "") -> str:
    """Join what, where and what to do into the one line that a user reads."""
    text = f"{where}: {what}" if where else what
    # a file's name may hold the end of a line, and what follows would look like a message of ours
    return _ENDS.sub("\\\\n", " ".join(f"{part.rstrip('.')}." for part in (text, fix) if part))


_ENDS = re.compile("\n(?!  - )")


# of terminals and of writing direction: in a file's name they could hide or fake what a line says
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    r"""Show control characters as text, ``\u001b`` for Escape; ends of lines and tabs stay.

    Names of files, columns and cells come from anywhere. The form is JSON's, so that JSON stays JSON.
    """
    return _CONTROLS.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One thing that a check has to say of a study.

    Attributes
    ----------
    severity
        ``error``: the study cannot run; ``warning``: it can, and its result needs care; ``note``: good to know.
    what, where, fix, hint
        As in `SonoHer2Error`.
    code
        Of a check that has a page in docs/checks, such as ``LEAK001``; such a finding stops no study, whatever its
        severity, and stands on the report.
    """

    severity: Severity
    what: str
    where: str = ""
    fix: str = ""
    code: str = ""
    hint: str = ""

    def __str__(self) -> str:
        text = one_sentence(self.what, self.where, self.fix)
        return f"{self.code} {text}" if self.code else text


class FindingsError(InputError):
    """Several things are wrong at once; all are listed so that the user mends them in one go."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._findings = [f for f in findings if f.severity == "error"]
        count = len(self._findings)
        lines = "\n".join(f"  - {finding}" for finding in self.findings)
        Exception.__init__(self, str(self.findings[0]) if count == 1 else f"{count} problems:\n{lines}")
        self.what, self.where, self.fix, self.hint = str(self), "", "", ""

    @property
    def findings(self) -> list[Finding]:
        """All that is wrong, one finding for each."""
        return self._findings
