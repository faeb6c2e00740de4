"""The frozen threshold: its metrics, and counts of the right patients in the right cells."""

from __future__ import annotations

import pandas as pd

import report_by_hand as by
from sonoher2.report.chapters.performance.threshold import threshold_parts


def counts(result: object = None) -> dict[str, list[list[int]]]:
    """Counts of each matrix by its title: rows are the truth, columns the prediction, no before yes."""
    figure = by.drawings(threshold_parts(by.view(result)))["confusion"].figure
    found = {}
    for axes in figure.axes:
        title = axes.get_title() or axes.get_title("left")
        if title:
            cells = {(t.get_position()[1], t.get_position()[0]): int(t.get_text().split("\n")[0]) for t in axes.texts}
            found[title.replace("\n", ", ")] = [[cells[y, x] for x in (0.5, 1.5)] for y in (0.5, 1.5)]
    return found


def test_metrics_at_the_threshold() -> None:
    table = by.tables(threshold_parts(by.view()))["thresholds"]
    assert table.shown.columns.tolist() == ["Signature", "Set", "Threshold", "Sensitivity", "Specificity"]
    assert table.shown.to_numpy().tolist() == [
        ["Clinical", "Training", "0.350", "0.51 (0.41–0.71)", "0.71"],
        ["Radiomics", "Training", "0.500", "0.52 (0.42–0.72)", "0.72"],
        ["Clinical", "Test", "0.350", "0.53 (0.43–0.73)", "0.73"],
        ["Radiomics", "Test", "0.500", "0.54 (0.44–0.74)", "0.74"],
    ]
    assert table.caption.startswith("Threshold: largest Youden index; learned on training patients' out-of-fold scores")
    assert "90% intervals" in table.caption


def test_each_outcome_has_its_threshold() -> None:
    shown = by.tables(threshold_parts(by.view(by.three_classes())))["thresholds"].shown
    assert shown["Outcome"].tolist() == ["zero", "low", "high"] * 2
    assert shown["Threshold"].tolist() == ["0.210", "0.320", "0.530"] * 2


def test_the_mean_over_outcomes_has_no_threshold() -> None:
    result = by.three_classes()
    rows = result.performance.signatures
    more = pd.concat([rows, rows.iloc[:1].assign(outcome="macro")])
    assert len(by.tables(threshold_parts(by.view(result, signatures=more)))["thresholds"].shown) == len(rows)


def test_patients_fall_into_their_cells() -> None:
    # worked by hand from the scores: Radiomics calls T3 wrongly and T5 rightly, misses T6
    assert counts() == {
        "Clinical, Training": [[3, 2], [1, 1]],
        "Radiomics, Training": [[4, 1], [1, 1]],
        "Clinical, Test": [[1, 1], [2, 1]],
        "Radiomics, Test": [[1, 1], [1, 2]],
    }


def test_a_score_on_the_threshold_is_positive() -> None:
    # E5 has the score 0.5 of Radiomics, its threshold
    rows = by.predictions()
    rows.loc[(rows["patient_id"] == "E5") & (rows["signature"] == "Radiomics"), "score"] = 0.4999
    changed = counts(by.study(predictions=rows))
    assert changed["Radiomics, Test"] == [[1, 1], [2, 1]]


def test_training_matrices_are_told_to_flatter() -> None:
    assert "they flatter a little" in by.drawings(threshold_parts(by.view()))["confusion"].caption
    assert "flatter" not in by.drawings(threshold_parts(by.view(by.validation())))["confusion"].caption


def test_names_of_the_classes() -> None:
    figure = by.drawings(threshold_parts(by.view(by.three_classes())))["confusion"].figure
    names = [[label.get_text() for label in axes.get_xticklabels()] for axes in figure.axes[:6]]
    assert names == [["other", "zero"]] * 2 + [["other", "low"]] * 2 + [["other", "high"]] * 2
    [first, *_] = by.drawings(threshold_parts(by.view()))["confusion"].figure.axes
    assert [label.get_text().replace("\n", "") for label in first.get_xticklabels()] == [by.NO, by.YES]


def test_a_model_without_thresholds_has_no_chapter() -> None:
    assert list(threshold_parts(by.view(thresholds=by.thresholds().iloc[:0]))) == []


def test_headings() -> None:
    assert by.headings(threshold_parts(by.view())) == [
        ("table", "thresholds", "At the frozen threshold"),
        ("drawing", "confusion", "Confusion matrices at the frozen threshold"),
    ]
