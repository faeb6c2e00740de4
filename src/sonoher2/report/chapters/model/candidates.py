"""The models that were tried for each signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from sonoher2.report.content.cells import numbers
from sonoher2.report.content.parts import Chapter, Table
from sonoher2.report.content.view import View
from sonoher2.study.results import columns as c


def candidate_parts(view: View) -> Iterator[Table]:
    """All candidate models of each signature."""
    data = view.result.model.candidates
    if data.empty:
        return
    spread = zip(numbers(data[c.CV_AUC], 3), numbers(data[c.CV_AUC_SD], 3), strict=True)
    shown = {
        "Signature": data[c.SIGNATURE],
        "Model": data[c.MODEL],
        "Settings": data[c.PARAMETERS].map(_settings),
        "AUC, inner cross-validation": [f"{mean} ± {sd}" for mean, sd in spread],
        "Chosen": data[c.CHOSEN].map({True: "chosen", False: ""}),
    }
    caption = (
        "Mean ± standard deviation over the inner folds of the training patients. The best of many candidates looks"
        " better than it is: judge by the out-of-fold and test figures above."
    )
    yield Table("zoo", "Candidate models", caption, data, pd.DataFrame(shown), long=len(data) > 15)


def _settings(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {setting}" for key, setting in value.items()) or "defaults"
    return str(value) or "defaults"


CANDIDATES = Chapter("models", "Candidate models", candidate_parts)
