from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from sonoher2.core.errors import InputError
from sonoher2.selection.harmonise import SiteHarmoniser

pytest.importorskip("combatlearn", reason="the extra `harmonise` is not installed")


@pytest.fixture
def cohort():
    """120 patients of three sites; B is shifted, C is shifted and wider; features of very different size."""
    rng = np.random.default_rng(0)
    site = np.repeat(["A", "B", "C"], [50, 40, 30])
    values = rng.normal(size=(120, 25)) + rng.normal(size=25)
    values[site == "B"] += 1.5
    values[site == "C"] = values[site == "C"] * 2 - 1
    return values * 10.0 ** rng.integers(-3, 9, size=25), site


def combatlearn(values, site, reference):
    from combatlearn import ComBat

    frame = pd.DataFrame((values - values.mean(axis=0)) / values.std(axis=0), columns=[f"x{i}" for i in range(25)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ComBat(pd.Series(site), method="fortin", reference_batch=reference).fit_transform(frame)
    return np.asarray(found) * values.std(axis=0) + values.mean(axis=0)


def test_harmonised_training_patients_are_those_of_combatlearn(cohort):
    values, site = cohort
    found = SiteHarmoniser("A").fit(values, site).transform(values, site)
    np.testing.assert_allclose(
        found / values.std(axis=0), combatlearn(values, site, "A") / values.std(axis=0), atol=1e-6
    )


def test_other_sites_become_like_the_reference_which_stays(cohort):
    values, site = cohort
    found = SiteHarmoniser("A").fit(values, site).transform(values, site)
    np.testing.assert_allclose(found[site == "A"], values[site == "A"], rtol=1e-6)
    spread = values[site == "A"].std(axis=0)
    for name in ("B", "C"):
        gap = (found[site == name].mean(axis=0) - values[site == "A"].mean(axis=0)) / spread
        assert np.abs(gap).max() < 0.2
        assert np.median(found[site == name].std(axis=0) / spread) == pytest.approx(1, abs=0.1)


def test_new_patients_of_known_sites_are_moved_and_others_left(cohort):
    values, site = cohort
    fitted = SiteHarmoniser("A").fit(values, site)
    alone = fitted.transform(values[60:61], ["B"])
    np.testing.assert_allclose(alone, fitted.transform(values, site)[60:61])
    np.testing.assert_array_equal(fitted.transform(values[:2], ["elsewhere", None]), values[:2])


def test_held_out_patients_do_not_change_what_is_learned(cohort):
    values, site = cohort
    fitted = SiteHarmoniser("A").fit(values[::2], site[::2])
    changed = values.copy()
    changed[1::2] *= 100
    again = clone(fitted).fit(changed[::2], site[::2])
    np.testing.assert_array_equal(fitted.scale_, again.scale_)


def test_small_sites_constant_and_missing_values_do_no_harm(cohort):
    values, site = cohort
    site = np.where(np.arange(120) >= 117, "D", site)
    values[:, 3], values[5, 4], values[site == "B", 6] = 7.0, np.nan, 1.0
    found = SiteHarmoniser("A").fit(values, site).transform(values, site)
    np.testing.assert_array_equal(found[:, [3, 6]], values[:, [3, 6]])
    np.testing.assert_array_equal(found[site == "D"], values[site == "D"])
    assert np.isnan(found[5, 4])
    assert np.isnan(found).sum() == 1


def test_two_sites_are_enough_and_five_patients_make_a_site(cohort):
    values, site = cohort
    few = np.r_[np.arange(50), np.arange(50, 55)]
    fitted = SiteHarmoniser("A").fit(values[few], site[few])
    assert fitted.sites_.tolist() == ["A", "B"]
    assert (np.abs(fitted.scale_[1] - 1) > 1e-6).all()
    np.testing.assert_allclose(fitted.scale_[0], 1)
    four = SiteHarmoniser("A").fit(values[few[:-1]], site[few[:-1]])
    assert four.sites_.tolist() == ["A"]
    np.testing.assert_array_equal(four.transform(values, site), values)
    said = r"^harmonise\.reference: the reference site .* fewer than 5 training patients\. Name one of: A, B, C"
    with pytest.raises(InputError, match=said):
        SiteHarmoniser("Z").fit(values, site)


def test_a_reference_without_patients_is_refused(cohort):
    with pytest.raises(InputError, match="reference site 'Z'"):
        SiteHarmoniser("Z").fit(*cohort)
