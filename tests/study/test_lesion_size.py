"""The lesion's diameter out of the measured area."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.cohort.image_check import ImageRecord
from sonoher2.config import EvaluationConfig
from sonoher2.fusion.blocks import RADIOMICS
from sonoher2.study.assess import subgroup_names, subgroup_table
from sonoher2.study.lesion_size import AREA, lesion_diameter
from sonoher2.study.result import TEST, TRAIN

BLOCKS = pd.DataFrame({(RADIOMICS, AREA): np.pi * np.array([5.0, 10.0]) ** 2}, index=["a", "b"])
MM, PIXELS = ImageRecord(mm_per_pixel=(0.1, 0.1)), ImageRecord()


def test_unit_follows_the_images() -> None:
    assert lesion_diameter(BLOCKS, [MM, MM, MM])["lesion diameter (mm)"].tolist() == [10.0, 20.0]
    assert lesion_diameter(BLOCKS, [PIXELS])["lesion diameter (pixels)"].tolist() == [10.0, 20.0]


def test_nothing_is_said_where_units_differ_or_nothing_was_measured() -> None:
    assert lesion_diameter(BLOCKS, [MM, PIXELS]).shape == (2, 0)
    assert lesion_diameter(BLOCKS, []).shape == (2, 0)
    assert lesion_diameter(pd.DataFrame({("Clinical", "age"): [1.0, 2.0]}), [MM]).shape == (2, 0)


def test_size_is_a_subgroup_without_being_named_and_is_cut_at_the_training_median() -> None:
    index = pd.Index([f"P{i}" for i in range(40)], name="patient_id")
    patients = pd.DataFrame({"set": np.repeat([TRAIN, TEST], 20), "lesion diameter (mm)": np.arange(40.0)}, index=index)
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
    table = subgroup_table(predictions, patients, EvaluationConfig(), {})
    assert table.set_index(["set", "level"])["n"].to_dict() == {
        (TRAIN, "above 9.5"): 10,
        (TRAIN, "at most 9.5"): 10,
        (TEST, "above 9.5"): 20,
    }
