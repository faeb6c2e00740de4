from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import t
from statsmodels.stats.meta_analysis import combine_effects

from sonoher2.evaluation.compare.independent import auc_variance
from sonoher2.evaluation.compare.pooling import pooled_auc, random_effects
from sonoher2.evaluation.discrimination import auc_delong
from sonoher2.evaluation.estimate import Estimate

# log risk ratios of the 13 trials of BCG vaccine against tuberculosis and their variances;
# Colditz GA et al. JAMA 1994, 271:698-702, as printed in Viechtbauer W, J Stat Softw 2010, 36(3)
BCG = [
    (-0.8893, 0.3256), (-1.5854, 0.1946), (-1.3481, 0.4154), (-1.4416, 0.0200), (-0.2175, 0.0512),
    (-0.7861, 0.0069), (-1.6209, 0.2230), (0.0120, 0.0040), (-0.4694, 0.0564), (-1.3713, 0.0730),
    (-0.3394, 0.0124), (0.4459, 0.5325), (-0.0173, 0.0714),
]  # fmt: skip


def test_pooling_gives_the_published_values_of_the_bcg_trials():
    effects, variances = np.transpose(BCG)
    found = random_effects(effects, variances)
    # DerSimonian and Laird: -0.714, tau2 0.309, I2 92 %
    assert (found.mean.value, found.tau2, found.i2) == pytest.approx((-0.7141, 0.3088, 0.9212), abs=1e-3)


@pytest.mark.parametrize("studies", [BCG, [(0.0, 0.01), (1.0, 0.01), (4.0, 0.02)]])
def test_interval_is_hartung_and_knapps_of_statsmodels(studies):
    effects, variances = np.transpose(studies)
    found = random_effects(effects, variances)
    other = combine_effects(effects, variances, method_re="dl", use_t=True)
    low, high = other.conf_int()[3]
    assert other.scale_hksj_re > 1
    assert (found.mean.value, found.mean.low, found.mean.high) == pytest.approx((other.mean_effect_re, low, high))
    assert found.tau2 == pytest.approx(other.tau2)
    assert found.i2 == pytest.approx(other.i2)
    assert found.prediction_low < found.mean.low < found.mean.high < found.prediction_high
    half = t.ppf(0.975, len(studies) - 2) * np.sqrt(other.tau2 + other.sd_eff_w_re**2)
    expected = (other.mean_effect_re - half, other.mean_effect_re + half)
    assert (found.prediction_low, found.prediction_high) == pytest.approx(expected)


def test_sites_that_agree_give_an_interval_no_shorter_than_chance_allows():
    found = random_effects([1.0, 1.0, 1.0], [0.1, 0.1, 0.1])
    assert found.tau2 == 0
    assert found.mean.high - 1 == pytest.approx(t.ppf(0.975, 2) * np.sqrt(0.1 / 3))


def test_pooled_auc_is_that_of_statsmodels_on_the_logit_scale():
    rng, outcome = np.random.default_rng(2), np.repeat([1, 0], [60, 90])
    scores = [rng.normal(size=150) + shift * outcome for shift in (0.3, 0.8, 1.0, 1.6, 2.0)]
    aucs = [auc_delong(outcome, score, 0.9) for score in scores]
    values = np.array([one.value for one in aucs])
    variances = [auc_variance(outcome, score) for score in scores] / (values * (1 - values)) ** 2
    other = combine_effects(logit(values), variances, method_re="dl", use_t=True)
    low, high = other.conf_int(alpha=0.1)[3]
    half = t.ppf(0.95, 3) * np.sqrt(other.tau2 + other.sd_eff_w_re**2)
    found = pooled_auc(aucs, 0.9)
    assert other.scale_hksj_re > 1
    assert (found.tau2, found.i2) == pytest.approx((other.tau2, other.i2))
    limits = expit([other.mean_effect_re, low, high, other.mean_effect_re - half, other.mean_effect_re + half])
    mean = found.mean
    assert (mean.value, mean.low, mean.high, found.prediction_low, found.prediction_high) == pytest.approx(limits)


def test_pooled_auc_lies_between_the_sites_and_covers_the_truth():
    rng = np.random.default_rng(1)
    aucs = []
    for _ in range(6):
        outcome = np.repeat([1, 0], [60, 90])
        aucs.append(auc_delong(outcome, rng.normal(size=150) + outcome))
    found = pooled_auc(aucs)
    assert found.sites == 6
    assert min(a.value for a in aucs) < found.mean.value < max(a.value for a in aucs)
    assert found.mean.low < 0.76 < found.mean.high
    assert 0 < found.prediction_low < found.mean.low


def test_sites_without_an_error_are_left_out():
    nan = float("nan")
    found = pooled_auc([Estimate(0.8, 0.7, 0.9), Estimate(nan, nan, nan), Estimate(1, 0.7, 1)])
    assert found.sites == 1
    assert isnan(found.mean.value)
