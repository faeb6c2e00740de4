"""The candidate models: their settings, their order, and what they say on few numbers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.utils.class_weight import compute_sample_weight

from sonoher2.classifiers.candidates import Candidate, GaussianBayes, NearestNeighbours, candidates, raw_scores
from sonoher2.config.models import ALL_MODELS

C = (0.03, 0.1, 0.3, 1.0)
GRIDS = [
    ("ridge", [{}]),
    ("linear", [{"alpha": 0.001}]),
    ("logistic", [{}]),
    ("lasso", [{"C": c} for c in C]),
    ("elastic-net", [{"C": c, "l1_ratio": 0.5} for c in C]),
    ("naive-bayes", [{}]),
    ("knn", [{"n_neighbors": k} for k in (7, 15, 25)]),
    ("svm", [{"kernel": kernel, "C": c} for kernel in ("linear", "rbf") for c in (0.1, 1.0)]),
    ("random-forest", [{"min_samples_leaf": leaf} for leaf in (10, 3)]),
    ("extra-trees", [{"min_samples_leaf": leaf} for leaf in (10, 3)]),
    ("xgboost", [{"max_depth": depth} for depth in (2, 4)]),
    ("lightgbm", [{"num_leaves": leaves} for leaves in (4, 15)]),
    ("mlp", [{"alpha": alpha} for alpha in (10.0, 1.0)]),
]
"""What every study since the first version has tried; another grid changes the figures of every study."""
BOOSTED = {"n_estimators": 100, "learning_rate": 0.05, "subsample": 0.8, "colsample_bytree": 0.5, "n_jobs": 1}
LOGISTIC = {"solver": "saga", "class_weight": "balanced", "max_iter": 200, "tol": 1e-3, "random_state": 5}
TREES = {"n_estimators": 100, "class_weight": "balanced", "n_jobs": 1, "random_state": 5}
FIXED = {
    "ridge": {"class_weight": "balanced"},
    "linear": {"class_weight": "balanced"},
    "logistic": {"C": np.inf, "class_weight": "balanced", "max_iter": 200},
    "lasso": LOGISTIC | {"l1_ratio": 1.0},
    "elastic-net": LOGISTIC,
    "naive-bayes": {},
    "knn": {"algorithm": "brute", "n_jobs": 1, "weights": "uniform"},
    "svm": {"class_weight": "balanced", "gamma": "scale"},
    "random-forest": TREES,
    "extra-trees": TREES,
    "xgboost": BOOSTED
    | {"min_child_weight": 3, "tree_method": "hist", "max_bin": 64, "verbosity": 0, "random_state": 5},
    "lightgbm": BOOSTED
    | {"min_child_samples": 10, "subsample_freq": 1, "max_bin": 63, "class_weight": "balanced", "verbosity": -1}
    | {"random_state": 5, "deterministic": True, "force_row_wise": True},
    "mlp": {"hidden_layer_sizes": (16,), "solver": "lbfgs", "max_iter": 100, "random_state": 5},
}


def test_simplest_family_first_whatever_the_order_of_the_names() -> None:
    tried = candidates(ALL_MODELS[::-1], 5)
    assert [(one.name, one.parameters) for one in tried] == [
        (name, setting) for name, settings in GRIDS for setting in settings
    ]
    assert [one.name for one in candidates(["knn", "ridge"], 0)] == ["ridge", "knn", "knn", "knn"]


@pytest.mark.parametrize("candidate", candidates(ALL_MODELS, 5), ids=lambda one: f"{one.name} {one.parameters}")
def test_settings_of_a_family(candidate: Candidate) -> None:
    wanted = FIXED[candidate.name] | candidate.parameters
    found = candidate.estimator.get_params()
    assert {name: found[name] for name in wanted} == wanted
    assert candidate.weighted == (candidate.name in {"naive-bayes", "xgboost", "mlp"})


def test_ridge_penalties_rise_from_1_to_10_000_in_steps_of_half_a_decade() -> None:
    alphas = candidates(["ridge"], 0)[0].estimator.get_params()["alphas"]
    assert alphas == pytest.approx([1, 10**0.5, 10, 10**1.5, 100, 10**2.5, 1000, 10**3.5, 10_000])


def test_rare_cases_weigh_as_much_as_common_controls() -> None:
    X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [2.5], [5.5]])
    y = np.array([0, 0, 0, 0, 0, 1, 1])
    weighted = candidates(["naive-bayes"], 0)[0].fit(X, y)
    by_hand = GaussianNB().fit(X, y, compute_sample_weight("balanced", y))
    assert weighted.class_prior_ == pytest.approx([0.5, 0.5])
    assert raw_scores(weighted, X)[:, 0] == pytest.approx(np.diff(by_hand.predict_log_proba(X))[:, 0])


def test_log_odds_of_naive_bayes_are_those_of_the_two_normal_densities() -> None:
    # classes of mean 1 and 4, variance 1, equal shares: log-odds = 3 x - 7.5
    model = GaussianBayes(var_smoothing=0).fit(np.array([[0.0], [2.0], [3.0], [5.0]]), [0, 0, 1, 1])
    assert raw_scores(model, np.array([[2.5], [4.0], [100.0]]))[:, 0] == pytest.approx([0, 4.5, 292.5])


def test_scores_of_several_classes_are_log_probabilities() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.repeat([0, 1, 2], 20)
    for name in ("naive-bayes", "svm", "logistic"):
        scores = raw_scores(candidates([name], 0)[0].fit(X, y), X)
        assert np.exp(scores).sum(axis=1) == pytest.approx(1)


class Says:
    """A fitted model that gives probabilities alone."""

    def __init__(self, *rows: list[float]) -> None:
        self.rows = np.array(rows)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return self.rows


def test_certainty_is_pulled_in_before_log_odds_are_taken() -> None:
    two = raw_scores(Says([1.0, 0.0], [0.2, 0.8], [0.0, 1.0]), np.zeros((3, 1)))
    assert two[:, 0] == pytest.approx([-np.log(199), np.log(4), np.log(199)])
    three = raw_scores(Says([0.0, 0.25, 0.75]), np.zeros((1, 1)))
    assert three[0] == pytest.approx(np.log([0.005, 0.25, 0.75]))


def test_all_patients_are_neighbours_where_there_are_fewer() -> None:
    X = np.arange(4.0)[:, None]
    model = NearestNeighbours(n_neighbors=7).fit(X, [0, 0, 0, 1])
    assert model.predict_proba([[9.0]])[0] == pytest.approx([0.75, 0.25])
    nearest = NearestNeighbours(n_neighbors=2).fit(X, [0, 0, 0, 1])
    assert nearest.predict_proba([[9.0]])[0] == pytest.approx([0.5, 0.5])
