from __future__ import annotations

import numpy as np
import pytest

from sonoher2.evaluation.calibration import calibration_slope_intercept
from sonoher2.evaluation.classification import confusion_at
from sonoher2.evaluation.discrimination import auc_delong
from sonoher2.evaluation.table import METRICS, metric_row

OPTIONS = {"repeats": 200, "seed": 0, "confidence": 0.95}


def test_row_has_every_column_in_order(patients):
    row = metric_row(*patients, 0.3, **OPTIONS)
    assert tuple(row) == METRICS
    assert np.isfinite(list(row.values())).all()
    assert len(set(METRICS)) == len(METRICS)


def test_row_holds_what_the_functions_say(patients):
    row = metric_row(*patients, 0.3, **OPTIONS)
    confusion, area = confusion_at(*patients, 0.3), auc_delong(*patients)
    slope, intercept = calibration_slope_intercept(*patients)
    assert (row["n"], row["events"]) == (150, patients.outcome.sum())
    assert (row["auc"], row["auc_low"], row["auc_high"]) == (area.value, area.low, area.high)
    assert row["npv_high"] == confusion.npv().high
    assert row["f1"] == pytest.approx(confusion.f1)
    assert row["calibration_slope"] == slope.value
    assert row["calibration_intercept_low"] == intercept.low


@pytest.mark.parametrize("name", [name for name in METRICS if f"{name}_low" in METRICS])
def test_intervals_lie_around_their_figure(patients, name):
    row = metric_row(*patients, 0.3, **OPTIONS)
    assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]


def test_wider_confidence_is_wider(patients):
    narrow = metric_row(*patients, 0.3, repeats=500, seed=0, confidence=0.8)
    wide = metric_row(*patients, 0.3, repeats=500, seed=0, confidence=0.99)
    for name in METRICS:
        if name.endswith("_low"):
            assert wide[name] < narrow[name], name
        if name.endswith("_high"):
            assert wide[name] > narrow[name], name


@pytest.mark.parametrize(("outcome", "known"), [([1, 1, 1], "sensitivity"), ([0, 0, 0], "specificity")])
def test_one_class_leaves_what_it_determines(outcome, known):
    row = metric_row(outcome, [0.1, 0.5, 0.9], 0.3, **OPTIONS)
    assert np.isnan([row["auc"], row["auprc_low"], row["auc_boot_high"], row["calibration_slope"]]).all()
    assert np.isfinite([row[known], row["accuracy"], row["brier"]]).all()


def test_no_patient_is_no_error():
    row = metric_row([], [], 0.3, **OPTIONS)
    assert (row["n"], row["threshold"]) == (0, 0.3)
    assert np.isnan(row["brier"])
