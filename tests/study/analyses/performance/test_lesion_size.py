"""The lesion's diameter out of the measured area."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.evaluation import EvaluationConfig
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.study.analyses.performance.lesion_size import AREA, lesion_diameter
from sonoher2.study.analyses.performance.subgroups import subgroup_names, subgroup_table
from sonoher2.study.measure.measured import Measured

SQUARE, HIGH, UNKNOWN = ImageRecord(mm_per_pixel=(0.1, 0.1)), ImageRecord(mm_per_pixel=(0.2, 0.1)), ImageRecord()


def measured(**columns: list[float]) -> Measured:
    """Two images of patient b, one of patient a."""
    images = pd.DataFrame({"patient_id": ["b", "a", "b"]})
    patients = pd.DataFrame(index=pd.Index(["a", "b"], name="patient_id"))
    return Measured(
        Cohort(patients, images, ("no", "yes"), {}, ()), pd.DataFrame(columns, index=images.index), patients
    )


def circles(*diameters: float) -> Measured:
    return measured(**{AREA: [np.pi / 4 * d**2 for d in diameters]})


def test_areas_in_mm_give_mm() -> None:
    found = lesion_diameter(circles(14.0, 9.0, 14.0), [SQUARE, HIGH, SQUARE], "mm")
    assert found["lesion diameter (mm)"].to_dict() == {"a": 9.0, "b": 14.0}


def test_areas_in_pixels_become_mm_only_where_all_sizes_are_known() -> None:
    one = circles(100.0, 100.0, 100.0)
    # patient b: the mean of 0.01 and 0.02 square mm a pixel
    found = lesion_diameter(one, [SQUARE, SQUARE, HIGH], "pixels")["lesion diameter (mm)"]
    assert found.to_dict() == {"a": 10.0, "b": round(100 * np.sqrt(0.015), 1)}
    for unit in ("pixels", None):
        found = lesion_diameter(one, [SQUARE, UNKNOWN, HIGH], unit)
        assert found["lesion diameter (pixels)"].to_dict() == {"a": 100.0, "b": 100.0}


def test_nothing_is_said_where_nothing_was_measured() -> None:
    assert lesion_diameter(measured(), [], None).shape == (2, 0)


def test_size_is_a_subgroup_without_being_named_and_is_cut_at_the_training_median() -> None:
    index = pd.Index([f"P{i}" for i in range(40)], name="patient_id")
    patients = pd.DataFrame(
        {"set": np.repeat([TRAIN_OOF, TEST], 20), "lesion diameter (mm)": np.arange(40.0)}, index=index
    )
    predictions = pd.DataFrame(
        {
            "patient_id": index,
            "set": patients["set"].to_numpy(),
            "label": np.tile(["yes", "no"], 20),
            "outcome": "yes",
            "signature": "Radiomics",
            "score": np.linspace(0, 1, 40),
        }
    )
    assert subgroup_names(patients, EvaluationConfig()) == ["lesion diameter (mm)"]
    table = subgroup_table(predictions, patients, EvaluationConfig(), {}, {})
    assert table.set_index(["set", "level"])["n"].to_dict() == {
        (TRAIN_OOF, "above 9.5"): 10,
        (TRAIN_OOF, "at most 9.5"): 10,
        (TEST, "above 9.5"): 20,
    }
