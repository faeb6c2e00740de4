"""Categories that the training patients did not have."""

from __future__ import annotations

import pandas as pd
import pytest

from sonoher2.bundle.training import LevelSummary, TrainingSummary
from sonoher2.predict.unseen import unseen_categories

TRAINING = TrainingSummary(clinical={"menopause": LevelSummary(missing=0.0, shares={"post": 0.6, "pre": 0.4})})


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        (["pre", "post", None], []),
        (["pre", "Pre", "peri"], ["warning"]),
        (["Premenopausal", "Postmenopausal"], ["error"]),
        ([None, None], []),
    ],
)
def test_new_categories_are_named(values: list[str | None], severity: list[str]) -> None:
    table = pd.DataFrame({"menopause": values, "age": [50.0] * len(values)}, dtype=object)
    found = unseen_categories(TRAINING, table, "clinical.columns.")
    assert [finding.severity for finding in found] == severity
    for finding in found:
        assert finding.where == "clinical.columns.menopause"
        new = {value for value in values if value} - {"pre", "post"}
        assert all(name in finding.what for name in new)
        assert "post, pre" in finding.fix


def test_ten_categories_are_named_and_ten_of_training() -> None:
    shares = {f"t{i:02d}": 1 / 11 for i in range(11)}
    training = TrainingSummary(clinical={"shape": LevelSummary(missing=0.0, shares=shares)})
    values = pd.DataFrame({"shape": [*(f"n{i:02d}" for i in range(11)), "t00", None]})
    [finding] = unseen_categories(training, values, "")
    new = ", ".join(f"n{i:02d}" for i in range(10))
    assert finding.what == f"11 of 12 patients have a value that was not seen in training: {new}"
    assert finding.fix.startswith(f"Values in training: {', '.join(list(shares)[:10])}. ")
    nothing = TrainingSummary(clinical={"shape": LevelSummary(missing=1.0, shares={})})
    assert unseen_categories(nothing, values, "") == []
