"""How a new cohort differs from the training patients, worked by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.training import LevelSummary, NumberSummary, TrainingSummary
from sonoher2.cohort.images.check import ImageRecord
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.signatures.feature_table import CLINICAL, RADIOMICS
from sonoher2.study.analyses.robustness.shift import shift_table, training_summary
from sonoher2.study.measure.measured import Measured

AGE = ClinicalColumn(kind="number", timing="pre-biopsy")
KIND = ClinicalColumn(kind="category", timing="pre-biopsy")
STEPS = tuple(float(value) for value in np.linspace(40, 60, 21))


def measured(ages: list[float], kinds: list[str | None], area: list[float]) -> Measured:
    names = pd.Index([f"P{i}" for i in range(len(ages))], name="patient_id")
    table = pd.DataFrame({(CLINICAL, "age"): ages, (CLINICAL, "kind"): kinds, (RADIOMICS, "area"): area}, index=names)
    cohort = Cohort(
        pd.DataFrame(index=names),
        pd.DataFrame({"patient_id": names}),
        ("no", "yes"),
        {"age": AGE, "kind": KIND},
        (),
    )
    return Measured(cohort, pd.DataFrame({"area": area}), table)


def record(grey: float) -> ImageRecord:
    return ImageRecord(quality={"grey_mean": grey})


def test_the_training_summary_is_of_training_patients_and_their_images_alone() -> None:
    cohort = measured([40, 50, 90], ["a", "b", "b"], [1.0, 3.0, 100.0])
    found = training_summary(cohort, [record(10), record(20), record(99)], pd.Index(["P0", "P1"]), ["area"])
    assert found.features["area"].mean == 2
    assert found.clinical["age"].mean == 45
    assert found.clinical["kind"].shares == {"a": 0.5, "b": 0.5}
    assert found.images["grey_mean"].mean == 15
    assert found.images["grey_mean"].sd == pytest.approx(np.sqrt(50))
    assert found.images["grey_mean"].quantiles[-1] == 20


def test_a_cohort_of_higher_values_has_a_positive_difference_and_the_commonest_level_is_named() -> None:
    training = TrainingSummary(
        features={"area": NumberSummary(missing=0, mean=5, sd=2, quantiles=tuple(np.linspace(1, 9, 21)))},
        clinical={
            "age": NumberSummary(missing=0.1, mean=50, sd=10, quantiles=STEPS),
            "kind": LevelSummary(missing=0, shares={"a": 0.2, "b": 0.8}),
        },
        images={"grey_mean": NumberSummary(missing=0, mean=10, sd=1, quantiles=tuple(np.linspace(9, 11, 21)))},
    )
    new = measured([55, 65, np.nan], ["a", "a", "b"], [1.0, 2.0, 3.0])
    table = shift_table(training, new, [record(8), record(8), record(8)], {"age": AGE, "kind": KIND})
    assert table["part"].tolist() == ["features", "clinical", "clinical", "images"]
    rows = table.set_index("column")
    # (60 - 50) / sqrt((100 + 50) / 2); the mean of the new area is 2, its sd 1
    assert rows.loc["age", "difference"] == pytest.approx(10 / np.sqrt(75))
    assert rows.loc["area", "difference"] == pytest.approx(-3 / np.sqrt(2.5))
    assert rows.loc["age", ["training", "new"]].tolist() == ["50 ± 10", "60 ± 7.07"]
    assert rows.loc["age", "missing_training"] == pytest.approx(0.1)
    assert rows.loc["age", "missing_new"] == pytest.approx(1 / 3)
    assert rows.loc["kind", ["training", "new"]].tolist() == ["b 80%", "a 67%"]
    # half of the new ages are above all training ages, the other half above three quarters of them
    assert rows.loc["age", "distance"] == pytest.approx(0.75)
    assert rows.loc["grey_mean", "distance"] == pytest.approx(1)
