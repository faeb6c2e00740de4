"""The score of every patient."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sonoher2.core.columns import TRAIN_OOF
from sonoher2.core.natural import natural_keys
from sonoher2.report.content.parts import Chapter, Table
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import DASH
from sonoher2.study.results import columns as c


def prediction_parts(view: View) -> Iterator[Table]:
    """One row per patient, one column per signature and outcome."""
    data = view.result.performance.predictions
    wide = data.pivot(index=[c.PATIENT_ID, c.SET, c.LABEL], columns=[c.SIGNATURE, c.OUTCOME], values=c.SCORE)
    wide = wide.loc[sorted(wide.index, key=natural_keys)]
    keys = wide.index.to_frame(index=False)
    shown = {"Patient": keys[c.PATIENT_ID], "Set": view.set_names(keys), "Label": keys[c.LABEL]}
    for signature in view.signatures:
        for outcome in view.outcomes:
            name = f"{signature}: {outcome}" if view.several else str(signature)
            limit = view.threshold(signature, outcome)
            shown[name] = pd.Series([_cell(score, limit) for score in wide[signature, outcome]])
    caption = (
        "Score: probability of "
        + (" or ".join(view.outcomes) if not view.several else "the class in the heading")
        + "; ● at or above the frozen threshold. One prediction per patient"
        + ("; training patients were scored by models that had not seen them." if TRAIN_OOF in view.sets else ".")
    )
    yield Table("predictions", "Prediction of each patient", caption, data, pd.DataFrame(shown), long=True)


def _cell(score: float, limit: float) -> str:
    return DASH if pd.isna(score) else f"{score:.3f}{' ●' if score >= limit else ''}"


PREDICTIONS = Chapter("predictions", "Predictions", prediction_parts)
