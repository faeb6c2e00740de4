"""What every chapter asks of a result."""

from __future__ import annotations

import math

import numpy as np

import report_by_hand as by
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.content.style import signature_colours


def test_sets_are_named_after_the_kind_of_run() -> None:
    study, second = by.view(), by.view(by.validation())
    assert study.sets == {TRAIN_OOF: "Training (out of fold)", TEST: "Test"}
    assert study.short_sets == {TRAIN_OOF: "Training", TEST: "Test"}
    assert second.sets == {TEST: "External validation"}
    assert second.short_sets == {TEST: "Validation"}
    assert (study.validation, second.validation) == (False, True)
    assert study.set_names(by.signatures()).tolist() == ["Training", "Training", "Test", "Test"]


def test_outcomes_are_named_only_where_there_are_several() -> None:
    one, three = by.view(), by.view(by.three_classes())
    assert one.outcomes == (by.YES,)
    assert three.outcomes == ("zero", "low", "high")
    assert (one.several, three.several) == (False, True)
    assert one.title(TEST, by.YES) == "Test"
    assert three.title(TEST, "low") == "Test: low"
    assert one.outcome_cells(by.signatures()) == {}
    assert list(three.outcome_cells(by.signatures())) == ["Outcome"]


def test_the_main_signature_is_the_studys_choice() -> None:
    assert by.view().main == "Radiomics"
    assert by.view(main="Clinical").main == "Clinical"
    assert by.view().signatures == ("Clinical", "Radiomics")


def test_scores_metrics_and_thresholds_of_one_signature_and_set() -> None:
    view = by.view()
    y, score = view.scores("Radiomics", TEST, by.YES)
    assert y.tolist() == [0, 0, 1, 1, 1]
    assert np.allclose(score, [0.15, 0.55, 0.8, 0.45, 0.5])
    row = view.metrics("Radiomics", TRAIN_OOF, by.YES)
    assert row is not None
    assert (row["auc"], row["n"], row["events"]) == (0.72, 1007, 1002)
    assert view.metrics("Deep", TEST, by.YES) is None
    assert view.threshold("Clinical", by.YES) == 0.35
    assert math.isnan(view.threshold("Deep", by.YES))
    assert view.confidence == "90%"


def test_a_level_is_not_rounded_up_to_certainty() -> None:
    for confidence, text in ((0.95, "95%"), (0.975, "97.5%"), (0.995, "99.5%"), (0.999, "99.9%")):
        result = by.configured(by.study(), evaluation={"bootstrap": 300, "confidence": confidence})
        assert by.view(result).confidence == text


def test_a_validation_knows_which_signatures_it_cannot_give() -> None:
    assert by.view().not_given == ()
    assert by.view(by.validation(frozen=("Clinical", "Radiomics"))).not_given == ()
    held = ("Clinical", "Radiomics", "Deep", "Combined")
    assert by.view(by.validation(frozen=held)).not_given == ("Deep", "Combined")


def test_signatures_have_different_colours_and_well_known_ones_always_the_same() -> None:
    names = ["Clinical", "Radiomics", "Clinical+Radiomics", "Clinical (pre-biopsy)", "Clinical+Radiomics (pre-biopsy)"]
    colours = signature_colours(names)
    assert len(set(colours.values())) == 5
    assert colours["Radiomics"] == signature_colours(["Radiomics"])["Radiomics"]
    assert by.view().colours == signature_colours(["Clinical", "Radiomics"])
