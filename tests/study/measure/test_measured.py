"""What is known of patients before anything is learned: what a study without networks knows of them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sonoher2.study.measure.measured import Measured


def test_without_networks_there_are_no_crops_and_no_columns_by_fold() -> None:
    cohort: Any = "cohort"
    features, table = pd.DataFrame({"area": [1.0]}), pd.DataFrame({("clinical", "age"): [50]})
    one, other = Measured(cohort, features, table), Measured(cohort, features, table)
    assert one.features is features
    assert one.feature_table is table
    assert one.crops.empty
    assert one.crops is not other.crops
    assert (one.networks, one.by_fold, one.findings) == ((), (), ())
