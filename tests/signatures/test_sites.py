from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sonoher2.core.errors import InputError
from sonoher2.selection.harmonise import SiteHarmoniser
from sonoher2.signatures.feature_table import (
    CLINICAL,
    RADIOMICS,
    SITE,
    first_reader,
    join_feature_groups,
    second_reader,
)
from sonoher2.signatures.image_based import FeatureSignature
from sonoher2.signatures.set import SignatureSet
from sonoher2.signatures.sites import harmonised, site_folds


@pytest.fixture
def cohort():
    """90 patients of two sites; half of the features tell cases, and site B is shifted by more than that."""
    rng = np.random.default_rng(1)
    y, site = rng.integers(2, size=90), np.repeat(["A", "B"], 45).astype(object)
    values = rng.normal(size=(90, 6)) + (site == "B")[:, None] * 4
    values[:, :3] += y[:, None]
    index = pd.Index([f"p{i:02d}" for i in range(90)], name="patient_id")
    feature_groups = {
        CLINICAL: pd.DataFrame({"age": rng.normal(50, 9, 90)}, index=index),
        RADIOMICS: pd.DataFrame(values, index=index, columns=[f"f{i}" for i in range(6)]),
        SITE: pd.DataFrame({"site": site}, index=index),
    }
    return join_feature_groups(feature_groups), y


def test_each_site_is_left_out_once_and_groups_stay_together():
    folds = site_folds(["A", "A", "B", "B", "C", "C"], [0, 1, 0, 1, 0, 1], [0, 1, 2, 3, 4, 1])
    assert folds.tolist() == [0, 0, 1, 1, 2, 0]


@pytest.mark.parametrize(
    ("sites", "words"), [(["A"] * 4, "one site"), (["A", None, "B", "B"], "no site"), (["A", "B", "B", "B"], "class")]
)
def test_sites_that_make_no_folds_are_refused(sites, words):
    with pytest.raises(InputError, match=words):
        site_folds(sites, [1, 0, 0, 0] if words == "class" else [0, 1, 0, 1], range(4))


def test_a_table_without_sites_stays_as_it_is(cohort):
    X, _ = cohort
    fitted = SiteHarmoniser("A")
    assert harmonised(None, X) is X
    without = X.drop(columns=SITE, level=0)
    assert harmonised(fitted, without) is without


def test_signatures_learn_and_score_harmonised_radiomics(cohort):
    pytest.importorskip("combatlearn", reason="the extra `harmonise` is not installed")
    X, y = cohort
    signatures = [("Radiomics", FeatureSignature((RADIOMICS,), ("logistic",), None, 3, 0))]
    fitted = SignatureSet(signatures, SiteHarmoniser("A")).fit(X, y)
    moved = fitted.harmonised(X)
    gap = moved[RADIOMICS][45:].mean() - moved[RADIOMICS][:45].mean()
    assert gap.abs().max() < 0.5
    pd.testing.assert_frame_equal(moved[CLINICAL], X[CLINICAL])
    expected = SignatureSet(signatures).fit(moved, y).predict_proba(moved)["Radiomics"]
    np.testing.assert_allclose(fitted.predict_proba(X)["Radiomics"], expected)


def test_both_readers_features_move_with_the_models(cohort):
    pytest.importorskip("combatlearn", reason="the extra `harmonise` is not installed")
    X, _ = cohort
    again = X[RADIOMICS][X[RADIOMICS].columns[::-1]]
    readers = [first_reader(RADIOMICS), second_reader(RADIOMICS)]
    both = pd.concat([X, pd.concat(dict.fromkeys(readers, again), axis=1)], axis=1)
    harmoniser = SiteHarmoniser("A").fit(X[RADIOMICS], X[SITE, SITE])
    moved = harmonised(harmoniser, both)
    columns = moved[RADIOMICS].columns
    for reader in readers:
        pd.testing.assert_frame_equal(moved[reader][columns], moved[RADIOMICS])
