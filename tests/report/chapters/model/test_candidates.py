"""Candidate models."""

from __future__ import annotations

import pandas as pd

import report_by_hand as by
from sonoher2.report.chapters.model.candidates import candidate_parts

ROWS = pd.DataFrame(
    {
        "signature": "Radiomics",
        "model": ["logistic", "knn", "svm"],
        "parameters": [{"C": 0.1, "penalty": "l2"}, {}, ""],
        "cv_auc": [0.7123, 0.6, 0.65],
        "cv_auc_sd": [0.0456, 0.1, 0.02],
        "chosen": [True, False, False],
    }
)


def test_cells() -> None:
    [part] = candidate_parts(by.view(candidates=ROWS))
    assert part.shown.to_numpy().tolist() == [
        ["Radiomics", "logistic", "C = 0.1, penalty = l2", "0.712 ± 0.046", "chosen"],
        ["Radiomics", "knn", "defaults", "0.600 ± 0.100", ""],
        ["Radiomics", "svm", "defaults", "0.650 ± 0.020", ""],
    ]
    assert not part.long
    [long] = candidate_parts(by.view(candidates=pd.concat([ROWS] * 6)))
    assert long.long
    assert list(candidate_parts(by.view())) == []


def test_headings_and_length() -> None:
    assert by.headings(candidate_parts(by.view(candidates=ROWS))) == [("table", "zoo", "Candidate models")]
    many = pd.concat([ROWS] * 6, ignore_index=True)
    assert [part.long for n in (15, 16) for part in candidate_parts(by.view(candidates=many.iloc[:n]))] == [False, True]
