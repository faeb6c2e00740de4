"""A draft of the results: the figures of the tables, set by set."""

from __future__ import annotations

import pandas as pd

import report_by_hand as by
from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.writing.results_text import results_text

FLOW = (FlowStep("", 0, 1015, 31), FlowStep("without a result", 2, 13, 25), FlowStep("without a mask", 1, 12, 24))
SELECTION = pd.DataFrame({"features_in": [1497, 30], "features_out": [30, 4]})
ICC = pd.DataFrame({"icc": [0.75, 0.74, 0.9, 0.1], "lesions": 120})
PERTURBED = pd.DataFrame(
    [
        ("Radiomics", 0.0, 1.0, 0.5, 0.4, 0.6, 0.0),
        ("Radiomics", 0.05, 0.91, -0.03, -0.07, 0.01, 0.04),
        ("Radiomics", 0.1, 0.88, -0.11, -0.15, -0.02, 0.25),
        ("Clinical", 0.1, 0.5, -0.9, -0.95, -0.8, 0.9),
    ],
    columns=["signature", "strength", "dice", "difference", "low", "high", "switched"],
)


def test_participants_of_each_set() -> None:
    assert results_text(by.view(flow=FLOW))[0] == (
        "Of 1,015 patients, 3 were left out (2 without a result and 1 without a mask); 12 were analysed: 7 in the"
        " training set (5 HER2-negative, 2 HER2-positive) and 5 in the test set (2 HER2-negative, 3 HER2-positive)."
    )
    assert results_text(by.view())[0].startswith("12 patients were analysed: 7 in the training set")
    one = by.PATIENTS.loc[["E1"]]
    assert results_text(by.view(by.validation(), patients=one))[0].startswith(
        "1 patient was analysed: 1 in the validation set (1 HER2-negative, 0 HER2-positive)"
    )


def test_features() -> None:
    assert results_text(by.view(selection=SELECTION))[1] == (
        "Of 1,497 radiomic features, 4 were kept by the selection on all training patients."
    )


def test_performance_and_the_main_signature() -> None:
    _, performance, main = results_text(by.view())
    assert performance == (
        "Training (out of fold): the AUC for HER2-positive was 0.61 (0.51–0.81) for Clinical and 0.72 (0.62–0.92) for"
        " Radiomics. Test: the AUC for HER2-positive was 0.63 (0.53–0.83) for Clinical and 0.74 (0.64–0.94) for"
        " Radiomics (90% intervals in brackets)."
    )
    assert main == (
        "Radiomics was best among the training patients, out of fold. In the test set its frozen threshold of 0.500"
        " gave sensitivity 0.54 (0.44–0.74) and specificity 0.74; the calibration slope was 0.94 (0.84–1.14), the"
        " intercept −0.24 (−0.34 to −0.04) and the Brier score 0.240."
    )


def test_a_validation_names_the_signature_that_the_first_study_chose() -> None:
    chosen = results_text(by.view(by.validation()))[-1]
    assert chosen.startswith("Radiomics is the signature that the first study chose. In the external validation cohort")
    other = results_text(by.view(by.validation(frozen=("Clinical", "Radiomics", "Combined"), main="Combined")))[-1]
    assert other.startswith(
        "The first study chose Combined, which this cohort has not the data for; Radiomics stands in its place. In the"
        " external validation cohort its frozen threshold"
    )


def test_a_validation_says_nothing_of_training() -> None:
    texts = results_text(by.view(by.validation()))
    assert not any("training" in text.lower() for text in texts)
    assert texts[2].startswith(
        "Radiomics is the signature that the first study chose. In the external validation cohort its frozen threshold"
    )


def test_comparisons_are_those_of_the_main_signature_in_the_test_set() -> None:
    row = {"outcome": by.YES, "difference": 0.11, "low": -0.03, "high": 0.25}
    table = pd.DataFrame(
        [
            {**row, "set": TEST, "a": "Radiomics", "b": "Clinical", "p_holm": 0.0123},
            {**row, "set": TEST, "a": "Deep", "b": "Radiomics", "p_holm": 0.0001},
            {**row, "set": TEST, "a": "Deep", "b": "Clinical", "p_holm": 0.5},
            {**row, "set": TRAIN_OOF, "a": "Radiomics", "b": "Clinical", "p_holm": 0.6},
        ]
    )
    assert results_text(by.view(comparisons=table))[-1] == (
        "The AUC of Radiomics in this set differed by 0.110 (−0.030 to 0.250) from that of Clinical (p = 0.012)"
        " and by −0.110 (−0.250 to 0.030) from that of Deep (p <0.001); DeLong's test, Holm's correction."
    )


def test_the_worst_outline_of_the_main_signature() -> None:
    assert results_text(by.view(feature_icc=ICC, perturbed=PERTURBED))[-1] == (
        "Under changed outlines of 120 images of training patients, 50% of the features had an ICC of at"
        " least 0.75. With changed"
        " outlines of the test lesions (mean Dice with the unchanged ones down to 0.88), the AUC of Radiomics changed"
        " by −0.110 (−0.150 to −0.020) at worst, and at most 25% of the patients changed sides of the threshold."
    )
    assert results_text(by.view(feature_icc=ICC))[-1].endswith("had an ICC of at least 0.75.")


def test_outcomes_have_paragraphs_of_their_own() -> None:
    texts = results_text(by.view(by.three_classes()))
    assert sum("the AUC for" in text for text in texts) == 3
    assert "0.73 (0.68–0.83) for Clinical" in next(text for text in texts if "AUC for low" in text)
