"""One unit for all images of a study."""

from __future__ import annotations

import pytest

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.cohort.images.pixel_size import length_unit, pixel_sizes
from sonoher2.config.radiomics import RadiomicsConfig

KNOWN = [("a.png", (0.1, 0.1)), ("b.png", (0.2, 0.1))]
PARTLY = [("x/a.png", (0.1, 0.1)), ("x/b.png", None), ("x/c.png", None)]


def test_known_sizes_are_used_unless_the_study_wants_pixels() -> None:
    assert length_unit(RadiomicsConfig(), KNOWN) == ("mm", [])
    assert length_unit(RadiomicsConfig(unit="mm"), KNOWN) == ("mm", [])
    assert length_unit(RadiomicsConfig(unit="pixels"), KNOWN) == ("pixels", [])


def test_a_single_unknown_size_puts_all_in_pixels_with_one_warning() -> None:
    unit, [finding] = length_unit(RadiomicsConfig(), PARTLY)
    assert (unit, finding.severity) == ("pixels", "warning")
    assert "unknown for 2 of 3 images (b.png, c.png)" in finding.what
    unit, [finding] = length_unit(RadiomicsConfig(), [("a.png", None)] * 7)
    assert (unit, finding.severity) == ("pixels", "warning")
    assert "unknown for 7 of 7 images, so" in finding.what
    assert length_unit(RadiomicsConfig(unit="pixels"), PARTLY) == ("pixels", [])


def test_many_names_are_cut_and_counted() -> None:
    sizes = [("known.png", (0.1, 0.1)), *((f"{i}.png", None) for i in range(25))]
    _, [finding] = length_unit(RadiomicsConfig(), sizes)
    assert "unknown for 25 of 26 images (0.png, 1.png," in finding.what
    assert "19.png and 5 more)" in finding.what
    _, [finding] = length_unit(RadiomicsConfig(), sizes[:21])
    assert "18.png, 19.png), so" in finding.what


@pytest.mark.parametrize(
    ("radiomics", "where"),
    [
        ({"resample_mm": 0.1}, "radiomics.resample_mm"),
        ({"ring": {"mm": 2}}, "radiomics.ring.mm"),
        ({"resample_mm": 0.1, "ring": {"mm": 2}}, "radiomics.resample_mm, radiomics.ring.mm"),
        ({"unit": "mm"}, "radiomics.unit"),
    ],
)
@pytest.mark.parametrize("sizes", [PARTLY, [("a.png", None)]])
def test_settings_in_mm_need_the_size_of_every_pixel(radiomics: dict[str, object], where: str, sizes: list) -> None:
    _, [finding] = length_unit(RadiomicsConfig.model_validate(radiomics), sizes)
    assert (finding.severity, finding.where) == ("error", where)
    assert "the size of a pixel is unknown for" in finding.what


def test_images_that_cannot_be_read_have_no_say() -> None:
    records = [ImageRecord(mm_per_pixel=(0.1, 0.2)), ImageRecord(problem="broken"), ImageRecord()]
    assert pixel_sizes(["a", "b", "c"], records) == [("a", (0.1, 0.2)), ("c", None)]
