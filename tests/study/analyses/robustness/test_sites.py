"""Sites by themselves, pooled, and a further one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from sonoher2.study.analyses.robustness.sites import ANALYSIS, FURTHER, POOLED, site_table

CASES, CONTROLS = [0.9, 0.8, 0.7, 0.6, 0.15], [0.5, 0.4, 0.3, 0.2, 0.1]


def site(name: str, subset: str, worst: float) -> pd.DataFrame:
    """Five cases and five controls; the worst case has a score of its own."""
    scores = [*CASES[:4], worst, *CONTROLS]
    rows = {"patient_id": [f"{name}{subset}{i}" for i in range(10)], "label": ["yes"] * 5 + ["no"] * 5}
    return pd.DataFrame(rows).assign(set=subset, outcome="yes", signature="Clinical", score=scores, site=name)


def table(*parts: pd.DataFrame) -> pd.DataFrame:
    rows = pd.concat(parts, ignore_index=True)
    patients = rows.set_index("patient_id")[["site"]].sample(frac=1, random_state=0)
    return site_table(rows.drop(columns="site"), patients, 0.95)


def test_each_site_has_its_own_auc_and_two_are_pooled() -> None:
    """The worst case is above one control of five at the first site and above three at the second."""
    found = table(site("A", "test", 0.15), site("B", "test", 0.35)).set_index("site")
    assert list(found.index) == ["A", "B", POOLED]
    assert found.loc["A", "auc"] == pytest.approx(21 / 25)
    assert found.loc["B", "auc"] == pytest.approx(23 / 25)
    assert found["n"].tolist() == [10, 10, 20]
    assert found["events"].tolist() == [5, 5, 10]
    assert (found["auc_low"] < found["auc"]).all()
    assert (found["auc"] < found["auc_high"]).all()
    assert 21 / 25 < found.loc[POOLED, "auc"] < 23 / 25
    assert found.loc[["A", "B"], ["tau2", "i2"]].isna().all(axis=None)
    # sites that differ by less than chance have nothing between them
    assert found.loc[POOLED, ["tau2", "i2"]].tolist() == [0, 0]


def test_a_further_site_is_predicted_from_three_on_with_a_wider_interval() -> None:
    found = table(*(site(name, "test", worst) for name, worst in (("A", 0.15), ("B", 0.25), ("C", 0.35))))
    found = found.set_index("site")
    assert list(found.index) == ["A", "B", "C", POOLED, FURTHER]
    assert found.loc[FURTHER, "auc"] == found.loc[POOLED, "auc"]
    pooled, further = (
        logit(found.loc[name, ["auc_low", "auc", "auc_high"]].astype(float)) for name in (POOLED, FURTHER)
    )
    # t of one degree of freedom instead of two, at the same standard error: 12.706 against 4.303
    np.testing.assert_allclose(np.diff(further) / np.diff(pooled), 12.7062 / 4.30265, rtol=1e-4)
    assert found.loc[FURTHER, "n"] == 30


def test_the_pooled_row_counts_the_sites_that_are_pooled() -> None:
    """At C all cases are above all controls; D has three cases, too few for an AUC."""
    small = site("D", "test", 0.15).iloc[[0, 1, 2, 5, 6, 7, 8]]
    parts = [site("A", "test", 0.15), site("B", "test", 0.35), site("C", "test", 0.55), small]
    found = table(*parts).set_index("site")
    assert list(found.index) == ["A", "B", "C", "D", POOLED]
    assert found["n"].tolist() == [10, 10, 10, 7, 20]
    assert found["events"].tolist() == [5, 5, 5, 3, 10]
    assert found.loc["C", "auc"] == 1
    assert np.isnan(found.loc["D", "auc"])


def test_sets_are_told_apart() -> None:
    found = table(site("A", "train_oof", 0.15), site("B", "train_oof", 0.35), site("A", "test", 0.55))
    assert found[["set", "site"]].to_numpy().tolist() == [
        ["train_oof", "A"],
        ["train_oof", "B"],
        ["train_oof", POOLED],
        ["test", "A"],
    ]
    assert found["auc"].iloc[-1] == 1


def test_it_needs_two_sites() -> None:
    several = pd.DataFrame({"site": ["A", "B"]})
    assert ANALYSIS.applies(SimpleNamespace(patients=several))
    assert not ANALYSIS.applies(SimpleNamespace(patients=several.assign(site="A")))
    assert not ANALYSIS.applies(SimpleNamespace(patients=several.drop(columns="site")))
    assert ANALYSIS.schema.optional == {"tau2", "i2"}
    known = table(site("A", "test", 0.15), site("B", "test", 0.35))
    assert tuple(known.columns) == ANALYSIS.schema.names


def test_intervals_are_of_the_level_that_is_asked_for() -> None:
    parts = [site(name, "test", worst) for name, worst in (("A", 0.15), ("B", 0.25), ("C", 0.35))]
    rows = pd.concat(parts, ignore_index=True)
    patients = rows.set_index("patient_id")[["site"]]
    wide, narrow = (site_table(rows.drop(columns="site"), patients, level) for level in (0.95, 0.6))
    assert ((narrow["auc_high"] - narrow["auc_low"]) < (wide["auc_high"] - wide["auc_low"])).all()
    assert len(wide) == 5
