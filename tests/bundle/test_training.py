"""How the training patients were distributed: figures by hand, and no patient."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, ValidationError

from sonoher2.bundle.training import (
    LevelSummary,
    NumberSummary,
    TrainingSummary,
    level_summary,
    number_summary,
    summarise_training,
)
from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.config.clinical import ClinicalColumn


def test_summaries_survive_the_bundle_and_hold_no_patient() -> None:
    rng = np.random.default_rng(0)
    clinical = pd.DataFrame({"age": [40.0, 50, 60, np.nan], "shape": ["oval", "round", "oval", None]})
    columns = {
        "age": ClinicalColumn(kind="number", timing="pre-biopsy"),
        "shape": ClinicalColumn(kind="category", timing="pre-biopsy"),
    }
    found = summarise_training(pd.DataFrame({"f": rng.normal(size=4)}), clinical, columns, pd.DataFrame())
    assert TrainingSummary.model_validate_json(found.model_dump_json()) == found
    assert found.clinical["age"] == number_summary(clinical["age"])
    assert (found.clinical["age"].mean, found.clinical["age"].sd, found.clinical["age"].missing) == (50, 10, 0.25)
    assert found.clinical["shape"] == level_summary(clinical["shape"])
    assert found.clinical["shape"].shares == {"oval": pytest.approx(2 / 3), "round": pytest.approx(1 / 3)}
    assert len(found.features["f"].quantiles) == 21


def test_a_column_without_a_value_has_no_quantiles() -> None:
    assert number_summary(pd.Series([np.nan, np.nan])).quantiles == ()
    assert level_summary(pd.Series([None], dtype=object)).missing == 1


def test_a_number_by_its_quantiles_from_the_least_to_the_largest() -> None:
    found = number_summary(pd.Series([3.0, np.nan, 1.0, np.nan]))
    # of two values every twentieth part is a tenth of the way from 1 to 3
    assert found.quantiles == pytest.approx([1 + i / 10 for i in range(21)])
    assert (found.missing, found.mean, found.sd) == (0.5, 2, pytest.approx(2**0.5))
    one = number_summary(pd.Series([7.0]))
    assert (one.missing, one.mean, one.sd, set(one.quantiles)) == (0, 7, 0, {7})


def test_columns_without_rows_or_values_are_summarised() -> None:
    for values in (pd.Series([], dtype=float), pd.Series([np.nan])):
        found = number_summary(values)
        assert (found.missing, found.mean, found.sd, found.quantiles) == (len(values), 0, 0, ())
    assert level_summary(pd.Series([], dtype=object)).missing == 0
    # yes and no are numbers, a level is a category; a column that the table lacks is left out
    columns = {
        name: ClinicalColumn(kind=kind, timing="pre-biopsy")  # type: ignore[arg-type]
        for name, kind in (("family", "yes/no"), ("side", "category"), ("gone", "number"))
    }
    clinical = pd.DataFrame({"family": [1.0, 0, 0, 1], "side": ["left", None, "right", "left"]})
    found = summarise_training(pd.DataFrame(), clinical, columns, pd.DataFrame({"rows": [10.0, 30.0]}))
    assert list(found.clinical) == ["family", "side"]
    assert found.clinical["family"] == number_summary(clinical["family"])
    assert found.clinical["side"].missing == 0.25
    assert found.clinical["side"].shares == {"left": pytest.approx(2 / 3), "right": pytest.approx(1 / 3)}
    assert found.images["rows"].mean == 20
    assert found.features == {}


NUMBER = NumberSummary(missing=0, mean=0, sd=0, quantiles=())
LIMITS = Uncertainty(coverage=0.9, conformal_quantiles=(), sensitivity=0.9, specificity=0.9, rule_out={}, rule_in={})


@pytest.mark.parametrize("whole", [NUMBER, LevelSummary(missing=0, shares={}), TrainingSummary(), LIMITS])
def test_what_a_bundle_says_holds_nothing_else_and_stays_as_it_is(whole: BaseModel) -> None:
    kind = type(whole)
    assert kind.model_validate(whole.model_dump()) == whole
    with pytest.raises(ValidationError, match="more"):
        kind.model_validate(whole.model_dump() | {"more": 1})
    name = next(iter(kind.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(whole, name, getattr(whole, name))
