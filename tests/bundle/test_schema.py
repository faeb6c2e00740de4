"""What a bundle carries over from its study, and what stays behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.bundle.load import MOST_BYTES
from sonoher2.bundle.schema import BundleSchema, schema_of
from sonoher2.config.clinical import ClinicalColumn, ClinicalConfig
from sonoher2.config.deep import DeepConfig
from sonoher2.config.images import ImagesConfig
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import Her2Target

TARGET = {"ihc": "a", "rule": "ASCO/CAP 2023", "values": {"9": "missing"}}
COLUMNS = {"age": ClinicalColumn(kind="number", timing="pre-biopsy", unit="years")}


def described(classes: tuple[str, ...] = ("negative", "positive"), **settings: object) -> BundleSchema:
    known = {
        "title": "A study",
        "synthetic": True,
        "timing": "biopsy",
        "images": ImagesConfig(table=Path("images.csv"), mask_label=2, crop_to_b_mode=False),
        "clinical": ClinicalConfig(table=Path("clinical.csv"), columns=COLUMNS),
        "target": Her2Target.model_validate(TARGET),
        "deep": DeepConfig(weights="/home/somebody/file.pt"),
        "radiomics": RadiomicsConfig(filters=["original"], bin_count=16, unit="mm"),
    }
    return schema_of(
        StudyConfig.model_validate(known | settings),
        version="9.8",
        classes=classes,
        signatures=("Clinical", "Radiomics"),
        main="Radiomics",
        thresholds={"Clinical": {"positive": 0.3}, "Radiomics": {"positive": 0.6}},
        threshold_rule="largest Youden index",
        training_patients={"negative": 7, "positive": 5},
    )


def test_what_is_carried_over() -> None:
    found = described()
    assert (found.format, found.sonoher2, found.title, found.synthetic, found.timing) == (
        1, "9.8", "A study", True, "biopsy",
    )  # fmt: skip
    assert (found.signatures, found.main) == (("Clinical", "Radiomics"), "Radiomics")
    assert found.thresholds == {"Clinical": {"positive": 0.3}, "Radiomics": {"positive": 0.6}}
    assert found.threshold_rule == "largest Youden index"
    assert found.training_patients == {"negative": 7, "positive": 5}
    assert found.clinical == COLUMNS
    assert found.radiomics == RadiomicsConfig(filters=["original"], bin_count=16, unit="mm")
    assert found.reading is not None
    assert found.reading.crop_to_b_mode is False


def test_what_stays_behind() -> None:
    found = described()
    # the cohort's mask label, the hospital's spellings and the path of the weights
    assert found.reading is not None
    assert found.reading.mask_label is None
    assert found.target.values == {}  # type: ignore[union-attr]
    assert found.target.rule == "ASCO/CAP 2023"  # type: ignore[union-attr]
    assert found.deep is not None
    assert (found.deep.weights, found.deep.size) == ("none", 160)


def test_spellings_of_a_missing_value_in_the_whole_table_go_with_each_column() -> None:
    columns = {"age": COLUMNS["age"], "calcification": ClinicalColumn(
        kind="yes/no", timing="pre-biopsy", contains="calc", missing=["see report", "99"],
    )}  # fmt: skip
    table = ClinicalConfig(table=Path("clinical.csv"), columns=columns, missing=["99", "n. t."])
    found = described(clinical=table).clinical
    assert found["age"].missing == ["99", "n. t."]
    assert found["calcification"].missing == ["see report", "99", "n. t."]
    assert columns["age"].missing == []


def test_a_study_without_images_measures_nothing() -> None:
    found = described(images=None)
    assert (found.reading, found.radiomics, found.deep) == (None, None, None)


def test_the_positive_one_of_two_classes_has_a_score_or_all_of_several() -> None:
    assert described().outcomes == {"positive": 1}
    assert described(("zero", "low", "high")).outcomes == {"zero": 0, "low": 1, "high": 2}


@pytest.mark.parametrize(
    ("settings", "unit"),
    [({}, "pixels"), ({"resample_mm": 0.1}, "mm"), ({"unit": "mm"}, "mm"), ({"unit": "pixels"}, "pixels")],
)
def test_a_bundle_without_a_unit_measures_in_pixels_unless_it_resamples(settings: dict, unit: str) -> None:
    found = described(radiomics=RadiomicsConfig(**settings))
    assert found.radiomics is not None
    assert found.radiomics.unit == unit


def test_limits_of_the_parts() -> None:
    mb = 1024 * 1024
    assert {
        "manifest.json": mb, "model.json": 16 * mb, "model.skops": 256 * mb, "network.skops": 2048 * mb,
        "reference.parquet": 64 * mb, "segmenter.safetensors": 64 * mb, "segmenter.images.json": 64 * mb,
        "enhancer.safetensors": 64 * mb, "enhancer.images.json": 64 * mb,
    } == MOST_BYTES  # fmt: skip
