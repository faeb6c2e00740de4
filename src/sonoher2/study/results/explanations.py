"""What a study's signatures rest on, patient by patient: the tables that the report shows."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from sonoher2.predict.heat import HeatMap


@dataclass(frozen=True)
class Attribution:
    """What each feature adds to the log-odds of one signature.

    Attributes
    ----------
    effects
        (patients, features), log-odds against the mean training patient.
    values
        Same shape: the features, standardised; NaN for a level without an order.
    """

    effects: pd.DataFrame
    values: pd.DataFrame


@dataclass(frozen=True)
class HeatCase:
    """One patient whose picture is shown.

    Attributes
    ----------
    patient_id, label, predicted
        Who, the true class, and the class at the frozen threshold of the Deep signature.
    score
        Deep probability of the outcome; of several classes that of `predicted`.
    map
        What speaks for `predicted`, in the patient's first image.
    """

    patient_id: str
    label: str
    predicted: str
    score: float
    map: HeatMap


@dataclass(frozen=True)
class HeatFindings:
    """Heat maps of the Deep signature in the test set, always for the predicted class.

    Attributes
    ----------
    shares
        `patient_id, label, called, lesion, ring, elsewhere, lesion_area, ring_area`, all test patients, each the mean
        over their images.
    cases
        The surest right and wrong ones of each class.
    deletion
        `patient_id, share, by_heat, by_chance`: log-odds of the predicted class as that share of the picture is
        blurred away, the hottest part first, or in an order of chance.
    randomised
        `patient_id, stage, correlation`: rank correlation with the true map after the classifier (0) and that many
        stages of the network were replaced by noise.
    """

    shares: pd.DataFrame
    cases: tuple[HeatCase, ...]
    deletion: pd.DataFrame
    randomised: pd.DataFrame


@dataclass(frozen=True)
class Explanations:
    """What the signatures rest on, in the test set.

    Attributes
    ----------
    points
        `patient_id, label, signature, variable, points`: the nomograms' points, one row per variable, and `total`.
    attributions
        By signature.
    heat
        None without deep features.
    """

    points: pd.DataFrame = field(default_factory=pd.DataFrame)
    attributions: dict[str, Attribution] = field(default_factory=dict)
    heat: HeatFindings | None = None
