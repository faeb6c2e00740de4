"""Every number of the study file: what it is unless told, the least and the most that is taken, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from annotated_types import Ge, Gt, Le, Len, Lt, MaxLen, MinLen, MultipleOf
from pydantic import BaseModel, ValidationError

from limits_by_hand import require_limits
from sonoher2.config.base import Strict
from sonoher2.config.clinical import ClinicalColumn, ClinicalConfig
from sonoher2.config.cluster import ClusterSettings
from sonoher2.config.deep import DeepConfig
from sonoher2.config.evaluation import EvaluationConfig, StabilityConfig
from sonoher2.config.image_networks import EnhancedImages, EnhancerTraining, SegmentedRegions, SegmenterTraining
from sonoher2.config.images import ImageReading, ImagesConfig
from sonoher2.config.models import ValidationConfig
from sonoher2.config.radiomics import RadiomicsConfig, Ring
from sonoher2.config.selection import HarmoniseConfig, SelectionConfig
from sonoher2.config.split import DateSplit, RandomSplit, SiteSplit
from sonoher2.config.study import StudyConfig
from sonoher2.config.tables import Join, TableReading, Template
from sonoher2.config.target import ColumnTarget, Her2Target, Recount

Bound = (Ge, Gt, Le, Lt, Len, MinLen, MaxLen, MultipleOf)
COLUMN = {"kind": "number", "timing": "pre-biopsy"}
HER2 = {"ihc": "IHC", "rule": "ASCO/CAP 2018"}
STUDY = {"clinical": {"table": "c.csv", "columns": {"age": COLUMN}}, "target": HER2}

# model, key, taken, refused
LIMITS: list[tuple[type[BaseModel], str, list[Any], list[Any]]] = [
    (StudyConfig, "seed", [0, 2**31 - 1], [-1, 2**31]),
    (StudyConfig, "models", [["ridge"]], [[], ["Ridge"]]),
    (DeepConfig, "network", [["a"]], [[]]),
    (DeepConfig, "epochs", [1, 500], [0, 501]),
    (DeepConfig, "unfreeze", [-1, 1000], [-2, 1001]),
    (DeepConfig, "size", [32, 1024], [31, 1025]),
    (DeepConfig, "margin", [0.0, 3.0], [-0.01, 3.01]),
    (StabilityConfig, "strength", [0.001, 0.3], [0, 0.301]),
    (StabilityConfig, "patients", [10, 1_000_000], [9, 1_000_001]),
    (StabilityConfig, "strengths", [[0.001], [0.3]], [[], [0], [0.301]]),
    (EvaluationConfig, "threshold_at", [0.001, 0.999], [0, 1]),
    (EvaluationConfig, "bootstrap", [100, 1_000_000], [99, 1_000_001]),
    (EvaluationConfig, "confidence", [0.501, 0.999], [0.5, 1]),
    (EvaluationConfig, "coverage", [0.501, 0.999], [0.5, 1]),
    (EvaluationConfig, "rule_out_sensitivity", [0.501, 0.999], [0.5, 1]),
    (EvaluationConfig, "rule_in_specificity", [0.501, 0.999], [0.5, 1]),
    (ValidationConfig, "outer_folds", [2, 10_000], [1, 10_001]),
    (ValidationConfig, "inner_folds", [2, 10_000], [1, 10_001]),
    (Ring, "mm", [0.001], [0, float("inf"), float("nan")]),
    (Ring, "share", [0.001], [0]),
    (RadiomicsConfig, "filters", [["log"]], [[], ["LoG"]]),
    (RadiomicsConfig, "log_sigma", [[0.001], [100.0]], [[], [0], [100.1]]),
    (RadiomicsConfig, "bin_count", [2, 256], [1, 257]),
    (RadiomicsConfig, "bin_width", [0.001], [0]),
    (RadiomicsConfig, "resample_mm", [0.001], [0]),
    (SelectionConfig, "icc", [0.001, 0.999], [0, 1]),
    (SelectionConfig, "alpha", [0.001, 0.999], [0, 1]),
    (SelectionConfig, "max_correlation", [0.001, 1.0], [0, 1.001]),
    (SelectionConfig, "mrmr", [1, 100_000, None], [0, 100_001]),
    (SelectionConfig, "bootstraps", [0, 10_000], [-1, 10_001]),
    (RandomSplit, "test_share", [0.001, 0.999], [0, 1]),
    (ImagesConfig, "mm_per_pixel_scale", [0.001, 1000.0], [0]),
    (TableReading, "header_row", [1, [1, 2], [3, 4]], [0, [1], [0, 1], [1, 3], [2, 1], [2, 2], [1, 2, 3]]),
    (TableReading, "encoding", ["gb18030", "utf-16"], ["gb18031", "hex"]),
    (ClinicalColumn, "low", [-1.0], [float("nan")]),
    (SegmenterTraining, "size", [32, 64, 512], [0, 31, 33, 544]),
    (SegmenterTraining, "epochs", [2, 500], [1, 501]),
    (SegmenterTraining, "adversarial", [0.0, 1.0], [-0.001, 1.001]),
    (SegmenterTraining, "batch", [1, 64], [0, 65]),
    (EnhancerTraining, "epochs", [2, 500], [1, 501]),
    (EnhancerTraining, "steps", [1, 10_000], [0, 10_001]),
    (EnhancerTraining, "patch", [16, 24, 512], [8, 17, 520]),
    (EnhancerTraining, "adversarial", [0.0, 1.0], [-0.001, 1.001]),
    (ClusterSettings, "jobs", [1, 500], [0]),
    (ClusterSettings, "cores", [1, 64], [0]),
]
WITH: dict[type[BaseModel], dict[str, Any]] = {
    ImagesConfig: {"table": "i.csv"},
    StudyConfig: STUDY,
    ClinicalColumn: COLUMN,
    ClusterSettings: {"jobs": 1, "cores": 1, "memory": "4 GB"},
}


@pytest.mark.parametrize(
    ("model", "key", "taken", "refused"), LIMITS, ids=[f"{model.__name__}.{key}" for model, key, *_ in LIMITS]
)
def test_what_is_taken_and_what_is_refused(
    model: type[BaseModel], key: str, taken: list[Any], refused: list[Any]
) -> None:
    require_limits(model, key, taken, refused, WITH.get(model, {}))


DEFAULTS: list[tuple[type[BaseModel], dict[str, Any], dict[str, Any]]] = [
    (DeepConfig, {}, {
        "network": ["EfficientNet-Lite0"], "training": "frozen", "epochs": 4, "unfreeze": 1, "weights": "auto",
        "size": 160, "margin": 0.3, "window": "centred", "pooling": "lesion", "mask": "none",
        "mirror": False,
    }),
    (StabilityConfig, {}, {"strength": 0.05, "patients": 100, "strengths": [0.05, 0.1]}),
    (EvaluationConfig, {}, {
        "threshold": "youden", "threshold_at": 0.9, "bootstrap": 2000, "confidence": 0.95, "coverage": 0.9,
        "rule_out_sensitivity": 0.95, "rule_in_specificity": 0.95, "subgroups": [],
    }),
    (ValidationConfig, {}, {"outer_folds": 5, "inner_folds": 5, "by": "random"}),
    (RadiomicsConfig, {}, {
        "filters": [
            "original", "wavelet", "log", "square", "squareroot", "logarithm", "exponential", "gradient", "lbp-2d",
        ],
        "log_sigma": [1, 2, 3, 4, 5], "bin_count": None, "bin_width": None, "resample_mm": None, "ring": None,
        "unit": None,
    }),
    (SelectionConfig, {}, {
        "icc": None, "icc_from": "second-reader", "test": "mann-whitney", "alpha": 0.05, "fdr": False,
        "correlation": "spearman", "max_correlation": 0.9, "mrmr": 30, "lasso": True, "bootstraps": 0,
    }),
    (TableReading, {}, {"sheet": None, "header_row": None, "encoding": None}),
    (Join, {"table": "j.csv", "on": "id"}, {
        "sheet": None, "header_row": None, "encoding": None, "table": Path("j.csv"), "on": "id",
    }),
    (ClinicalConfig, {"table": "c.csv"}, {
        "sheet": None, "header_row": None, "encoding": None, "table": Path("c.csv"), "join": [], "where": {},
        "patient_id": "patient_id", "columns": {}, "missing": [],
    }),
    (SegmenterTraining, {}, {
        "network": "EfficientNet-Lite0", "weights": "auto", "size": 128, "epochs": 30, "adversarial": 0.02, "batch": 8,
    }),
    (EnhancerTraining, {}, {"epochs": 10, "steps": 50, "patch": 128, "adversarial": 0.002}),
    (SegmentedRegions, {"segment": "w"}, {"segment": Path("w"), "training": None}),
    (EnhancedImages, {"gan": "w"}, {"gan": Path("w"), "training": None}),
    (ImageReading, {}, {
        "several_masks": "union", "crop_to_b_mode": False, "mask_label": None, "enhance": "none",
    }),
    (Ring, {"mm": 2}, {"mm": 2, "share": None}),
    (Template, {"template": "{a}"}, {"template": "{a}", "replace": {}}),
    (DateSplit, {"kind": "date", "test_from": "2020-01-01"}, {
        "kind": "date", "column": "date", "test_from": "2020-01-01",
    }),
    (SiteSplit, {"kind": "site", "test": ["B"]}, {"kind": "site", "column": "site", "test": ["B"]}),
    (Recount, {"result": "r"}, {"ratio": None, "copies": None, "result": "r"}),
    (ColumnTarget, {"column": "a", "positive": "x"}, {"column": "a", "positive": "x", "negative": None}),
    (ClusterSettings, {"jobs": 1, "cores": 2, "memory": "4 GB"}, {
        "jobs": 1, "cores": 2, "memory": "4 GB", "walltime": None, "queue": None, "account": None, "interface": None,
        "local_directory": None, "log_directory": None, "job_extra_directives": None, "job_script_prologue": None,
    }),
    (HarmoniseConfig, {"reference": "A"}, {"method": "combat", "reference": "A"}),
    (RandomSplit, {}, {"kind": "random", "test_share": 0.3}),
    (ImagesConfig, {"table": "i.csv"}, {
        "sheet": None, "header_row": None, "encoding": None, "several_masks": "union", "crop_to_b_mode": False,
        "mask_label": None, "table": Path("i.csv"), "join": [], "where": {}, "patient_id": "patient_id",
        "image": "image", "mask": None, "second_mask": None, "lesion_id": None, "view": None, "site": None,
        "scanner": None, "date": None, "frame": None, "mm_per_pixel": None, "mm_per_pixel_scale": 1.0,
        "near_duplicates": True,
    }),
    (ClinicalColumn, COLUMN, {
        **COLUMN, "column": None, "unit": "", "levels": [], "contains": None, "low": None, "high": None, "missing": [],
        "several": "refuse",
    }),
    (Her2Target, HER2, {
        **HER2, "ish": None, "ratio": None, "copies": None, "status": None, "task": "positive-vs-negative",
        "values": {}, "ish_rule": None, "recount": None,
    }),
]  # fmt: skip


@pytest.mark.parametrize(("model", "given", "expected"), DEFAULTS, ids=[model.__name__ for model, *_ in DEFAULTS])
def test_what_holds_unless_told(model: type[BaseModel], given: dict[str, Any], expected: dict[str, Any]) -> None:
    assert model.model_validate(given).model_dump() == expected


def settings() -> Iterator[type[Strict]]:
    """Every class of settings, those of classes within classes too."""
    waiting = [Strict]
    while waiting:
        inner = [one for one in waiting.pop().__subclasses__() if one.__module__.startswith("sonoher2.config.")]
        yield from inner
        waiting += inner


def test_every_limit_and_every_default_stands_in_these_tables() -> None:
    limited, known = {(model, key) for model, key, *_ in LIMITS}, {model for model, *_ in DEFAULTS}
    # those of a study as a whole are below
    inside = {StudyConfig}
    for model in settings():
        if model.__name__.startswith("_"):
            continue
        for key, field in model.model_fields.items():
            if field.metadata and any(isinstance(one, Bound) for one in field.metadata):
                assert any((base, key) in limited for base in model.__mro__), f"{model.__name__}.{key}"
        if any(not field.is_required() for field in model.model_fields.values()):
            assert model in inside or any(issubclass(one, model) for one in known), model.__name__


def test_a_study_unless_told() -> None:
    study = StudyConfig.model_validate(STUDY)
    told = {name: getattr(study, name) for name in ("title", "seed", "synthetic", "timing", "regions", "enhance")}
    assert told == {
        "title": "HER2 study", "seed": 0, "synthetic": False, "timing": "pre-biopsy", "regions": "given",
        "enhance": "none",
    }  # fmt: skip
    assert (study.images, study.deep, study.harmonise, study.ablation) == (None, None, None, False)
    assert len(study.models) == 13
    assert study.stability == StabilityConfig()


def study(**parts: Any) -> StudyConfig:
    return StudyConfig.model_validate({**STUDY, **parts})


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"deep": {"network": ["a", "b", "a"]}}, "the network a is listed twice"),
        ({"deep": {"network": ["a", "b"], "weights": "w.safetensors"}}, "a file of weights fits one network"),
        ({"deep": {"training": "fine-tuned"}, "validation": {"outer_folds": 2}}, "outer_folds of 3 or more"),
        ({"selection": {"icc": 0.8}}, "no second reader is named"),
        ({"selection": {"icc": 0.8}, "images": {"table": "i.csv"}}, "no second reader is named"),
        ({"harmonise": {"reference": "A"}}, "harmonise needs sites"),
        ({"validation": {"by": "site"}, "images": {"table": "i.csv"}}, "validation.by: site needs sites"),
        (
            {"validation": {"by": "site"}, "harmonise": {"reference": "A"}, "images": {"table": "i", "site": "s"}},
            "leaves the reference site out in one fold",
        ),
        ({"evaluation": {"subgroups": ["site"]}, "images": {"table": "i.csv", "scanner": "s"}}, "known: age, scanner$"),
        ({"evaluation": {"subgroups": ["scanner"]}, "images": {"table": "i.csv", "site": "s"}}, "known: age, site$"),
        ({"radiomics": {"unit": "pixels", "resample_mm": 0.1}}, "resampled images are measured in mm"),
    ],
)
def test_parts_that_do_not_fit_each_other(parts: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        study(**parts)
    (problem,) = caught.value.errors()
    assert re.search(words, problem["msg"])


@pytest.mark.parametrize(
    "parts",
    [
        {"deep": {"network": ["a", "b"], "weights": "hub"}},
        {"deep": {"network": "a", "weights": "w.safetensors"}},
        {"deep": {"training": "fine-tuned"}, "validation": {"outer_folds": 3}},
        {"deep": {"training": "frozen"}, "validation": {"outer_folds": 2}},
        {"selection": {"icc": 0.8}, "images": {"table": "i.csv", "second_mask": "m"}},
        {"selection": {"icc": 0.8, "icc_from": "perturbation"}},
        {"harmonise": {"reference": "A"}, "images": {"table": "i.csv", "site": "s"}},
        {"harmonise": {"reference": "A"}, "split": {"kind": "site", "test": ["B"]}},
        {"evaluation": {"subgroups": ["age", "site"]}, "split": {"kind": "site", "test": ["B"]}},
        {"evaluation": {"subgroups": ["scanner"]}, "images": {"table": "i.csv", "scanner": "s"}},
        {"radiomics": {"unit": "mm", "resample_mm": 0.1}},
        {"radiomics": {"unit": "pixels"}},
    ],
)
def test_parts_that_fit_each_other(parts: dict[str, Any]) -> None:
    study(**parts)


def test_what_a_frozen_model_must_know_of_the_reading_of_images() -> None:
    assert study().reading is None
    images = {"table": "i.csv", "several_masks": "largest", "crop_to_b_mode": True, "mask_label": "2"}
    assert study(images=images, enhance="gan").reading == ImageReading(
        several_masks="largest", crop_to_b_mode=True, mask_label="2", enhance="gan"
    )


def test_spellings_of_one_column_go_before_those_of_all() -> None:
    target = Her2Target.model_validate(
        {**HER2, "values": {"2＋": "2+", "x": "0", "ihc": {"x": "3+"}, "ish": {"+": "positive"}}}
    )
    assert target.spellings("ihc") == {"2＋": "2+", "x": "3+"}
    assert target.spellings("ish") == {"2＋": "2+", "x": "0", "+": "positive"}
    assert target.spellings("ratio") == {"2＋": "2+", "x": "0"}


def test_columns_that_a_status_rests_on() -> None:
    parts = {
        "ish": "FISH",
        "copies": "n",
        "status": "HER2",
        "recount": {"ratio": "r2", "copies": "n2", "result": "last"},
    }
    target = Her2Target.model_validate({**HER2, **parts})
    assert target.columns == ("IHC", "FISH", "n", "HER2", "r2", "n2", "last")


@pytest.mark.parametrize(
    ("parts", "words"), [({"ratio": "r"}, "has both"), ({"copies": "n"}, "has both"), ({}, "or its `result`")]
)
def test_half_a_recount_is_refused(parts: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Recount.model_validate(parts)
