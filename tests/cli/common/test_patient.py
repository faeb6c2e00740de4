"""Options of `predict`: which mask, frame and size belong to which image."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonoher2.cli.common.patient import patient_of
from sonoher2.core.errors import UsageError

A, B, M, N = (Path(f"{name}.png") for name in "abmn")


def test_masks_frames_and_sizes_go_to_the_images_in_order() -> None:
    first, second = patient_of([A, B], [M, N], [], [0.1, 0.2], [3, 4]).images
    assert (first.image, first.masks, first.mm_per_pixel, first.frame) == (A, (M,), 0.1, 3)
    assert (second.image, second.masks, second.mm_per_pixel, second.frame) == (B, (N,), 0.2, 4)


def test_all_masks_belong_to_the_only_image() -> None:
    [only] = patient_of([A], [M, N], []).images
    assert only.masks == (M, N)


@pytest.mark.parametrize(("given", "sizes"), [([], [None, None]), ([0.1], [0.1, 0.1]), ([0.1, 0.2], [0.1, 0.2])])
def test_pixel_sizes_are_given_once_or_for_each_image(given: list[float], sizes: list[float | None]) -> None:
    assert [image.mm_per_pixel for image in patient_of([A, B], [], [], given).images] == sizes
    with pytest.raises(UsageError, match=r"2 images and 3 sizes of a pixel.*--mm-per-pixel"):
        patient_of([A, B], [], [], [0.1, 0.2, 0.3])


def test_what_is_known_besides_images() -> None:
    patient = patient_of([A], [M], ["age=52", " grade = 3=high "], site="Scanner B", label="2")
    assert (patient.clinical, patient.site, patient.mask_label) == ({"age": "52", "grade": "3=high"}, "Scanner B", "2")


def test_options_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(UsageError, match="one --mask for each --image"):
        patient_of([A, B], [M], [])
    with pytest.raises(UsageError, match="KEY=VALUE"):
        patient_of([], [], ["age"])
    with pytest.raises(UsageError, match="KEY=VALUE"):
        patient_of([], [], [" =5"])
    with pytest.raises(UsageError, match="2 images and 1 frames"):
        patient_of([A, B], [], [], frames=[3])
    with pytest.raises(UsageError, match="given twice"):
        patient_of([], [], ["age=50", "age=51"])


def test_options_of_images_without_an_image_are_refused() -> None:
    with pytest.raises(UsageError, match=r"^--mm-per-pixel and --label of no image; give --image too"):
        patient_of([], [], ["age=52"], [0.1], label="2")
    with pytest.raises(UsageError, match=r"^--label of no image"):
        patient_of([], [], ["age=52"], label="2")
