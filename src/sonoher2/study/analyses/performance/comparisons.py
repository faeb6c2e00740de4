"""Which signature separates better than which: DeLong's test between all pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from sonoher2.engine import FRAME, Step
from sonoher2.evaluation.compare.comparison import delong_test, holm
from sonoher2.evaluation.discrimination import auc
from sonoher2.study.analyses.analysis import Analysis
from sonoher2.study.results import columns as c
from sonoher2.study.results.predictions import each_part
from sonoher2.study.results.schema import Column, declare


def comparison_table(predictions: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """DeLong's test between all pairs of signatures, Holm-corrected within a set and outcome.

    Returns
    -------
    `set, outcome, a, b, auc_a, auc_b, difference, low, high, z, p, p_holm`; empty with one signature.
    """
    tables = [
        _compare_all(part, subset, outcome, confidence)
        for (subset, outcome), part in each_part(predictions, [c.SET, c.OUTCOME])
    ]
    return pd.concat(tables, ignore_index=True)


def _compare_all(part: pd.DataFrame, subset: str, outcome: str, confidence: float) -> pd.DataFrame:
    wide = part.pivot(index=c.PATIENT_ID, columns=c.SIGNATURE, values=c.SCORE)
    y = part.drop_duplicates(c.PATIENT_ID).set_index(c.PATIENT_ID)[c.LABEL].loc[wide.index].eq(outcome)
    outcomes = y.to_numpy(np.int64)
    rows = []
    for a, b in combinations(part[c.SIGNATURE].unique(), 2):
        score_a, score_b = wide[a].to_numpy(), wide[b].to_numpy()
        test = delong_test(outcomes, score_a, score_b, confidence)
        rows.append(
            {
                c.SET: subset,
                c.OUTCOME: outcome,
                c.SIGNATURE_A: a,
                c.SIGNATURE_B: b,
                c.AUC_A: auc(outcomes, score_a),
                c.AUC_B: auc(outcomes, score_b),
                c.DIFFERENCE: test.difference,
                c.LOW: test.low,
                c.HIGH: test.high,
                c.Z: test.z,
                c.P: test.p,
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(**{c.P_HOLM: holm(table[c.P].to_numpy())}) if rows else table


SCHEMA = declare(
    "Comparisons of signatures",
    *(c.SET, c.OUTCOME, Column(c.SIGNATURE_A, "text", "first signature"), Column(c.SIGNATURE_B, "text", "second one")),
    *(c.AUC_A, c.AUC_B, c.DIFFERENCE, c.LOW, c.HIGH, c.Z, c.P, c.P_HOLM),
)
STEP = Step("comparisons", comparison_table, FRAME)
ANALYSIS = Analysis(
    "comparisons", "performance", SCHEMA, lambda scored: scored.context.run(STEP, scored.predictions, scored.confidence)
)
