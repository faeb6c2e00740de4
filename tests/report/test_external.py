"""Chapters on uncertainty, sites, shift and updating: from simulated results to the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.core.columns import TEST
from sonoher2.report.chapters.performance.reclassification import reclassification_parts
from sonoher2.report.chapters.performance.uncertainty import uncertainty_parts
from sonoher2.report.chapters.robustness.shift import shift_parts
from sonoher2.report.chapters.robustness.sites import site_parts
from sonoher2.report.chapters.robustness.updating import updating_parts
from sonoher2.report.content.parts import Drawing, Table
from sonoher2.report.content.view import View
from sonoher2.report.page.html import write_report
from sonoher2.study.analyses.sites import POOLED
from sonoher2.study.analyses.updating import FROZEN, UPDATES, update_predictions
from sonoher2.study.results import StudyResult
from study_results import changed, with_uncertainty


def with_sites(result: StudyResult) -> StudyResult:
    sites = np.resize(["North", "South", "West"], len(result.cohort.patients))
    return changed(result, patients=result.cohort.patients.assign(site=sites))


SHIFT = pd.DataFrame(
    {
        "part": ["features", "features", "clinical", "images"],
        "column": ["wavelet-HL_glcm_Contrast", "original_shape2D_Sphericity", "age", "rows"],
        "training": ["1.2 ± 0.3", "0.7 ± 0.1", "52 ± 11", "400 ± 0"],
        "new": ["2.1 ± 0.5", "0.7 ± 0.1", "57 ± 12", "500 ± 0"],
        "missing_training": [0.0, 0.0, 0.1, 0.0],
        "missing_new": [0.0, 0.0, 0.2, 0.0],
        "difference": [1.9, -0.05, 0.43, np.nan],
        "distance": [0.6, 0.05, 0.2, 1.0],
    }
)


DOMAIN = pd.DataFrame(
    {"space": ["clinical", "Radiomics"], "training": 200, "new": 89, "columns": [2, 9], "auc": [0.6, 0.9]}
).assign(auc_low=[0.5, 0.8], auc_high=[0.7, 0.95], p=[0.04, 0.005])


@pytest.fixture(scope="module")
def study(two_class) -> StudyResult:
    return with_uncertainty(with_sites(two_class))


@pytest.fixture(scope="module")
def external(study, validation) -> StudyResult:
    cohort = study.cohort.patients.loc[study.cohort.patients["set"] == TEST]
    second = with_uncertainty(changed(validation, patients=cohort), study.uncertainty.learned)
    labels = cohort["label"].map({name: k for k, name in enumerate(second.about.classes)})
    patients = pd.DataFrame({"label": labels, "group": range(len(cohort))}, index=cohort.index)
    return changed(
        second,
        shift=SHIFT,
        domain=DOMAIN,
        updated=update_predictions(second.performance.predictions, patients, 0.4, 0, 0.95),
    )


def table(parts, name: str) -> pd.DataFrame:
    return next(part.data for part in parts if isinstance(part, Table) and part.name == name)


def test_uncertainty_shows_the_sets_and_the_zones(study) -> None:
    parts = list(uncertainty_parts(View(study)))
    assert [part.name for part in parts] == ["coverage", "coverage", "zones", "zones"]
    assert table(parts, "coverage") is study.uncertainty.coverage
    assert "don’t know" in parts[0].caption


def test_three_classes_have_zones_of_each(three_class) -> None:
    parts = uncertainty_parts(View(with_uncertainty(three_class)))
    drawn = [part.name for part in parts if isinstance(part, Drawing)]
    assert drawn == ["coverage", "zones_1", "zones_2", "zones_3"]


def test_results_without_limits_show_nothing_of_them(two_class) -> None:
    view = View(two_class)
    for parts in (uncertainty_parts, reclassification_parts, site_parts, shift_parts, updating_parts):
        assert list(parts(view)) == []


def test_reclassification_says_that_it_is_secondary(study) -> None:
    [part] = reclassification_parts(View(study))
    assert part.caption.startswith("Secondary")
    assert len(part.shown) == len(study.performance.added_value)


def test_sites_have_a_figure_for_each_set_and_a_pooled_row(study) -> None:
    parts = list(site_parts(View(study)))
    assert [part.name for part in parts] == ["sites_train_oof", "sites_test", "sites"]
    assert "Pooled" in set(parts[-1].shown["Site"])
    assert POOLED in set(table(parts, "sites")["site"])


def test_shift_names_the_figures_of_the_images(external) -> None:
    drawing, found, domain = shift_parts(View(external))
    assert domain.shown["Columns of"].tolist() == ["clinical data", "Radiomics"]
    assert drawing.name == "shift"
    assert found.shown["Column"].iloc[-1] == "image rows (pixels)"
    assert found.shown["SMD"].tolist() == ["1.90", "−0.05", "0.43", "–"]


def test_updating_is_marked_and_shows_three_states_of_the_same_patients(external) -> None:
    text, drawing, found = updating_parts(View(external))
    assert text.paragraphs[0].startswith("Updating, not validation")
    assert drawing.name == "updating"
    assert set(found.data["update"]) == {FROZEN, *UPDATES}
    assert found.data["n"].nunique() == 1


@pytest.mark.parametrize("name", ["study", "external"])
def test_the_page_holds_all_of_it(name: str, request, tmp_path: Path) -> None:
    page = write_report(request.getfixturevalue(name), tmp_path).read_text(encoding="utf-8")
    for chapter in ("uncertainty", "sites", "reclassification", *(("shift", "updating") if name == "external" else ())):
        assert f'<section id="{chapter}">' in page


def test_nothing_is_said_of_a_training_set_that_is_not_there(external, tmp_path: Path) -> None:
    text = write_report(external, tmp_path).read_text(encoding="utf-8")
    for sentence in ("training matrices", "gives the training set too", "training patients were scored by"):
        assert sentence not in text
