"""Names and columns of the feature table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.signatures.feature_table import (
    both_readers,
    deep_group,
    described_feature_groups,
    first_reader,
    join_feature_groups,
    network_of,
    score_group,
    second_reader,
)


def test_groups_stand_side_by_side_and_empty_ones_are_left_out() -> None:
    index = pd.Index(["p", "q"], name="patient_id")
    groups = {
        "clinical": pd.DataFrame({"age": [50, 60]}, index=index),
        "radiomics": pd.DataFrame(index=index),
        "site": pd.DataFrame({"site": ["A", "B"]}, index=index),
    }
    table = join_feature_groups(groups)
    assert list(table.columns) == [("clinical", "age"), ("site", "site")]
    assert table.loc["q"].tolist() == [60, "B"]


def test_a_network_is_known_by_its_groups() -> None:
    assert (deep_group("resnet10t"), score_group("resnet10t")) == ("deep resnet10t", "deep score resnet10t")
    assert network_of("deep resnet10t") == network_of("deep score resnet10t") == "resnet10t"
    assert [network_of(group) for group in ("radiomics", "clinical", "deep", second_reader("radiomics"))] == [None] * 4
    assert second_reader("radiomics") == "radiomics (second reader)"


def test_a_description_is_parted_into_embedding_and_scores() -> None:
    described = np.array([[1.0, 2.0, 0.3], [4.0, 5.0, 0.6]])
    groups = described_feature_groups("net", described, 2, pd.Index(["p", "q"]))
    assert groups["deep net"].to_dict("index") == {
        "p": {"deep_0000": 1.0, "deep_0001": 2.0},
        "q": {"deep_0000": 4.0, "deep_0001": 5.0},
    }
    assert groups["deep score net"].to_dict("index") == {"p": {"log-odds": 0.3}, "q": {"log-odds": 0.6}}
    three = described_feature_groups("net", np.arange(8.0).reshape(2, 4), 1, pd.Index(["p", "q"]))
    assert list(three["deep score net"]) == ["class 0", "class 1", "class 2"]
    frozen = described_feature_groups("net", described, 3, pd.Index(["p", "q"]))
    assert frozen["deep score net"].shape == (2, 0)


def test_both_readers_stand_beside_each_other_patient_by_patient() -> None:
    first = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}, index=["A", "B"])
    second = pd.DataFrame({"b": [7.0, 8.0], "a": [5.0, 6.0]}, index=["A", "B"])
    X = join_feature_groups({"radiomics": first * 0, first_reader("radiomics"): first})
    assert both_readers(X, "radiomics", first.columns) is None
    X = X.join(join_feature_groups({second_reader("radiomics"): second}))
    found = both_readers(X, "radiomics", first.columns)
    assert found is not None
    assert found.tolist() == [[[1, 3], [5, 7]], [[2, 4], [6, 8]]]
