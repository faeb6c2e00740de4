"""Agreement of decision curves with dcurves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from dcurves import dca

from sonoher2.evaluation.decision_curve import net_benefit


@pytest.mark.parametrize("digits", [1, 12], ids=["tied", "continuous"])
def test_net_benefit(digits: int):
    rng = np.random.default_rng(7)
    outcome = (rng.random(150) < 0.35).astype(np.int64)
    score = np.round(1 / (1 + np.exp(-(rng.normal(size=150) + 1.2 * outcome - 1))), digits)
    thresholds = np.arange(0.01, 0.95, 0.01)
    table = pd.DataFrame({"outcome": outcome, "model": score})
    reference = dca(data=table, outcome="outcome", modelnames=["model"], thresholds=thresholds)
    ours = net_benefit(outcome, score, thresholds)
    for column, name in [("model", "model"), ("treat_all", "all"), ("treat_none", "none")]:
        theirs = reference[reference["model"] == name].sort_values("threshold")["net_benefit"]
        np.testing.assert_allclose(ours[column], theirs, atol=1e-12)
