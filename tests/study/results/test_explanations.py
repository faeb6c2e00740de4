"""Explanations that are kept: a study without networks has none of heat, and nothing is shared between results."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.predict.heat import HeatMap
from sonoher2.study.results.explanations import Attribution, Explanations, HeatCase, HeatFindings
from sonoher2.study.results.saved import _Reader, _Writer


def test_without_anything_to_explain_all_is_empty_and_nobody_elses() -> None:
    one, other = Explanations(), Explanations()
    assert one.points.empty
    assert one.heat is None
    one.attributions["Radiomics"] = Attribution(pd.DataFrame(), pd.DataFrame())
    assert other.attributions == {}


def test_they_are_written_and_read_with_each_table_in_its_place(tmp_path) -> None:
    """Effects are not values, heat is not chance, and the true class is not the predicted one."""
    lesion = np.array([[True, False]])
    case = HeatCase("P1", "negative", "positive", 0.75, HeatMap(np.array([[1, 2]], np.uint8), lesion, lesion * 0.5))
    deletion = pd.DataFrame({"by_heat": [1.0], "by_chance": [2.0]})
    tables = [pd.DataFrame({name: [1.5]}) for name in ("effect", "value", "points", "share", "random")]
    effects, values, points, shares, randomised = tables
    written = Explanations(
        points, {"DLR": Attribution(effects, values)}, HeatFindings(shares, (case,), deletion, randomised)
    )
    writer = _Writer()
    plain = writer.plain(written, "explanations")
    for name, table in writer.tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    read = _Reader(tmp_path, writer.arrays, tmp_path).value(Explanations, plain)
    assert read.points.columns.tolist() == ["points"]
    assert read.attributions["DLR"].effects.columns.tolist() == ["effect"]
    assert read.attributions["DLR"].values.columns.tolist() == ["value"]
    heat = read.heat
    assert [heat.shares.columns[0], heat.randomised.columns[0]] == ["share", "random"]
    assert heat.deletion.iloc[0].to_dict() == {"by_heat": 1.0, "by_chance": 2.0}
    [found] = heat.cases
    assert (found.patient_id, found.label, found.predicted, found.score) == ("P1", "negative", "positive", 0.75)
    assert found.map.grey.tolist() == [[1, 2]]
    assert found.map.lesion.tolist() == [[True, False]]
    assert found.map.heat.tolist() == [[0.5, 0.0]]
