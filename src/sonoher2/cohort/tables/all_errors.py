"""Going on after an input error, so that a user sees all errors of a study at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sonoher2.core.errors import Finding, FindingsError, InputError


@contextmanager
def collected(findings: list[Finding]) -> Iterator[None]:
    """Add an input error of the block to `findings` instead of raising it.

    Parameters
    ----------
    findings
        Where errors are added.
    """
    try:
        yield
    except FindingsError as error:
        findings.extend(error.findings)
    except InputError as error:
        findings.append(error.finding)


def errors_of(findings: list[Finding]) -> list[Finding]:
    """Those that stop a study."""
    return [finding for finding in findings if finding.severity == "error"]


def raise_errors(findings: list[Finding]) -> None:
    """Raise all errors among the findings together.

    Raises
    ------
    FindingsError
        There is at least one.
    """
    if errors_of(findings):
        raise FindingsError(findings)
