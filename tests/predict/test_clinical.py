"""Clinical values of one patient are read as the same cells were in the training patients' table."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from predict.small_model import schema
from sonoher2.bundle.training import LevelSummary, TrainingSummary
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core.errors import FindingsError, InputError
from sonoher2.predict.clinical import known_clinical, values_not_known


def column(**settings: Any) -> ClinicalColumn:
    return ClinicalColumn(timing="pre-biopsy", **settings)


def read(value: str, settings: ClinicalColumn, levels: tuple[str, ...] = ()) -> Any:
    """What a model makes of the value of its only column, whose training patients had `levels`."""
    shares = dict.fromkeys(levels, 1 / max(len(levels), 1))
    known = {"x": LevelSummary(missing=0.0, shares=shares)} if levels else {}
    table = known_clinical(schema(clinical={"x": settings}, training=TrainingSummary(clinical=known)), {"x": value})
    assert table.shape == (1, 1)
    return table["x"].iloc[0]


@pytest.mark.parametrize("dash", ["-", "−", "—", "（-）"])
def test_a_dash_is_the_level_that_it_was_in_training(dash: str) -> None:
    assert read(dash, column(kind="category"), ("+", "-")) == "-"
    assert read("＋", column(kind="category"), ("+", "-")) == "+"
    # without a plus in training it says nothing, as there
    assert pd.isna(read("-", column(kind="category"), ("left", "right")))


def test_possible_values_are_those_of_the_training_table() -> None:
    age = column(kind="number", column="Age at diagnosis", unit="years")
    assert read("52", age) == 52
    message = r"clinical value 'x': a value above 120, .* Give one number in years, or leave it out"
    with pytest.raises(FindingsError, match=message):
        read("520", age)


@pytest.mark.parametrize(
    ("settings", "fix"),
    [
        ({"kind": "number"}, "Give one number, or leave it out if it is not known"),
        ({"kind": "yes/no"}, "Give no or yes, or leave it out if it is not known"),
        ({"kind": "ordered", "levels": ["G1", "G2"]}, "Give G1 or G2, or leave it out if it is not known"),
        ({"kind": "category"}, "Write it as in the training patients' table, or leave it out if it is not known"),
    ],
)
def test_an_error_says_what_can_be_given_and_nothing_of_the_study_file(settings: dict[str, Any], fix: str) -> None:
    with pytest.raises(FindingsError) as error:
        read("2024-05-06", column(**settings))
    [finding] = error.value.findings
    assert (finding.where, finding.fix) == ("clinical value 'x'", fix)


def test_a_column_that_the_model_does_not_know_is_named_with_the_nearest_one() -> None:
    about = schema(clinical={"age": column(kind="number"), "size": column(kind="number")})
    with pytest.raises(InputError, match=r"no clinical column 'aeg'\. Did you mean 'age'\? Known are: age, size"):
        known_clinical(about, {"aeg": "52"})
    with pytest.raises(InputError, match=r"no clinical column 'xyz'\. Known are: age, size\.$"):
        known_clinical(about, {"xyz": "1"})


def test_what_is_not_given_is_missing() -> None:
    about = schema(clinical={"age": column(kind="number"), "size": column(kind="number")})
    for values in ({"size": "3"}, {"size": "3", "age": ""}):
        table = known_clinical(about, values)
        assert table.index.tolist() == ["patient"]
        assert table["size"].tolist() == [3.0]
        assert table["age"].isna().all()


def test_all_that_is_wrong_is_said_at_once() -> None:
    shares = {"pre": 0.4, "post": 0.6}
    about = schema(
        clinical={"age": column(kind="number"), "menopause": column(kind="category")},
        training=TrainingSummary(clinical={"menopause": LevelSummary(missing=0.0, shares=shares)}),
    )
    assert known_clinical(about, {"age": "52", "menopause": "pre"}).loc["patient"].tolist() == [52.0, "pre"]
    with pytest.raises(FindingsError) as error:
        known_clinical(about, {"aeg": "52", "age": "old", "menopause": "banana"})
    assert [(finding.where, finding.what) for finding in error.value.findings] == [
        ("", "the model has no clinical column 'aeg'"),
        ("clinical value 'age'", "not one number"),
        ("clinical value 'menopause'", "no value was seen in training: banana"),
    ]


def test_a_value_that_meant_nothing_in_the_training_table_is_told() -> None:
    about = schema(clinical={key: column(kind="number", missing=["999", "NA"]) for key in ("age", "size", "grade")})
    values = {"age": "999.0", "size": "NA", "grade": "2"}
    clinical = known_clinical(about, values)
    assert clinical.isna().loc["patient"].tolist() == [True, True, False]
    [told] = values_not_known(about, values, clinical)
    assert (told.code, dict(told.facts), told.severity) == ("VALUE_MISSING", {"column": "age"}, "warning")
    assert values_not_known(about, {"grade": "2"}, known_clinical(about, {"grade": "2"})) == ()
