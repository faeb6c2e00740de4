"""Warnings about lesions that say little, and one row for each patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.radiomics.lesion import flat_lesions, pool_patients, tiny_lesions


@pytest.mark.parametrize(
    ("count", "shown"), [(1, "0.png"), (3, "0.png, 1.png, 2.png"), (4, "0.png, 1.png, 2.png, ...")]
)
def test_the_first_three_lesions_are_named(count: int, shown: str) -> None:
    images = [f"a/{number}.png" for number in range(6)]
    (flat,) = flat_lesions(images, [7] * count + [8] * (6 - count))
    assert flat.severity == "warning"
    assert flat.what == f"{count} of 6 lesions have fewer than 8 grey levels ({shown})"
    # a circle of 16 pixels across has 201.06
    (tiny,) = tiny_lesions(images, [201] * count + [202] * (6 - count))
    assert tiny.severity == "warning"
    assert tiny.what == f"{count} of 6 lesions are smaller than 16 pixels across ({shown})"


def test_lesions_that_say_enough_are_not_named() -> None:
    assert flat_lesions(["a.png"], [8]) == []
    assert tiny_lesions(["a.png"], [202]) == []


def test_a_patient_counts_once() -> None:
    features = pd.DataFrame({"x": [1.0, 5.0, 3.0], "y": [2.0, np.nan, 4.0]}, index=[7, 8, 9])
    pooled = pool_patients(features, pd.Series(["B", "A", "B"], index=features.index))
    assert pooled.index.tolist() == ["A", "B"]
    assert pooled.index.name == "patient_id"
    np.testing.assert_array_equal(pooled.to_numpy(), [[5, np.nan], [2, 3]])
