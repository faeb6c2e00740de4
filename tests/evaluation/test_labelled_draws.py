"""Updates on a few labelled patients: a known distortion is mended, on the patients who were not drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from sonoher2.core.errors import InputError
from sonoher2.evaluation import labelled_draws
from sonoher2.evaluation.calibration import brier
from sonoher2.evaluation.labelled_draws import update_on_draws

BOTH = ("intercept", "intercept and slope")


@pytest.fixture(scope="module")
def shifted():
    """3,000 patients whose log-odds are too high by 1; and such that are too extreme by the factor 2, too."""
    rng = np.random.default_rng(4)
    truth = 1.2 * rng.normal(size=3000)
    is_case = rng.random(3000) < expit(truth)
    return is_case, expit(truth + 1), expit(2 * truth + 1)


def test_a_known_shift_is_mended_by_the_intercept(shifted) -> None:
    is_case, shifted_only, _ = shifted
    found = update_on_draws(is_case, shifted_only, np.arange(3000), labelled=300, updates=BOTH, draws=30, seed=0)[
        "intercept"
    ]
    # frozen: the mean of expit(t + 1) over that of expit(t) is about 1.4
    assert np.median(found.expected) == pytest.approx(1, abs=0.05)
    assert np.median(found.slope) == pytest.approx(1, abs=0.05)
    assert (found.gain > 0).all()


def test_a_known_stretch_needs_the_slope(shifted) -> None:
    is_case, _, stretched = shifted
    found = update_on_draws(is_case, stretched, np.arange(3000), labelled=300, updates=BOTH, draws=30, seed=0)
    assert np.median(found["intercept"].slope) == pytest.approx(0.5, abs=0.05)
    assert np.median(found["intercept and slope"].slope) == pytest.approx(1, abs=0.1)
    assert np.median(found["intercept and slope"].brier) < np.median(found["intercept"].brier)
    assert np.median(found["intercept and slope"].ece) < np.median(found["intercept"].ece)


def test_more_labelled_patients_mend_more_evenly(shifted) -> None:
    is_case, shifted_only, _ = shifted
    few, many = (
        update_on_draws(is_case, shifted_only, np.arange(3000), labelled=n, updates=("intercept",), draws=40, seed=1)[
            "intercept"
        ].expected.std()
        for n in (30, 300)
    )
    # the error of an intercept falls with the root of n
    assert many < 0.6 * few


def test_nobody_is_judged_who_was_learned_on_or_shares_a_picture_with_one(shifted, monkeypatch) -> None:
    is_case, p, _ = (values[:40] for values in shifted)
    groups = np.arange(40) // 2
    seen: list[set[float]] = []
    real = labelled_draws._judged

    def spy(update, cohort, known, others, slope):
        judged = np.flatnonzero(others)
        assert len(known) == 15
        assert not set(groups[known]) & set(groups[judged])
        # fifteen patients are seven pairs and one half: the other half is left out
        assert len(judged) == 24
        seen.append(set(known))
        return real(update, cohort, known, others, slope)

    monkeypatch.setattr(labelled_draws, "_judged", spy)
    update_on_draws(is_case, p, groups, labelled=15, updates=("intercept",), draws=5, seed=0)
    assert len({frozenset(one) for one in seen}) == 5


def test_draws_do_not_look_at_the_outcome(shifted) -> None:
    """The share of cases differs from draw to draw; a stratified draw would always have the same."""
    is_case, p, _ = (values[:200] for values in shifted)
    found = update_on_draws(is_case, p, np.arange(200), labelled=100, updates=("intercept",), draws=20, seed=0)
    assert found["intercept"].expected.std() > 0.05


def test_what_allows_no_update_is_undefined() -> None:
    # two patients of one class, and two that are apart: no draw of two has overlapping cases and controls
    is_case, p = np.array([0, 0, 1, 1] * 10), np.array([0.1, 0.2, 0.8, 0.9] * 10)
    found = update_on_draws(is_case, p, np.arange(40), labelled=2, updates=BOTH, draws=50, seed=0)
    assert np.isnan(found["intercept and slope"].brier).all()
    fitted = ~np.isnan(found["intercept"].brier)
    assert 0 < fitted.sum() < 50


def test_a_ranking_that_would_be_turned_round_is_no_update() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(200)
    is_case = rng.random(200) < 1 - p
    found = update_on_draws(is_case, p, np.arange(200), labelled=100, updates=BOTH, draws=10, seed=0)
    assert np.isnan(found["intercept and slope"].expected).all()
    assert np.isfinite(found["intercept"].expected).all()


def test_gain_is_the_frozen_score_less_the_updated(shifted) -> None:
    """All others have one score and one class: both Brier scores follow from the figure of expected events."""
    is_case = np.array([1, 0] * 2 + [1] * 40)
    p = np.array([0.5] * 44)
    found = update_on_draws(is_case, p, np.arange(44), labelled=43, updates=("intercept",), draws=20, seed=3)
    one = found["intercept"]
    cases = ~np.isnan(one.expected)
    # a single case is left, whom the 43 others, two of them controls, give 41/43
    np.testing.assert_allclose(one.expected[cases], 41 / 43)
    np.testing.assert_allclose(one.brier[cases], (2 / 43) ** 2)
    np.testing.assert_allclose(one.gain[cases], brier([1], [0.5]) - (2 / 43) ** 2)


def test_the_same_seed_draws_the_same_patients(shifted) -> None:
    is_case, p, _ = (values[:100] for values in shifted)
    one, same, other = (
        update_on_draws(is_case, p, np.arange(100), labelled=30, updates=("intercept",), draws=5, seed=seed)
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one["intercept"].brier, same["intercept"].brier)
    assert (one["intercept"].brier != other["intercept"].brier).any()


def test_too_few_patients_to_judge_on() -> None:
    with pytest.raises(InputError, match="3 patients are too few to draw 3"):
        update_on_draws([0, 1, 1], [0.1, 0.2, 0.3], [0, 1, 2], labelled=3, updates=("intercept",), draws=1, seed=0)
