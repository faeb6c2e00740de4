"""Which other readings a study is compared with."""

from __future__ import annotations

import pytest

from sonoher2.config.study import StudyConfig
from sonoher2.study.analyses.robustness.ablation import other_readings


def study(regions: str, enhance: str, mask: str | None = "mask") -> StudyConfig:
    images = {"table": "images.csv", **({"mask": mask} if mask else {})}
    return StudyConfig.model_validate(
        {
            "title": "t",
            "clinical": {"table": "c.csv", "columns": {"age": {"kind": "number", "timing": "pre-biopsy"}}},
            "target": {"column": "x", "positive": "1"},
            "images": images,
            "regions": regions,
            "enhance": enhance,
        }
    )


@pytest.mark.parametrize(
    ("regions", "enhance", "mask", "others"),
    [
        ("given", "none", "mask", {"automatic masks": {"regions": "segment"}, "enhanced images": {"enhance": "gan"}}),
        ("segment", "gan", "mask", {"given masks": {"regions": "given"}, "images as they are": {"enhance": "none"}}),
        ("segment", "none", None, {"enhanced images": {"enhance": "gan"}}),
        ("segment-missing", "none", "mask", {"enhanced images": {"enhance": "gan"}}),
    ],
)
def test_the_other_mask_and_the_other_image(
    regions: str, enhance: str, mask: str | None, others: dict[str, dict[str, str]]
) -> None:
    assert other_readings(study(regions, enhance, mask)) == others


def test_a_study_without_images_has_no_other_reading() -> None:
    assert other_readings(study("given", "none").model_copy(update={"images": None})) == {}
