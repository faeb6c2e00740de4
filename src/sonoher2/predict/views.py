"""The images of one patient as a case page shows them: outline, the network's window, and its heat map."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from sonoher2.predict.case import Case
from sonoher2.predict.heat import HeatMap, explained_network, heat_maps
from sonoher2.predict.prediction import Prediction
from sonoher2.signatures.registry import DEEP_SIGNATURE

Window = tuple[float, float, float]
"""Top, left and side, pixels."""


@dataclass(frozen=True, eq=False)
class CaseView:
    """One image of a patient.

    Attributes
    ----------
    pixels
        Shape (rows, columns), 0 to 255.
    lesion
        Shape (rows, columns), true inside: the mask that was scored.
    window
        What the network sees, or None without one.
    heat
        What speaks for `predicted`, or None without a network.
    predicted
        Class at the frozen threshold of the Deep signature; empty without a network.
    """

    pixels: NDArray[np.float64]
    lesion: NDArray[np.bool_]
    window: Window | None = None
    heat: HeatMap | None = None
    predicted: str = ""


def case_views(case: Case, prediction: Prediction) -> list[CaseView]:
    """Show a patient's images as they were scored, with the heat maps of a model with a network.

    Parameters
    ----------
    case
        The patient.
    prediction
        Its answer.
    """
    plain = [CaseView(image.lesion.image.pixels, image.lesion.mask) for image in case.images]
    predicted = predicted_class(case, prediction)
    if not plain or predicted is None or case.bundle.schema.deep is None:
        return plain
    # a machine that only predicts may be without torch (docs/predict.md): its page shows no heat
    if find_spec("torch") is None:
        return plain
    explained = explained_network(case.bundle.model, case.bundle.networks, predicted)
    if explained is None:
        return plain
    heats = heat_maps(explained, [image.crop for image in case.images])
    return [
        CaseView(one.pixels, one.lesion, image.window, heat, case.bundle.schema.classes[predicted])
        for one, image, heat in zip(plain, case.images, heats, strict=True)
    ]


def predicted_class(case: Case, prediction: Prediction) -> int | None:
    """Position of the class that the Deep signature predicts; None without one."""
    scores = [score for score in prediction.scores if score.signature == DEEP_SIGNATURE]
    if not scores:
        return None
    if len(scores) == 1:
        return int(scores[0].positive)
    return case.bundle.schema.outcomes[max(scores, key=lambda score: score.probability).outcome]
