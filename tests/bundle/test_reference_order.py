"""The order of the training cases: the same for the same data, another for any other, and none that can be guessed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.bundle.reference import _order


def cohort(n: int = 40) -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    index = pd.Index([f"P{i:03}" for i in range(n)], name="patient_id")
    columns = pd.MultiIndex.from_tuples([("clinical", "age"), ("clinical", "side"), ("radiomics", "f")])
    values = dict(
        zip(columns, (rng.normal(55, 10, n), rng.choice(["left", "right"], n), rng.normal(size=n)), strict=True)
    )
    return pd.DataFrame(values, index=index), pd.Series(rng.choice(["negative", "positive"], n), index=index)


def test_the_same_data_in_any_order_give_the_same_cases() -> None:
    X, labels = cohort()
    names = X.index[_order(X, labels)]
    assert sorted(names) == list(X.index)
    assert list(names) == list(X.index[_order(X.copy(), labels.copy())])
    turned = X.iloc[::-1]
    assert list(turned.index[_order(turned, labels.iloc[::-1])]) == list(names)


def test_one_changed_value_anywhere_changes_the_whole_order() -> None:
    X, labels = cohort()
    first = _order(X, labels)
    for column in (0, 2):
        changed = X.copy()
        changed.iloc[3, column] += 1e-4
        assert (_order(changed, labels) == first).mean() < 0.3
    other = labels.copy()
    other.iloc[0] = "negative" if labels.iloc[0] == "positive" else "positive"
    assert (_order(X, other) == first).mean() < 0.3
    assert (_order(X.set_axis([f"Q{i}" for i in range(len(X))]), labels) == first).mean() < 0.3


def test_the_last_bit_of_a_value_changes_nothing() -> None:
    X, labels = cohort()
    changed = X.copy()
    changed.iloc[3, 2] = np.nextafter(changed.iloc[3, 2], np.inf)
    assert list(_order(changed, labels)) == list(_order(X, labels))


def test_no_seed_gives_the_order() -> None:
    X, labels = cohort()
    order = _order(X, labels)
    assert not any(np.array_equal(np.random.default_rng(seed).permutation(len(X)), order) for seed in range(2000))
    # nor does it follow the table or a value
    assert abs(np.corrcoef(order, np.arange(len(X)))[0, 1]) < 0.4
