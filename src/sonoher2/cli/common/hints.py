"""How a user of the command line chooses what an error says could be chosen otherwise."""

from __future__ import annotations

from sonoher2.core.errors import Finding, FindingsError, SonoHer2Error

HINTS = {
    "frame": "`segment`, `enhance` and `predict` have the option --frame.",
    "image": "The option is --image.",
    "mask": "`predict` has the option --mask.",
    "mask label": "`extract` and `predict` have the option --label.",
    "output": "The option is --out.",
    "patch": "The option is --patch.",
    "size": "The options are --size and --warm-up-size.",
    "patient column": "The option is --patient-id.",
    "pixel size": "`predict` has the option --mm-per-pixel.",
    "processes": "Use fewer --jobs.",
    "server": "`serve` has the options --certificate, --key, --users and --add-user.",
    "site": "The option is --site.",
}
"""By `SonoHer2Error.hint`."""


def with_hint(problem: SonoHer2Error | Finding) -> str:
    """Give the text of an error or a finding, with the option that mends it; each option is named once."""
    parts = problem.findings if isinstance(problem, FindingsError) else [problem]
    hints = dict.fromkeys(HINTS[part.hint] for part in parts if part.hint)
    return "\n".join([str(problem), *hints]) if len(parts) > 1 else " ".join([str(problem), *hints])
