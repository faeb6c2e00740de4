"""Updated probabilities: the frozen ones, then the updates in the order of what they learn."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd

from sonoher2.evaluation.recalibration import Update
from sonoher2.study.results.updated import FROZEN, UPDATES, Updated


def test_every_update_is_shown_the_smaller_one_first() -> None:
    assert UPDATES == ("intercept", "intercept and slope")
    assert set(UPDATES) == set(get_args(Update))
    assert FROZEN not in UPDATES


def test_shown_in_a_message_it_does_not_spell_its_figures() -> None:
    found = Updated(0.25, 12, {"no": 9, "yes": 3}, pd.DataFrame(), pd.DataFrame({"slope": [np.pi]}))
    assert "3.14" not in repr(found)
    assert "learned_on=12" in repr(found)
    assert "'yes': 3" in repr(found)
