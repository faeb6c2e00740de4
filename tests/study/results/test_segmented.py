"""A segmented lesion that is kept with its pixels: the mask lies on the picture that it was drawn on."""

from __future__ import annotations

import numpy as np

from sonoher2.study.results.saved import _Reader, _Writer
from sonoher2.study.results.segmented import SegmentedLesion


def test_picture_and_mask_come_back_as_they_were(tmp_path) -> None:
    pixels, mask = np.array([[0.0, 127.5, 255.0]]), np.array([[False, True, False]])
    lesion, none = SegmentedLesion("P1", True, 0.875, pixels, mask), SegmentedLesion("P2", False, 0.25, pixels, ~mask)
    writer = _Writer()
    plain = writer.plain((lesion, none), "cohort.doubtful")
    first, second = _Reader(tmp_path, writer.arrays, tmp_path).value(tuple[SegmentedLesion, ...], plain)
    assert (first.patient_id, first.found, first.confidence) == ("P1", True, 0.875)
    assert (second.patient_id, second.found, second.confidence) == ("P2", False, 0.25)
    assert first.pixels.tolist() == [[0.0, 127.5, 255.0]]
    assert first.mask.tolist() == [[False, True, False]]
    assert second.mask.tolist() == [[True, False, True]]
    assert (first.pixels.dtype, first.mask.dtype) == (np.float64, np.bool_)
