"""Cells of the tables of performance, set by set and in the right order."""

from __future__ import annotations

import pandas as pd

import report_by_hand as by
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.chapters.performance.performance import performance_parts

COMPARED = pd.DataFrame(
    [
        (TRAIN_OOF, by.YES, "Radiomics", "Clinical", 0.11, -0.03, 0.25, 1.54, 0.1234, 0.2468),
        (TEST, by.YES, "Radiomics", "Clinical", -0.2, -0.3, -0.1, -2.5, 0.0004, 0.0124),
    ],
    columns=["set", "outcome", "a", "b", "difference", "low", "high", "z", "p", "p_holm"],
)


def test_metrics_of_each_signature_and_set() -> None:
    shown = by.tables(performance_parts(by.view()))["signatures"].shown
    assert shown.columns.tolist() == [
        "Signature", "Set", "n", "Events", "AUC", "AUPRC", "Brier score", "Calibration slope", "Calibration intercept",
    ]  # fmt: skip
    assert shown.iloc[1].tolist() == [
        "Radiomics", "Training", "1,007", "1,002", "0.72 (0.62–0.92)", "0.52 (0.42–0.72)", "0.22", "1.22 (1.12–1.42)",
        "0.32 (0.22–0.52)",
    ]  # fmt: skip
    assert shown.iloc[3].tolist() == [
        "Radiomics", "Test", "5", "3", "0.74 (0.64–0.94)", "0.54 (0.44–0.74)", "0.24", "0.94 (0.84–1.14)",
        "−0.24 (−0.34 to −0.04)",
    ]  # fmt: skip


def test_a_validation_has_one_set_under_its_own_name() -> None:
    table = by.tables(performance_parts(by.view(by.validation())))["signatures"]
    assert table.shown["Set"].tolist() == ["Validation", "Validation"]
    assert table.caption.startswith("90% intervals in brackets. AUC")


def test_out_of_fold_scores_are_named_where_there_are_two_sets() -> None:
    parts = list(performance_parts(by.view()))
    table, figures = by.tables(parts)["signatures"], by.drawings(parts)
    assert table.caption.startswith("90% intervals in brackets; training patients are scored out of fold. AUC")
    assert figures["auc"].caption.endswith("Hollow: training patients, out of fold; filled: test set.")
    assert figures["roc"].caption.endswith("Each training patient was scored by models that had not seen that patient.")
    alone = by.drawings(performance_parts(by.view(by.validation())))
    assert alone["auc"].caption.endswith("is chance.")
    assert alone["roc"].caption.endswith("chance.")


def test_several_outcomes_have_a_column_and_no_count_for_their_mean() -> None:
    result = by.three_classes()
    rows = result.performance.signatures
    macro = rows.iloc[:1].assign(outcome="macro", events=pd.NA)
    table = by.tables(performance_parts(by.view(result, signatures=pd.concat([rows, macro], ignore_index=True))))
    shown = table["signatures"].shown
    assert shown["Outcome"].tolist() == ["zero", "low", "high"] * 2 + ["macro"]
    assert shown["Events"].tolist() == ["1", "2", "3"] * 2 + ["–"]
    assert table["signatures"].caption.endswith("Macro: mean of the outcomes, each against the rest.")


def test_a_comparison_is_the_first_less_the_second() -> None:
    shown = by.tables(performance_parts(by.view(comparisons=COMPARED)))["comparisons"].shown
    assert shown.to_numpy().tolist() == [
        ["Training", "Radiomics − Clinical", "0.11 (−0.03 to 0.25)", "1.54", "0.123", "0.247"],
        ["Test", "Radiomics − Clinical", "−0.20 (−0.30 to −0.10)", "−2.50", "<0.001", "0.012"],
    ]
    assert shown.columns.tolist() == ["Set", "Signatures", "Difference in AUC", "z", "p", "p (Holm)"]


def test_parts_stand_in_their_order() -> None:
    assert [part.name for part in performance_parts(by.view(comparisons=COMPARED))] == [
        "auc", "signatures", "comparisons", "roc", "pr",
    ]  # fmt: skip
    assert "comparisons" not in [part.name for part in performance_parts(by.view())]


def test_legends_hold_the_area_of_their_own_set() -> None:
    figures = by.drawings(performance_parts(by.view()))
    labels = {
        name: [line.get_label() for axes in figures[name].figure.axes for line in axes.lines if axes.get_title()]
        for name in ("roc", "pr")
    }
    assert [label for label in labels["roc"] if not label.startswith("_")] == [
        "Clinical 0.61 (0.51–0.81)", "Radiomics 0.72 (0.62–0.92)",
        "Clinical 0.63 (0.53–0.83)", "Radiomics 0.74 (0.64–0.94)",
    ]  # fmt: skip
    assert [label for label in labels["pr"] if not label.startswith("_")] == [
        "Clinical 0.41 (0.31–0.61)", "Radiomics 0.52 (0.42–0.72)",
        "Clinical 0.43 (0.33–0.63)", "Radiomics 0.54 (0.44–0.74)",
    ]  # fmt: skip
    titles = [axes.get_title(loc) for axes in figures["roc"].figure.axes for loc in ("left", "center")]
    assert [title for title in titles if title] == ["Training (out of fold)", "Test"]


def test_a_set_of_one_class_has_no_curve() -> None:
    rows = by.predictions()
    rows.loc[rows["set"] == TEST, "label"] = by.NO
    figures = by.drawings(performance_parts(by.view(predictions=rows)))
    titles = [axes.get_title(loc) for axes in figures["roc"].figure.axes for loc in ("left", "center")]
    assert [title for title in titles if title] == ["Training (out of fold)"]


def test_headings() -> None:
    assert by.headings(performance_parts(by.view(comparisons=COMPARED))) == [
        ("drawing", "auc", "AUC of each signature"),
        ("table", "signatures", "Performance of the signatures"),
        ("table", "comparisons", "Comparison of AUCs"),
        ("drawing", "roc", "Receiver operating characteristic"),
        ("drawing", "pr", "Precision and recall"),
    ]
