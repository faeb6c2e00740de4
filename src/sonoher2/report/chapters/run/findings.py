"""What the checks of the data raised."""

from __future__ import annotations

from collections.abc import Iterator

from sonoher2.report.content.parts import Chapter, Item, Listing
from sonoher2.report.content.view import View

_ORDER = ("error", "warning", "note")


def finding_parts(view: View) -> Iterator[Listing]:
    """All findings, the gravest first."""
    found = sorted(view.result.checks.findings, key=lambda finding: _ORDER.index(finding.severity))
    if found:
        yield Listing(tuple(Item(str(finding), tone=finding.severity) for finding in found))


FINDINGS = Chapter("findings", "Findings", finding_parts)
