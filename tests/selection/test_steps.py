"""Each selection step against scipy, scikit-learn or a slow and plain version."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax
from sklearn.feature_selection import f_classif
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from sonoher2.core.errors import InputError
from sonoher2.selection.base import class_share, f_statistic
from sonoher2.selection.correlation import CorrelationFilter
from sonoher2.selection.icc import IccFilter
from sonoher2.selection.lasso import LassoSelector, lasso_path, penalties
from sonoher2.selection.mrmr import Mrmr
from sonoher2.selection.prepare import MedianZScore, VarianceFilter
from sonoher2.selection.univariate import UnivariateTest, p_values


def sample(n_classes: int, ties: bool, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, 70)
    X = rng.normal(size=(70, 12)) + y[:, None] * np.linspace(0, 1.5, 12)
    return np.round(X) if ties else X, y


@pytest.mark.parametrize("ties", [False, True])
def test_mann_whitney_is_scipys(ties: bool) -> None:
    X, y = sample(2, ties)
    expected = stats.mannwhitneyu(X[y == 1], X[y == 0], method="asymptotic").pvalue
    assert p_values(X, y, "mann-whitney") == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("ties", [False, True])
def test_kruskal_wallis_is_scipys(ties: bool) -> None:
    X, y = sample(3, ties)
    expected = stats.kruskal(*(X[y == label] for label in range(3))).pvalue
    assert p_values(X, y, "mann-whitney") == pytest.approx(expected, rel=1e-10)


def test_t_test_is_scipys_welch_test() -> None:
    X, y = sample(2, ties=False)
    expected = stats.ttest_ind(X[y == 1], X[y == 0], equal_var=False).pvalue
    assert p_values(X, y, "t-test") == pytest.approx(expected, rel=1e-10)


def test_analysis_of_variance_is_scipys() -> None:
    X, y = sample(3, ties=False)
    expected = stats.f_oneway(*(X[y == label] for label in range(3))).pvalue
    assert p_values(X, y, "t-test") == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("test", ["mann-whitney", "t-test"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_constant_column_has_p_of_one(test, n_classes: int) -> None:
    X, y = sample(n_classes, ties=False)
    X[:, 4] = 0.1
    assert p_values(X, y, test)[4] == pytest.approx(1.0)


def test_p_up_to_alpha_and_q_of_benjamini_and_hochberg() -> None:
    X, y = sample(2, ties=False)
    raw = stats.mannwhitneyu(X[y == 1], X[y == 0], method="asymptotic").pvalue
    limit = np.sort(raw)[6]
    assert UnivariateTest(alpha=p_values(X, y, "mann-whitney")[raw.argsort()[6]]).fit(X, y).support_.sum() == 7
    assert UnivariateTest(alpha=limit * 0.999).fit(X, y).support_.sum() == 6
    # q of the i-th smallest of m is the least p_j m / j of the j >= i
    ranked = np.sort(raw) * 12 / np.arange(1, 13)
    expected = np.minimum.accumulate(ranked[::-1])[::-1]
    assert np.sort(UnivariateTest(fdr=True).fit(X, y).p_values_) == pytest.approx(expected, rel=1e-9)


def test_benjamini_hochberg_keeps_fewer_than_raw_p() -> None:
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], 50)
    X = rng.normal(size=(100, 400))
    X[:, 0] += 2 * y
    raw, adjusted = UnivariateTest().fit(X, y), UnivariateTest(fdr=True).fit(X, y)
    assert raw.support_.sum() > 10
    assert adjusted.support_.sum() < 5
    assert adjusted.support_[0]


def test_five_best_are_kept_when_none_passes() -> None:
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(40, 30)), np.repeat([0, 1], 20)
    test = UnivariateTest(alpha=1e-9).fit(X, y)
    assert test.fallback_
    assert np.flatnonzero(test.support_).tolist() == sorted(np.argsort(test.p_values_)[:5].tolist())


@pytest.mark.parametrize("n_classes", [2, 3])
def test_f_statistic_is_scikit_learns(n_classes: int) -> None:
    X, y = sample(n_classes, ties=False)
    assert f_statistic(X, y) == pytest.approx(f_classif(X, y)[0], rel=1e-9)


@pytest.mark.parametrize("method", ["spearman", "pearson"])
def test_correlation_filter_leaves_no_close_pair_and_drops_only_weaker_ones(method) -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 120)
    base = rng.normal(size=(120, 10)) + 0.5 * y[:, None]
    X = np.hstack([base, base + 0.2 * rng.normal(size=base.shape), base**3])
    kept = CorrelationFilter(method, 0.8).fit(X, y).support_
    matrix = np.abs(stats.spearmanr(X).statistic if method == "spearman" else np.corrcoef(X.T))
    strength = class_share(stats.rankdata(X, axis=0) if method == "spearman" else X, y)
    assert (np.triu(matrix[np.ix_(kept, kept)], 1) <= 0.8).all()
    for dropped in np.flatnonzero(~kept):
        partners = np.flatnonzero(kept & (matrix[dropped] > 0.8))
        assert strength[partners].max() >= strength[dropped]


# six patients of two classes; the columns are orthogonal
A = np.array([1.0, 1, 1, -1, -1, -1])
B = np.array([1.0, -1, 0, 1, -1, 0])
CLASSES = np.array([1, 1, 1, 0, 0, 0])


@pytest.mark.parametrize(("limit", "kept"), [(0.5, [True, False]), (0.8, [True, True])])
def test_a_correlation_beyond_the_limit_and_of_either_sign_drops_the_weaker(limit: float, kept: list[bool]) -> None:
    # A has the length sqrt(6), A + B the length sqrt(10): r = -6 / sqrt(60) = -0.775
    X = np.column_stack([A, -A - B])
    assert CorrelationFilter("pearson", limit).fit(X, CLASSES).support_.tolist() == kept


def test_of_equal_features_the_first_stays_and_one_is_always_left() -> None:
    X = np.column_stack([B, A, A, 2 * A + 1])
    fitted = CorrelationFilter("pearson").fit(X, CLASSES)
    assert fitted.support_.tolist() == [True, True, False, False]
    assert not fitted.fallback_
    assert CorrelationFilter("spearman", 0.01).fit(X[:, 1:], CLASSES).support_.tolist() == [True, False, False]


def test_ranks_are_compared_unless_values_are_asked_for() -> None:
    assert CorrelationFilter().get_params() == {"method": "spearman", "max_correlation": 0.9}
    x = np.arange(1.0, 13)
    X, y = np.column_stack([x, np.exp(x)]), np.arange(12) > 5
    assert CorrelationFilter().fit(X, y).support_.sum() == 1
    assert CorrelationFilter("pearson").fit(X, y).support_.sum() == 2
    with pytest.raises(ValueError, match="method must be 'spearman' or 'pearson', got 'kendall'"):
        CorrelationFilter("kendall").fit(X, y)  # type: ignore[arg-type]


def test_a_class_of_one_patient_has_no_t_test() -> None:
    X, _ = sample(2, ties=False)
    assert p_values(X, (np.arange(70) == 3).astype(int), "t-test").tolist() == [1.0] * 12
    assert (p_values(X, (np.arange(70) < 2).astype(int), "t-test") < 1).all()
    with pytest.raises(ValueError, match="test must be 'mann-whitney' or 't-test', got 'median'"):
        p_values(X, np.arange(70) % 2, "median")  # type: ignore[arg-type]


def test_defaults_of_the_univariate_test() -> None:
    assert UnivariateTest().get_params() == {"test": "mann-whitney", "alpha": 0.05, "fdr": False}
    assert (Mrmr().n_features, IccFilter().threshold, VarianceFilter().max_missing) == (30, 0.75, 0.5)


def test_mrmr_picks_as_the_plain_criterion_does() -> None:
    rng = np.random.default_rng(4)
    y = rng.integers(0, 2, 90)
    X = rng.normal(size=(90, 6)) @ rng.normal(size=(6, 25)) + rng.normal(size=(90, 25)) + 0.4 * y[:, None]
    relevance, correlation = f_classif(X, y)[0], np.abs(np.corrcoef(X.T))
    plain = [int(relevance.argmax())]
    while len(plain) < 8:
        left = [j for j in range(25) if j not in plain]
        plain.append(max(left, key=lambda j: relevance[j] / correlation[j, plain].mean()))
    assert Mrmr(8).fit(X, y).order_.tolist() == plain


def test_mrmr_picks_as_many_as_asked_or_all() -> None:
    X, y = sample(2, ties=False)
    assert Mrmr(1).fit(X, y).order_.tolist() == [f_classif(X, y)[0].argmax()]
    assert sorted(Mrmr(99).fit(X, y).order_) == list(range(12))
    with pytest.raises(ValueError, match="at least 1, got 0"):
        Mrmr(0).fit(X, y)


def test_mrmr_passes_over_a_copy() -> None:
    rng = np.random.default_rng(5)
    y = np.repeat([0, 1], 50)
    strong, other = rng.normal(size=100) + 1.5 * y, rng.normal(size=100) + 1.2 * y
    X = np.column_stack([strong, strong + 0.01 * rng.normal(size=100), other])
    assert 2 in Mrmr(2).fit(X, y).order_


@pytest.mark.parametrize("index", [5, 15, 29])
def test_lasso_path_is_scikit_learns_solution(index: int) -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(200, 15)) + 3
    X[:, 1] += 2 * X[:, 0]
    y = (X[:, 0] + 0.5 * X[:, 3] + rng.normal(size=200) > 5).astype(int)
    alphas = penalties(X, y)
    coefficients, intercepts = lasso_path(X, y, alphas)
    oracle = LogisticRegression(
        C=1 / (alphas[index] * len(y)), l1_ratio=1, solver="saga", tol=1e-9, max_iter=100_000
    ).fit(X, y)
    assert coefficients[index, :, 0] == pytest.approx(oracle.coef_[0], abs=3e-3)
    assert intercepts[index, 0] == pytest.approx(oracle.intercept_[0], abs=2e-2)


def test_multinomial_lasso_meets_its_optimality_conditions() -> None:
    rng = np.random.default_rng(7)
    y = rng.integers(0, 3, 150)
    X = rng.normal(size=(150, 10))
    X[:, :3] += 1.2 * np.eye(3)[y]
    alphas = penalties(X, y)
    coefficients, intercepts = lasso_path(X, y, alphas)
    assert not coefficients[0].any()
    beta, alpha = coefficients[12], alphas[12]
    odds = np.exp(X @ beta + intercepts[12])
    gradient = X.T @ (odds / odds.sum(axis=1, keepdims=True) - np.eye(3)[y]) / 150
    length = np.linalg.norm(beta, axis=1)
    out = length == 0
    assert out.any()
    assert not out[:3].any()
    assert np.linalg.norm(gradient[out], axis=1).max() <= alpha
    assert gradient[~out] == pytest.approx(-alpha * beta[~out] / length[~out, None], abs=1e-3)


def test_lasso_keeps_the_planted_features_and_reports_its_path() -> None:
    rng = np.random.default_rng(8)
    X = rng.normal(size=(200, 20))
    y = (X[:, 2] - X[:, 7] + 0.5 * rng.normal(size=200) > 0).astype(int)
    lasso = LassoSelector().fit(X, y)
    path = lasso.path_
    assert lasso.support_[[2, 7]].all()
    assert path.coefficients.shape == (20, len(path.alphas))
    assert (np.diff(path.alphas) < 0).all()
    assert path.chosen == path.cv_error.argmin()
    # the model without features has the deviance of the prevalence, about 2 ln 2 for balanced classes
    assert path.cv_error[0] == pytest.approx(2 * np.log(2), abs=0.02)
    assert (path.cv_error_sd > 0).all()


def test_lasso_on_noise_keeps_the_strongest_feature() -> None:
    rng = np.random.default_rng(13)
    X, y = rng.normal(size=(60, 8)), np.repeat([0, 1], 30)
    X -= X.mean(axis=0)
    X[y == 1] -= X[y == 1].mean(axis=0)
    X[y == 0] -= X[y == 0].mean(axis=0)
    lasso = LassoSelector().fit(X, y)
    assert lasso.fallback_
    assert lasso.support_.sum() == 1


def test_icc_filter_keeps_what_both_readers_measure_alike() -> None:
    rng = np.random.default_rng(10)
    first = rng.normal(size=(40, 8))
    second = np.hstack([first[:, :4], rng.normal(size=(40, 4))])
    second[30:] = np.nan
    assert np.flatnonzero(IccFilter(0.75).fit(first, second=second).support_).tolist() == [0, 1, 2, 3]
    none = IccFilter(0.75).fit(first[:, 4:], second=second[:, 4:])
    assert none.fallback_
    with pytest.raises(InputError, match="only 5 training patients"):
        IccFilter().fit(first[:5], second=second[:5])


# standard deviations of what a second reader adds to features of standard deviation 1: the ICC is 1 / (1 + s² / 2)
READERS = np.array([3.0, 0.4, 2.5, 1.3, 0.6, 2.0, 0.2, 1.6])


def two_readers(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(14)
    first = rng.normal(size=(n, 8))
    return first, first + READERS * rng.normal(size=(n, 8))


def test_icc_filter_keeps_three_quarters_or_more_unless_told() -> None:
    first, second = two_readers()
    fitted = IccFilter().fit(first, second=second)
    assert fitted.icc_ == pytest.approx(1 / (1 + READERS**2 / 2), abs=0.12)
    assert np.flatnonzero(fitted.support_).tolist() == [1, 4, 6]
    assert not fitted.fallback_


def test_icc_filter_falls_back_to_the_five_that_agree_best() -> None:
    first, second = two_readers()
    fitted = IccFilter(0.999).fit(first, second=second)
    assert fitted.fallback_
    assert np.flatnonzero(fitted.support_).tolist() == [1, 3, 4, 6, 7]


def test_icc_filter_compares_both_readers_of_the_same_images_whatever_the_model_sees() -> None:
    first, second = two_readers()
    seen = np.random.default_rng(15).normal(size=first.shape)
    fitted = IccFilter().fit(seen, second=np.stack([first, second], axis=1))
    assert fitted.icc_.tolist() == IccFilter().fit(first, second=second).icc_.tolist()
    assert np.flatnonzero(fitted.support_).tolist() == [1, 4, 6]


def test_icc_filter_needs_ten_pairs_and_a_feature_that_varies() -> None:
    first, second = two_readers(10)
    first[:, 0] = second[:, 0] = 7.0
    second[:, 1] = first[:, 1]
    fitted = IccFilter(1.0).fit(first, second=second)
    assert (fitted.icc_[0], fitted.icc_[1]) == (-1, pytest.approx(1))
    with pytest.raises(InputError, match=r"only 9 training patients have a second mask. The ICC filter needs 10"):
        IccFilter().fit(first, second=np.vstack([second[:9], np.full((1, 8), np.nan)]))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_deviance_of_the_lasso_is_that_of_held_out_patients(n_classes: int) -> None:
    X, y = sample(n_classes, ties=False, seed=3)
    X += 4
    path = LassoSelector(n_folds=4, random_state=1).fit(X, y).path_
    folds = []
    for train, test in StratifiedKFold(4, shuffle=True, random_state=1).split(X, y):
        coefficients, intercepts = lasso_path(X[train], y[train], path.alphas)
        odds = X[test] @ coefficients + intercepts[:, None, :]
        odds = np.concatenate([0 * odds, odds], axis=2) if n_classes == 2 else odds
        folds.append([2 * log_loss(y[test], softmax(one, axis=1)) for one in odds])
    assert path.cv_error == pytest.approx(np.mean(folds, axis=0), rel=1e-9)
    assert path.cv_error_sd == pytest.approx(np.std(folds, axis=0, ddof=1) / 2, rel=1e-9)


def test_the_strongest_penalty_is_the_least_that_leaves_nothing() -> None:
    X, y = sample(2, ties=False)
    alphas = penalties(X, y)
    assert len(alphas) == 30
    assert alphas[-1] == pytest.approx(alphas[0] / 100)
    found, _ = lasso_path(X, y, alphas[0] * np.array([1.0, 0.99]))
    assert not found[0].any()
    assert np.count_nonzero(found[1]) == 1
    # the coefficient of the one feature whose covariance with the class is the largest
    covariance = np.abs((X - X.mean(axis=0)).T @ (y - y.mean())) / len(y)
    assert np.argmax(np.abs(found[1, :, 0])) == covariance.argmax()
    assert alphas[0] == pytest.approx(covariance.max())


def test_a_class_of_one_patient_cannot_choose_a_penalty() -> None:
    X, _ = sample(2, ties=False)
    lasso = LassoSelector().fit(X, np.arange(70) == 3)
    assert lasso.fallback_
    assert lasso.support_.sum() == 1
    assert lasso.path_.chosen == 0
    # two patients make two folds, each with the deviance of a held-out half
    two = LassoSelector().fit(X, np.arange(70) < 2).path_
    assert two.cv_error[0] == pytest.approx(-2 * (np.log(1 / 35) + 34 * np.log(34 / 35)) / 35, abs=0.05)


def test_variance_filter_drops_constant_and_mostly_missing_features() -> None:
    X = np.random.default_rng(11).normal(size=(20, 5)) * 1e-12
    X[:, 1] = 1000.1
    X[:11, 2] = np.nan
    X[:, 3] = np.nan
    assert VarianceFilter().fit(X).support_.tolist() == [True, False, False, False, True]
    # half may be missing; what varies in the ninth digit does not vary
    half = np.column_stack([np.where(np.arange(20) < 10, np.nan, np.arange(20.0)), 1 + 1e-9 * (np.arange(20) % 2)])
    assert VarianceFilter().fit(half).support_.tolist() == [True, False]
    assert VarianceFilter(0.4).fit(np.column_stack([half, np.arange(20)])).support_.tolist() == [False, False, True]
    with pytest.raises(
        InputError, match=r"no feature varies between the training patients\. Check the images, the masks and the"
    ):
        VarianceFilter().fit(np.ones((5, 2)))


def test_z_score_fills_with_the_median() -> None:
    X = np.random.default_rng(12).normal(size=(30, 6))
    X[np.random.default_rng(13).random(X.shape) < 0.3] = np.nan
    scaler = MedianZScore().fit(X)
    assert scaler.median_ == pytest.approx(np.nanmedian(X, axis=0))
    Z = scaler.transform(X)
    assert Z.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert Z.std(axis=0) == pytest.approx(1)
    unseen = scaler.transform(np.full((1, 6), np.nan))
    assert unseen[0] == pytest.approx((scaler.median_ - scaler.mean_) / scaler.scale_)


def test_a_z_score_of_what_is_missing_or_constant() -> None:
    X = np.array([[np.nan, 4.0, 1], [np.nan, 4, 2], [np.nan, 4, np.nan], [np.nan, 4, 9], [np.nan, 4, 4]])
    scaler = MedianZScore().fit(X)
    # the median of 1, 2, 4 and 9 is 3, and it is filled in before the mean is taken
    assert scaler.median_.tolist() == [0, 4, 3]
    assert scaler.mean_.tolist() == [0, 4, 3.8]
    assert scaler.scale_[:2].tolist() == [1, 1]
    assert scaler.scale_[2] == pytest.approx(np.sqrt((2.8**2 + 1.8**2 + 0.8**2 + 5.2**2 + 0.2**2) / 5))
