"""The images of one patient as a case page shows them: outline, the network's window, and its heat map."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sonoher2.bundle.load import Bundle
from sonoher2.lesions.open import Lesion, open_lesion
from sonoher2.predict.heat import DEEP_SIGNATURE, HeatMap, explained_network, heat_maps
from sonoher2.predict.patient import PatientInput, Prediction, reading_of
from sonoher2.predict.segmented import outlined

Window = tuple[float, float, float]
"""Top, left and side, pixels."""


@dataclass(frozen=True)
class CasePicture:
    """One image of a patient.

    Attributes
    ----------
    pixels
        Shape (rows, columns), 0 to 255.
    lesion
        Shape (rows, columns), true inside.
    window
        What the network sees, or None without one.
    heat
        What speaks for `called`, or None without a network.
    called
        Class at the frozen threshold of the Deep signature; empty without a network.
    """

    pixels: NDArray[np.float64]
    lesion: NDArray[np.bool_]
    window: Window | None = None
    heat: HeatMap | None = None
    called: str = ""


def case_pictures(bundle: Bundle, patient: PatientInput, prediction: Prediction) -> list[CasePicture]:
    """Read a patient's images once more, as the study read them, and draw the heat maps of a model with a network.

    Parameters
    ----------
    bundle, patient
        As in `predict_patient`.
    prediction
        Its answer.
    """
    reading, deep = reading_of(bundle, patient), bundle.schema.deep
    if reading is None:
        return []
    with outlined(patient.pictures, crop_to_b_mode=reading.crop_to_b_mode) as (images, _):
        lesions = [
            open_lesion(
                str(image),
                [str(mask) for mask in masks],
                reading=reading,
                mm_per_pixel=known,
                frame=frame,
            )
            for (image, masks, frame), known in zip(
                replace(patient, images=images).pictures, patient.sizes, strict=True
            )
        ]
    plain = [CasePicture(lesion.image.pixels, lesion.mask) for lesion in lesions]
    called = _called(bundle, prediction)
    explained = None if called is None else explained_network(bundle.model, bundle.networks, called)
    if explained is None or deep is None or called is None:
        return plain
    # networks are slow to import
    from sonoher2.deep.crop import lesion_crop, square_window

    def cut(lesion: Lesion) -> NDArray[np.uint8]:
        return lesion_crop(lesion.image.pixels, lesion.mask, size=deep.size, margin=deep.margin)

    heats = heat_maps(explained, [cut(lesion) for lesion in lesions])
    return [
        CasePicture(one.pixels, one.lesion, square_window(one.lesion, deep.margin), heat, bundle.schema.classes[called])
        for one, heat in zip(plain, heats, strict=True)
    ]


def _called(bundle: Bundle, prediction: Prediction) -> int | None:
    """Class that the Deep signature calls; None without one."""
    scores = [score for score in prediction.scores if score.signature == DEEP_SIGNATURE]
    if not scores:
        return None
    if len(scores) == 1:
        return int(scores[0].positive)
    return bundle.schema.outcomes[max(scores, key=lambda score: score.probability).outcome]
