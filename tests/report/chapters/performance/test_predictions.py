"""The table of every patient's scores."""

from __future__ import annotations

import report_by_hand as by
from sonoher2.report.chapters.performance.predictions import prediction_parts


def test_each_patient_has_the_score_of_each_signature_and_a_dot_from_the_threshold_on() -> None:
    [part] = prediction_parts(by.view())
    rows = {row[0]: row for row in part.shown.to_numpy().tolist()}
    assert part.shown.columns.tolist() == ["Patient", "Set", "Label", "Clinical", "Radiomics"]
    assert rows["T3"] == ["T3", "Training", by.NO, "0.300", "0.600 ●"]
    assert rows["E5"] == ["E5", "Test", by.YES, "0.700 ●", "0.500 ●"]
    assert rows["E4"] == ["E4", "Test", by.YES, "0.300", "0.450"]
    # in the order that people count in
    assert part.shown["Patient"].tolist() == [*(f"E{i}" for i in range(1, 6)), *(f"T{i}" for i in range(1, 7)), "T10"]
    assert part.long
    assert part.caption.startswith("Score: probability of HER2-positive; ●")
    assert part.caption.endswith("training patients were scored by models that had not seen them.")


def test_several_outcomes_have_columns_and_thresholds_of_their_own() -> None:
    [part] = prediction_parts(by.view(by.three_classes()))
    assert part.shown.columns.tolist()[3:] == ["Clinical: zero", "Clinical: low", "Clinical: high"]
    first = part.shown.set_index("Patient").loc["T1"]
    assert first.tolist()[2:] == ["0.100", "0.200", "0.400"]
    last = part.shown.set_index("Patient").loc["E5"]
    assert last.tolist()[2:] == ["0.300 ●", "0.400 ●", "0.600 ●"]
    assert "the class in the heading" in part.caption


def test_a_missing_score_is_a_dash_and_a_validation_has_no_training() -> None:
    rows = by.validation().performance.predictions
    gone = rows[(rows["patient_id"] != "E2") | (rows["signature"] != "Clinical")]
    [part] = prediction_parts(by.view(by.validation(), predictions=gone))
    assert part.shown.set_index("Patient").loc["E2"].tolist() == ["Validation", by.NO, "–", "0.550 ●"]
    assert part.caption.endswith("One prediction per patient.")


def test_headings() -> None:
    assert by.headings(prediction_parts(by.view())) == [("table", "predictions", "Prediction of each patient")]
