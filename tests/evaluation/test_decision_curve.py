from __future__ import annotations

import pytest

from sonoher2.core.errors import InputError
from sonoher2.evaluation.decision_curve import net_benefit


def test_net_benefit_by_hand():
    # of 4 patients 2 are treated, one rightly; at 0.25 a false positive costs a third of a true positive
    row = net_benefit([1, 0, 1, 0], [0.5, 0.25, 0.2, 0.1], [0.25]).iloc[0]
    assert row["model"] == pytest.approx(1 / 4 - 1 / 4 / 3)
    assert row["treat_all"] == pytest.approx(1 / 2 - 1 / 2 / 3)


def test_at_threshold_0_everybody_is_treated(patients):
    row = net_benefit(*patients, [0]).iloc[0]
    assert row["model"] == row["treat_all"] == patients.outcome.mean()


def test_thresholds_are_probabilities_below_1():
    with pytest.raises(InputError, match="outside"):
        net_benefit([0, 1], [0.2, 0.8], [1.0])
    with pytest.raises(InputError, match="no patient"):
        net_benefit([], [], [0.5])
