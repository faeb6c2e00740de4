from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sonoher2.selection.known_input import known_input, saved_state
from sonoher2.selection.pipeline import SelectionPipeline

NAMES = ["a", "b", "c"]


@pytest.fixture(scope="module")
def fitted() -> SelectionPipeline:
    values = np.random.default_rng(0).normal(size=(30, 3))
    y = np.tile([0, 1], 15)
    values[:, 1] += 3 * y
    return SelectionPipeline(lasso=False).fit(pd.DataFrame(values, columns=NAMES), y)


def test_numbers_and_missing_values_pass_as_they_are(fitted: SelectionPipeline) -> None:
    mixed = pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], "c": [True, False]})
    np.testing.assert_array_equal(known_input(fitted, mixed), [[1, 0.5, 1], [2, np.nan, 0]])
    assert known_input(fitted, mixed).dtype == np.float64
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        np.testing.assert_array_equal(known_input(fitted, np.array([[1.0, 2, 3]])), [[1, 2, 3]])


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["b", "a", "c"], "must be in the same order"),
        (["a", "b"], "Feature names seen at fit time, yet now missing"),
        (["a", "b", "c", "d"], "Feature names unseen at fit time"),
    ],
)
def test_other_columns_are_refused(fitted: SelectionPipeline, columns: list[str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        known_input(fitted, pd.DataFrame(np.zeros((2, len(columns))), columns=columns))


@pytest.mark.parametrize(
    ("value", "said"), [(np.inf, "infinity"), (-np.inf, "infinity"), ("many", "could not convert string")]
)
def test_what_is_no_number_is_refused(fitted: SelectionPipeline, value: object, said: str) -> None:
    frame = pd.DataFrame([[1.0, value, 2.0]], columns=NAMES).infer_objects()
    with pytest.raises(ValueError, match=said):
        known_input(fitted, frame)


def test_no_patient_at_all_is_refused(fitted: SelectionPipeline) -> None:
    with pytest.raises(ValueError, match="Found array with 0 sample"):
        known_input(fitted, pd.DataFrame(np.zeros((0, 3)), columns=NAMES))


def test_names_are_saved_as_text_and_work_as_before(fitted: SelectionPipeline) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    names: NDArray[np.str_] = again.feature_names_in_
    assert names.dtype.kind == "U"
    assert names.tolist() == NAMES
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(4, 3)), columns=NAMES)
    pd.testing.assert_frame_equal(pd.DataFrame(again.transform(frame)), pd.DataFrame(fitted.transform(frame)))
    with pytest.raises(ValueError, match="must be in the same order"):
        again.transform(frame[["b", "a", "c"]])
    assert saved_state({"x": 1, "y": 2}, "y") == {"x": 1}
