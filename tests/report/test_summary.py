"""The summary says what the numbers say, and no less."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix

from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.chapters.cohort.characteristics import level_smd, number_smd
from sonoher2.report.content.style import signature_colours
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import duration, interval, listing, number, p_value
from sonoher2.report.writing.methods import methods_text
from sonoher2.report.writing.summary import summarise
from sonoher2.study.results import StudyResult
from study_results import changed


def with_auc(result: StudyResult, low: float, value: float, high: float, subset: str = TEST) -> View:
    table = result.performance.signatures.copy()
    table.loc[table["set"] == subset, ["auc_low", "auc", "auc_high"]] = [low, value, high]
    return View(changed(result, signatures=table))


def test_main_signature_is_the_studys_choice(two_class: StudyResult, validation: StudyResult) -> None:
    assert View(changed(two_class, main="Radiomics")).main == "Radiomics"
    assert View(changed(validation, main="Deep")).main == "Clinical+Radiomics"


def test_counts_at_the_threshold_agree_with_sklearn(two_class: StudyResult) -> None:
    view = View(two_class)
    y, score = view.scores(view.main, TEST, "HER2-positive")
    tn, fp, fn, tp = confusion_matrix(y, score >= view.threshold(view.main, "HER2-positive")).ravel()
    text = " ".join(summarise(view).sentences)
    assert f"found {tp} of {tp + fn} HER2-positive patients" in text
    assert f"cleared {tn} of {tn + fp} others" in text


@pytest.mark.parametrize(
    ("low", "value", "high", "said"),
    [
        (0.45, 0.6, 0.75, "includes 0.5"),
        (0.2, 0.3, 0.4, "below 0.5"),
        (0.55, 0.7, 0.85, "0.30 wide"),
        (0.6, 0.62, 0.64, "falls from"),
    ],
)
def test_cautions(two_class: StudyResult, low: float, value: float, high: float, said: str) -> None:
    assert any(said in text for text in summarise(with_auc(two_class, low, value, high)).cautions)


def test_a_good_result_gets_no_caution_on_its_auc(two_class: StudyResult) -> None:
    view = with_auc(
        changed(two_class, signatures=with_auc(two_class, 0.9, 0.92, 0.94).result.performance.signatures),
        0.9,
        0.92,
        0.94,
        TRAIN_OOF,
    )
    assert not any("AUC" in text for text in summarise(view).cautions)


@pytest.mark.parametrize(("slope", "said"), [((0.3, 0.5, 0.7), True), ((-0.1, 0.5, 1.1), False)])
def test_a_slope_that_may_be_1_is_no_caution(
    two_class: StudyResult, slope: tuple[float, float, float], said: bool
) -> None:
    table = two_class.performance.signatures.copy()
    table[["calibration_slope_low", "calibration_slope", "calibration_slope_high"]] = slope
    cautions = summarise(View(changed(two_class, signatures=table))).cautions
    assert any("too extreme for HER2-positive (calibration slope 0.50)" in text for text in cautions) == said


def test_repeated_openings_of_the_test_set_are_told(two_class: StudyResult) -> None:
    twice = changed(two_class, record=two_class.about.record | {"ledger": two_class.about.record["ledger"] * 2})
    assert any("opened 2 times" in text for text in summarise(View(twice)).cautions)


def test_methods_follow_the_settings(two_class: StudyResult) -> None:
    text = " ".join(methods_text(View(two_class))[0])
    assert all(
        words in text for words in ("ASCO/CAP 2018", "5 outer and 5 inner", "Youden", "30%", "seed 7", "numpy 2.4.6")
    )
    other = two_class.about.config.model_copy(
        update={"evaluation": two_class.about.config.evaluation.model_copy(update={"threshold": "sensitivity"})}
    )
    text = " ".join(methods_text(View(changed(two_class, config=other)))[0])
    assert "a sensitivity of at least 90%" in text
    assert "Laplacian of Gaussian (sigma 1, 2, 3, 4 and 5 pixels)" in text
    assert "Youden" not in text


def test_methods_number_every_reference_once(three_class: StudyResult) -> None:
    paragraphs, references = methods_text(View(three_class))
    cited = {int(n) for part in " ".join(paragraphs).split("[")[1:] for n in part.split("]")[0].split(", ")}
    assert cited == set(range(1, len(references) + 1))


def test_smd_of_numbers_by_hand() -> None:
    assert number_smd(pd.Series([1.0, 2, 3]), pd.Series([3.0, 4, 5])) == pytest.approx(2.0)
    assert np.isnan(number_smd(pd.Series([1.0]), pd.Series([3.0, 4, 5])))
    assert number_smd(pd.Series([1.0, 1]), pd.Series([1.0, 1])) == 0


def test_smd_of_two_levels_is_that_of_proportions() -> None:
    a, b = pd.Series(["x"] * 30 + ["y"] * 70), pd.Series(["x"] * 50 + ["y"] * 50)
    assert level_smd(a, b) == pytest.approx(0.2 / np.sqrt((0.3 * 0.7 + 0.5 * 0.5) / 2))


def test_smd_does_not_depend_on_which_level_is_left_out() -> None:
    a, b = pd.Series(list("aabbbccccc")), pd.Series(list("aaaabbccdc").copy()).replace("d", "c")
    renamed = {"a": "z", "b": "y", "c": "x"}
    assert level_smd(a, b) == pytest.approx(level_smd(a.map(renamed), b.map(renamed)))


def test_wording() -> None:
    assert number(-0.001) == "0.00"
    assert number(-0.5) == "−0.50"
    assert number(float("nan")) == "–"
    assert interval(0.78, 0.67, 0.88) == "0.78 (0.67–0.88)"
    assert interval(0.1, -0.1, 0.3) == "0.10 (−0.10 to 0.30)"
    assert interval(0.1, float("nan"), 0.3) == "0.10"
    assert p_value(0.0004) == "<0.001"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert duration(59) == "59.0 s"
    assert duration(7260) == "2 h 01 min"


def test_signatures_have_different_colours() -> None:
    names = ["Clinical", "Radiomics", "Clinical+Radiomics", "Clinical (pre-biopsy)", "Clinical+Radiomics (pre-biopsy)"]
    colours = signature_colours(names)
    assert len(set(colours.values())) == 5
    assert colours["Radiomics"] == signature_colours(["Radiomics"])["Radiomics"]
