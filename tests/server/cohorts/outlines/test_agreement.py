"""Agreement of readers, on masks small enough to count."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from sonoher2.lesions.agreement import dice
from sonoher2.lesions.mask import Mask
from sonoher2.server.cohorts.outlines.agreement import measure_agreements, over_patients, pair_agreements
from sonoher2.server.cohorts.outlines.models import AREA, ImageAgreement, ReadImage, image_agreements, lowest_dice

MASKS: dict[str, Mask] = {}


def columns(*filled: int) -> Mask:
    """Mask of 2 rows and 6 columns with some columns filled."""
    mask = np.zeros((2, 6), dtype=bool)
    mask[:, list(filled)] = True
    return mask


def read(image: str, reader: str, mask: Mask | None, area: float | None = None, patient: str = "") -> ReadImage:
    name = None if mask is None else mask.tobytes().hex()
    if mask is not None and name is not None:
        MASKS[name] = mask
    return ReadImage(image, patient or f"p-{image}", reader, name, {} if area is None else {AREA: area})


def compared(rows: list[ReadImage]) -> list[ImageAgreement]:
    return image_agreements(rows, lambda one, other: dice(MASKS[one], MASKS[other]))


def test_dice_of_each_pair_on_each_image() -> None:
    found = compared(
        [
            read("i", "Wu", columns(0, 1)),
            read("i", "Li", columns(1, 2, 3)),
            read("i", "Zhao", columns(0, 1)),
            read("k", "Li", columns(4)),
        ]
    )
    # 2 pixels in common of 4 + 6
    assert [(one.first, one.second, one.dice) for one in found] == [
        ("Li", "Wu", pytest.approx(0.4)),
        ("Li", "Zhao", pytest.approx(0.4)),
        ("Wu", "Zhao", 1.0),
    ]
    assert lowest_dice(found) == {"i": pytest.approx(0.4)}


def test_a_missed_lesion_is_told_apart_from_a_small_overlap() -> None:
    found = compared(
        [
            *(read("one missed", "Li", None), read("one missed", "Wu", columns(1))),
            *(read("apart", "Li", columns(0)), read("apart", "Wu", columns(1))),
            *(read("none", "Li", None), read("none", "Wu", None)),
        ]
    )
    assert [(one.image, one.dice, one.missed) for one in found[:2]] == [("one missed", 0.0, "Li"), ("apart", 0.0, "")]
    assert isnan(found[2].dice)
    assert found[2].missed == ""
    assert lowest_dice(found) == {"one missed": 0.0, "apart": 0.0}
    (pair,) = pair_agreements(found)
    assert (pair.first, pair.second, pair.images, pair.drawn) == ("Li", "Wu", 3, 1)
    assert (pair.missed_by_first, pair.missed_by_second, pair.seen_by_neither) == (1, 0, 1)
    # a lesion that was missed is counted, and is no overlap
    assert (pair.dice.value, pair.median, pair.lowest) == (0.0, 0.0, 0.0)


def test_a_pair_is_summed_up_over_images_that_both_have_outlined() -> None:
    found = compared(
        [
            *(read("a", "Li", columns(0, 1)), read("a", "Wu", columns(0, 1))),
            *(read("b", "Li", columns(0)), read("b", "Wu", columns(0, 1, 2))),
            *(read("c", "Li", columns(0, 1)), read("c", "Wu", columns(0, 1))),
            read("d", "Li", columns(0)),
        ]
    )
    (pair,) = pair_agreements(found)
    # 1, 2*2/(2+6) = 0.5, 1
    assert pair.dice.value == pytest.approx(2.5 / 3)
    assert (pair.median, pair.lowest, pair.images) == (1.0, 0.5, 3)
    assert pair.dice.low == 0.5
    assert pair.dice.high == 1.0


def test_icc_is_that_of_absolute_agreement() -> None:
    rows = []
    for image, (one, other) in {"a": (1, 2), "b": (3, 4), "c": (5, 6)}.items():
        rows += [read(image, "Li", columns(0), one), read(image, "Wu", columns(0), other)]
    (row,) = measure_agreements(rows)
    # mean squares: images 8, readers 1.5, rest 0; 8 / (8 + 2 * 1.5 / 3). Consistency alone would be 1
    assert row.icc.value == pytest.approx(8 / 9)
    assert (row.measure, row.readers, row.images, row.patients) == (AREA, ("Li", "Wu"), 3, 3)


def test_icc_of_every_pair_and_of_all_readers_on_what_they_have_in_common() -> None:
    rows = []
    for image, areas in {"a": (1, 2, 1), "b": (3, 4, 3), "c": (5, 6, 5)}.items():
        for reader, area in zip(("Li", "Wu", "Zhao"), areas, strict=True):
            rows.append(read(image, reader, columns(0), area))
    rows += [read("d", "Li", columns(0), 9), read("d", "Wu", None), read("e", "Li", columns(0), 7)]
    found = {one.readers: one for one in measure_agreements(rows)}
    assert set(found) == {("Li", "Wu"), ("Li", "Zhao"), ("Wu", "Zhao"), ("Li", "Wu", "Zhao")}
    assert {one.images for one in found.values()} == {3}
    assert found["Li", "Zhao"].icc.value == pytest.approx(1.0)
    # images 3 * (4 + 0 + 4) / 2 = 12; readers' means 3, 4, 3: 3 * (1/9 + 4/9 + 1/9) / 2 = 1; rest 0; 12 / (12 + 3 / 3)
    assert found["Li", "Wu", "Zhao"].icc.value == pytest.approx(12 / 13)


def test_patients_are_drawn_with_all_their_images() -> None:
    values = np.array([0.0, 0.0, 0.0, 1.0])

    def mean(rows: np.ndarray) -> np.ndarray:
        return np.array([values[rows].mean()])

    (estimate,) = over_patients(mean, ["P1", "P1", "P1", "P2"])
    # of two draws of two patients: 0, 1/4 or 1, each of the ends in a quarter of the draws
    assert (estimate.value, estimate.low, estimate.high) == (0.25, 0.0, 1.0)
    (alone,) = over_patients(mean, ["P1"] * 4)
    assert alone.value == 0.25
    assert isnan(alone.low)
    assert isnan(alone.high)


def test_a_figure_that_hardly_any_draw_determines_has_no_interval() -> None:
    (row,) = measure_agreements([read("a", "Li", columns(0), 1.0), read("a", "Wu", columns(0), 1.0)])
    assert isnan(row.icc.value)
    assert isnan(row.icc.low)
