"""Texts that a run drafts: the results section and the model card, and the section on stability."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.core.columns import TEST
from sonoher2.report.chapters.robustness.stability import outline_names, stability_parts
from sonoher2.report.content.parts import Table
from sonoher2.report.content.view import View
from sonoher2.report.writing.model_card import model_card, write_model_card
from sonoher2.report.writing.results_text import results_text
from sonoher2.study.results import StudyResult
from study_results import changed

OUTLINES = (("given", 0.0, 1.0, 0.8), ("redraw", 0.05, 0.9, 0.78), ("grow", 0.05, 0.88, 0.7))


def with_stability(result: StudyResult) -> StudyResult:
    rng = np.random.default_rng(3)
    names = [*result.model.coefficients["feature"], *(f"ring_original_glcm_F{i}" for i in range(8))]
    values = rng.uniform(0.3, 1, (len(names), 5))
    columns = ["icc", "icc_shift", "icc_grow", "icc_shrink", "icc_contour"]
    icc = pd.DataFrame(values, columns=columns).assign(feature=names, lesions=120)
    rows = [
        {
            "change": change, "strength": strength, "dice": dice, "signature": signature,
            "outcome": result.about.classes[1],
            "n": 90, "events": 30, "auc": auc, "auc_low": auc - 0.1, "auc_high": auc + 0.1,
            "difference": auc - 0.8, "low": auc - 0.85, "high": auc - 0.75, "moved": 0.02, "switched": 0.04,
        }
        for signature in ("Radiomics", "Clinical+Radiomics")
        for change, strength, dice, auc in OUTLINES
    ]  # fmt: skip
    return changed(result, feature_icc=icc, perturbed=pd.DataFrame(rows))


def test_results_give_the_figures_of_the_tables(two_class: StudyResult) -> None:
    text = "\n".join(results_text(View(two_class)))
    for row in two_class.performance.signatures.to_dict("records"):
        assert f"{row['auc']:.2f} ({row['auc_low']:.2f}–{row['auc_high']:.2f}) for {row['signature']}" in text
    assert "Of 341 patients, 29 HER2 indeterminate" in text
    assert f"{two_class.about.main} was best among the training patients" in text


def test_results_of_all_kinds_of_study(
    three_class: StudyResult, clinical: StudyResult, validation: StudyResult
) -> None:
    assert sum("AUC for" in text for text in results_text(View(three_class))) == 3
    assert not any("radiomic" in text for text in results_text(View(clinical)))
    assert not any("training" in text.lower() for text in results_text(View(validation)))


def test_results_name_the_worst_outline(two_class: StudyResult) -> None:
    text = results_text(View(with_stability(two_class)))[-1]
    assert "changed by −0.100" in text
    assert "down to 0.88" in text


def test_stability_section(two_class: StudyResult) -> None:
    view = View(with_stability(two_class))
    names = outline_names(view.result.robustness.perturbed)
    assert list(names.values()) == [
        "as given",
        "redrawn by 5%",
        "larger by 5%",
    ]
    parts = list(stability_parts(view))
    assert [part.name for part in parts] == ["redrawn", "redrawn", "feature_icc", "feature_icc"]  # type: ignore[union-attr]
    families = parts[3]
    assert isinstance(families, Table)
    assert families.shown["Features"].tolist()[:2] == ["all features", "selected features"]
    assert "ring: glcm" in set(families.shown["Features"])
    assert list(stability_parts(View(two_class))) == []


def test_model_card_says_what_matters(two_class: StudyResult, three_class: StudyResult) -> None:
    card = model_card(View(two_class), "ab" * 32)
    assert "not for clinical use" in card
    assert "ab" * 32 in card
    assert "ASCO/CAP 2018" in card
    assert "For you to fill in" in card
    tested = View(two_class).metrics(two_class.about.main, TEST, two_class.about.classes[1])
    assert tested is not None
    assert f"{tested['auc']:.2f} ({tested['auc_low']:.2f}–{tested['auc_high']:.2f})" in card
    assert "simulated" in model_card(View(three_class))


def test_card_goes_into_the_bundle_that_it_names(two_class: StudyResult, tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "manifest.json").write_text("{}", encoding="utf-8")
    write_model_card(View(two_class), tmp_path)
    cards = [(folder / "model-card.md").read_text(encoding="utf-8") for folder in (tmp_path, tmp_path / "bundle")]
    assert cards[0] == cards[1]
    assert "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" in cards[0]


def test_a_validation_has_no_card(validation: StudyResult, tmp_path: Path) -> None:
    write_model_card(View(validation), tmp_path)
    assert not list(tmp_path.iterdir())
