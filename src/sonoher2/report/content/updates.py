"""What a validation shows of recalibrations that were learned on its own patients and are not used."""

from __future__ import annotations

from sonoher2.report.content.view import View
from sonoher2.study.results import columns as c

NEW_SITE = "Calibration here, and what would mend it"
"""Title of the chapter that shows them."""


def labelled_sizes(view: View) -> list[int]:
    """Numbers of patients in the draws on which updates were learned; none where nothing was."""
    repairs = view.result.external.repairs
    return [int(size) for size in repairs[c.LABELLED].unique() if size] if len(repairs) else []
