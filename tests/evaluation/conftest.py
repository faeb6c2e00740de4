"""Patients that the evaluation tests share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray


class Patients(NamedTuple):
    outcome: NDArray[np.int64]
    score: NDArray[np.float64]


@pytest.fixture(params=["continuous", "tied"])
def patients(request) -> Patients:
    """150 patients with probabilities, either all different or with many ties."""
    rng = np.random.default_rng(7)
    outcome = (rng.random(150) < 0.35).astype(np.int64)
    score = 1 / (1 + np.exp(-(rng.normal(size=150) + 1.2 * outcome - 1)))
    return Patients(outcome, np.round(score, 1) if request.param == "tied" else score)


# Outcome after subarachnoid haemorrhage: the 41 patients with a poor outcome first, then the 72 with a good one, each
# group in the order of the published table. WFNS grade as it is; S100B and NDKA as ranks of their distinct values
# (values between which no patient of the other group lies share a rank), all that a ROC curve depends on.
# Turck N et al. Intensive Care Med 2010, 36:107-115; distributed as data set aSAH with Robin X et al. pROC,
# BMC Bioinformatics 2011, 12:77.
ASAH = {
    "wfns": """
        3 2 4 5 5 5 5 2 5 2 1 2 5 4 4 2 5 5 5 2 5 2 5 2 4 5 4 4 1 4 4 2 2 5 5 2 2 5 5 5 5
        1 1 1 1 5 1 2 2 1 2 2 1 1 1 2 1 2 1 1 3 4 1 4 1 5 5 1 1 2 4 1 1 2 2 1 2 1 2 2 1 1 1 1 2 1 2 1 1 3 2 4 2 1 4 1
        1 5 4 2 2 1 1 1 3 1 2 2 4 4 1 1 1""",
    "s100b": """
        9 6 12 8 26 31 29 3 20 5 3 24 22 28 31 16 31 31 31 3 31 18 1 5 14 31 16 31 4 16 9 6 7 14 31 10 31 19 31 31 26
        9 10 6 2 27 13 6 6 2 4 2 5 7 3 13 3 7 9 13 2 12 10 21 5 30 27 12 3 25 27 7 4 5 4 2 9 6 10 11 2 2 5 2 5 4 12 5 4
        20 7 17 3 6 19 3 2 15 23 6 11 4 10 6 3 2 13 11 27 13 11 30 28""",
    "ndka": """
        38 25 29 36 4 10 19 44 48 44 44 15 33 40 6 8 31 2 52 40 17 19 23 31 42 27 40 8 50 35 4 13 40 4 12 44 21 33 46 19
        36 1 9 7 18 5 35 5 39 30 39 37 47 11 5 24 5 5 51 26 14 14 39 3 7 5 13 28 7 34 45 7 5 24 11 7 28 43 41 16 22 49 5
        37 14 18 18 34 3 37 24 11 18 39 18 22 7 14 18 43 9 24 27 45 20 24 11 43 16 32 41 5 30""",
}


class Asah(NamedTuple):
    outcome: NDArray[np.int64]
    markers: dict[str, NDArray[np.float64]]
    published: dict[str, tuple[float, float]]


# AUC and DeLong's variance of each marker, as published with pROC
ASAH_PUBLISHED = {
    "wfns": (0.823678861788618, 0.00146991470882363),
    "ndka": (0.611957994579946, 0.0031908105493913),
    "s100b": (0.731368563685637, 0.00266868245717244),
}


@pytest.fixture(scope="session")
def asah() -> Asah:
    """113 patients of a published study whose ROC analysis is known to 15 digits."""
    outcome = np.repeat([1, 0], [41, 72])
    markers = {name: np.array(text.split(), dtype=np.float64) for name, text in ASAH.items()}
    return Asah(outcome, markers, ASAH_PUBLISHED)
