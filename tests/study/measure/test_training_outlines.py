"""Training lesions measured under further outlines: whose, and what their mean is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.signatures.feature_table import join_feature_groups
from sonoher2.study.measure import training_outlines as module
from sonoher2.study.measure.measured import Measured
from sonoher2.study.measure.training_outlines import with_training_outlines

MEANS = "radiomics (mean over outlines)"
NAMES = pd.Index(["B", "A", "C"], name="patient_id")
TRAINING = np.array([True, True, False])


def measured() -> Measured:
    """Three patients, A with two images; C is a test patient."""
    patients = pd.DataFrame({"label": [0, 1, 0]}, index=NAMES)
    images = pd.DataFrame({"patient_id": ["B", "A", "C", "A"], "image": ["b", "a1", "c", "a2"], "masks": [("m",)] * 4})
    features = pd.DataFrame({"area": [3.0, 6.0, 100.0, 12.0], "other": [1.0, 2.0, 3.0, np.nan]})
    table = pd.DataFrame({"area": [3.0, 9.0, 100.0], "other": [1.0, 2.0, 3.0]}, index=NAMES)
    cohort = Cohort(patients, images, ("no", "yes"), {}, ())
    return Measured(cohort, features, join_feature_groups({"radiomics": table}))


class AStudy(SimpleNamespace):
    def model_copy(self, update: dict[str, object]) -> AStudy:
        return AStudy(**{**vars(self), **update})


def study(*outlines: str, **values: object) -> Any:
    own = {"reading": ImageReading(), "radiomics": RadiomicsConfig(), "seed": 5, "regions": "given"}
    return AStudy(**{**own, "training_outlines": list(outlines), **values})


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The segmenter's masks have other areas, and a redrawn one ten times a given one; both say who was measured."""
    seen: dict[str, Any] = {}
    automatic = {"b": [6.0, 3.0], "a1": [9.0, np.nan], "a2": [0.0, 8.0], "c": [1.0, 1.0]}

    def segmented(cohort: Cohort, study: Any, context: object) -> tuple[Cohort, pd.DataFrame]:
        seen["outlined"], seen["regions"] = cohort.images["image"].tolist(), study.regions
        seen["patients"] = sorted(cohort.patients.index)
        found = (cohort.images["image"] != "a2").to_numpy()
        table = pd.DataFrame({"mask": "auto", "found": found}, index=cohort.images.index)
        return cohort, table

    def tried(files: list[Any], *how: object) -> Any:
        seen["masks"] = [masks for _, masks in files]
        return SimpleNamespace(features=np.array([automatic[image] for image, _ in files]).reshape(-1, 2))

    def redrawn(files: list[Any], ways: list[Any], *how: object) -> Any:
        seen["redrawn"], seen["ways"], seen["seed"] = [image for image, _ in files], ways, how[3]
        return SimpleNamespace(features=np.array([[[30.0, 1.0]], [[60.0, 5.0]], [[120.0, 7.0]]])[: len(files)])

    monkeypatch.setattr(module, "lesion_files", lambda images: list(zip(images["image"], images["masks"], strict=True)))
    monkeypatch.setattr(module, "file_hashes", lambda images: {})
    monkeypatch.setattr(module, "segment_cohort", segmented)
    monkeypatch.setattr(module, "try_lesions", tried)
    monkeypatch.setattr(module, "measure_perturbed", redrawn)
    return seen


def outlined(*outlines: str) -> pd.DataFrame:
    found = with_training_outlines(measured(), TRAINING, study(*outlines), None)  # type: ignore[arg-type]
    plain = measured()
    pd.testing.assert_frame_equal(found.feature_table[["radiomics"]], plain.feature_table)
    pd.testing.assert_frame_equal(found.features, plain.features)
    means: pd.DataFrame = found.feature_table[MEANS]
    return means


def test_redrawn_outlines_of_training_patients_are_averaged_with_the_given_ones(by_hand: dict[str, Any]) -> None:
    means = outlined("redraw")
    assert by_hand["redrawn"] == ["b", "a1", "a2"]
    assert [tuple(way) for way in by_hand["ways"]] == [("redraw", 0.1)]
    assert by_hand["seed"] == 5
    # B: (3 + 30) / 2; A's images: (6 + 60) / 2 and (12 + 120) / 2, then their mean
    assert means["area"].tolist()[:2] == [16.5, 49.5]
    # A's second image has no other feature under the given mask
    assert means["other"].tolist()[:2] == [1, (3.5 + 7) / 2]
    assert means.loc["C"].isna().all()
    assert "outlined" not in by_hand


def test_the_segmenters_outlines_count_where_it_found_a_lesion(by_hand: dict[str, Any]) -> None:
    means = outlined("segment")
    assert by_hand["outlined"] == ["b", "a1", "a2"]
    assert by_hand["patients"] == ["A", "B"]
    assert by_hand["regions"] == "segment"
    assert by_hand["masks"] == [("auto",), ("auto",)]
    # it found nothing in a2, which counts with its given mask
    assert means["area"].tolist()[:2] == [4.5, (7.5 + 12) / 2]
    assert means["other"].tolist()[:2] == [2, 2]
    assert means.loc["C"].isna().all()
    assert "redrawn" not in by_hand


def test_all_outlines_count_alike(by_hand: dict[str, Any]) -> None:
    means = outlined("redraw", "segment")
    assert means["area"].tolist()[:2] == [13, (25 + 66) / 2]
    assert outlined("segment", "redraw")["area"].tolist()[:2] == [13, (25 + 66) / 2]


def test_nothing_is_measured_that_nobody_asked_for(by_hand: dict[str, Any]) -> None:
    plain = measured()
    assert with_training_outlines(plain, TRAINING, study(), None) is plain  # type: ignore[arg-type]
    assert with_training_outlines(plain, TRAINING, study("redraw", reading=None), None) is plain  # type: ignore[arg-type]
    assert not by_hand


def test_where_the_segmenter_finds_nothing_the_given_masks_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(cohort: Cohort, study: Any, context: object) -> tuple[Cohort, pd.DataFrame]:
        return cohort, pd.DataFrame({"mask": "auto", "found": False}, index=cohort.images.index)

    monkeypatch.setattr(module, "segment_cohort", none)
    assert outlined("segment")["area"].tolist()[:2] == [3, 9]
