"""All selection steps together."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import get_tags

from sonoher2.config.selection import SelectionConfig
from sonoher2.core.errors import InputError
from sonoher2.selection.correlation import CorrelationFilter
from sonoher2.selection.lasso import LassoSelector
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.prepare import MedianZScore, VarianceFilter
from sonoher2.selection.univariate import UnivariateTest


def table(n: int = 100, p: int = 60, n_classes: int = 2, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    X = rng.normal(size=(n, p))
    X[:, :3] += 1.5 * y[:, None]
    X[:, 3] = X[:, 0] + 0.01 * rng.normal(size=n)
    X[:, 4] = 7
    X[rng.random(X.shape) < 0.02] = np.nan
    return pd.DataFrame(X, columns=[f"f{i}" for i in range(p)]), y


def test_each_feature_is_told_where_it_left() -> None:
    X, y = table()
    pipeline = SelectionPipeline(correlation="spearman", mrmr=None, lasso=False).fit(X, y)
    left = dict(zip(X.columns, pipeline.left_at_, strict=True))
    kept = set(pipeline.get_feature_names_out())
    assert left["f4"] == "varies"
    assert {name for name, step in left.items() if step == ""} == kept
    # of two copies one goes, for the other's sake; noise fails the test
    gone = {left["f0"], left["f3"]} - {""}
    assert len(gone) == 1
    assert gone.pop().startswith("spearman, |r| <=")
    by_test = [name for name, step in left.items() if " <= " in step and "|r|" not in step]
    assert len(by_test) > 40
    assert {"f0", "f1", "f2", "f3"}.isdisjoint(by_test)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_planted_features_stay_and_copies_go(n_classes: int) -> None:
    X, y = table(n_classes=n_classes)
    pipeline = SelectionPipeline().fit(X, y)
    names = set(pipeline.get_feature_names_out())
    assert {"f1", "f2"} < names
    assert len(names & {"f0", "f3"}) == 1
    assert "f4" not in names
    assert pipeline.lasso_path_ is not None
    assert set(pipeline.lasso_path_.features) >= names
    log = pipeline.log_
    assert not log["fallback"].any()
    assert log["features_in"].iloc[0] == 60
    assert (log["features_out"].to_numpy()[:-1] == log["features_in"].to_numpy()[1:]).all()
    assert log["features_out"].iloc[-1] == len(names)


def test_transform_needs_only_what_was_learned() -> None:
    X, y = table()
    pipeline = SelectionPipeline().fit(X, y)
    Z = pipeline.transform(X)
    assert Z.columns.tolist() == pipeline.get_feature_names_out().tolist()
    assert Z.mean(axis=0).to_numpy() == pytest.approx(0, abs=1e-12)
    assert pipeline.transform(X.iloc[:1]).equals(Z.iloc[:1])


def test_every_setting_of_the_study_file_is_a_parameter() -> None:
    config = SelectionConfig(test="t-test", fdr=True, correlation="pearson", mrmr=None, lasso=False)
    pipeline = SelectionPipeline.from_config(config, 3)
    learned = {key: value for key, value in pipeline.get_params().items() if key != "random_state"}
    # which masks the ICC compares, and how often all is repeated, is the study's matter
    assert learned == config.model_dump(exclude={"icc_from", "bootstraps"})
    X, y = table()
    pipeline.fit(X, y)
    assert pipeline.log_["step"].tolist() == ["varies", "t-test, q <= 0.05", "pearson, |r| <= 0.9"]
    assert pipeline.lasso_path_ is None


def test_what_is_not_said_is_as_in_the_study_file() -> None:
    defaults = SelectionPipeline().get_params()
    assert LassoSelector().get_params() == {"n_folds": 5, "random_state": 0}
    assert defaults == {
        "icc": None, "test": "mann-whitney", "alpha": 0.05, "fdr": False, "correlation": "spearman",
        "max_correlation": 0.9, "mrmr": 30, "lasso": True, "random_state": 0,
    }  # fmt: skip
    X, y = table()
    steps = SelectionPipeline(icc=0.4, mrmr=12).fit(X, y, second=X).log_["step"]
    assert steps.tolist() == [
        "ICC(2,1) >= 0.4", "varies", "mann-whitney, p <= 0.05", "spearman, |r| <= 0.9", "mRMR, at most 12", "LASSO",
    ]  # fmt: skip


def test_second_reader() -> None:
    X, y = table()
    second = X + 3 * np.random.default_rng(5).normal(size=X.shape) * (np.arange(60) != 1)
    pipeline = SelectionPipeline(icc=0.75).fit(X, y, second=second)
    assert pipeline.get_feature_names_out().tolist() == ["f1"]
    assert pipeline.log_["features_out"].tolist()[0] == 1
    assert not pipeline.log_["fallback"].any()
    none = SelectionPipeline(icc=0.75).fit(X, y, second=np.random.default_rng(6).normal(size=X.shape))
    assert none.log_.iloc[0].tolist() == ["ICC(2,1) >= 0.75", 60, 5, True]
    with pytest.raises(
        InputError,
        match=r"there is no second reader's mask. Give `second_mask` in the study's `images`, or remove `icc` from its",
    ):
        SelectionPipeline(icc=0.75).fit(X, y)


def test_plain_arrays_give_plain_arrays_and_missing_values_are_allowed() -> None:
    X, y = table()
    named, plain = SelectionPipeline().fit(X, y), SelectionPipeline().fit(X.to_numpy(), y)
    found = plain.transform(X.to_numpy())
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, named.transform(X).to_numpy())
    shifted = X.set_axis([f"P{i}" for i in range(100)])
    assert named.transform(shifted).index.tolist() == shifted.index.tolist()
    for step in (named, MedianZScore(), VarianceFilter()):
        assert get_tags(step).input_tags.allow_nan
    for step in (named, LassoSelector()):
        assert get_tags(step).target_tags.required
    assert SelectionPipeline.keeps_names


def test_the_seed_draws_the_folds_of_the_lasso() -> None:
    X, y = table(60, 20)
    errors = [SelectionPipeline(random_state=seed).fit(X, y).lasso_path_.cv_error for seed in (0, 0, 1)]
    np.testing.assert_array_equal(errors[0], errors[1])
    assert np.abs(errors[0] - errors[2]).max() > 1e-3


def test_noise_leaves_a_feature_and_says_so() -> None:
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(40, 30)), np.repeat([0, 1], 20)
    pipeline = SelectionPipeline(alpha=1e-9).fit(X, y)
    assert len(pipeline.columns_) >= 1
    assert pipeline.log_.set_index("step").loc["mann-whitney, p <= 1e-09", "fallback"]


@pytest.mark.parametrize("first", ["mann-whitney", "t-test"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_steps_that_share_their_ranks_keep_what_each_keeps_alone(
    n_classes: int, first: Literal["mann-whitney", "t-test"]
) -> None:
    X, y = table(n_classes=n_classes)
    X.iloc[:, 10:30] = X.iloc[:, 10:30].round()
    pipeline = SelectionPipeline(test=first, alpha=0.5, max_correlation=0.2, mrmr=None, lasso=False).fit(X, y)
    kept = np.flatnonzero(VarianceFilter().fit(X.to_numpy()).get_support())
    values = MedianZScore().fit_transform(X.to_numpy()[:, kept])
    for step in (UnivariateTest(first, 0.5), CorrelationFilter("spearman", 0.2)):
        stays = step.fit(values, y).get_support()
        assert 1 < stays.sum() < len(stays)
        kept, values = kept[stays], values[:, stays]
    assert pipeline.get_feature_names_out().tolist() == [f"f{i}" for i in kept]
