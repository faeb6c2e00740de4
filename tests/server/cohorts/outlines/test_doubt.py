"""Which images come first in a worklist."""

from __future__ import annotations

import pytest

from sonoher2.server.cohorts.outlines.doubt import doubt


def test_a_sure_outline_of_a_good_image_is_in_little_doubt() -> None:
    assert doubt(0.95) == doubt(0.95, given_dice=0.99)
    assert doubt(0.95).score == pytest.approx(0.05)
    assert doubt(0.95).reasons == ()
    assert doubt(0.85).reasons == ()


def test_the_less_sure_the_earlier() -> None:
    assert doubt(0.6).reasons == ("unsure",)
    assert doubt(0.6).score == pytest.approx(0.4)
    assert doubt(0.6).score > doubt(0.8).score > doubt(0.9).score


def test_no_lesion_comes_before_an_unsure_one_and_an_unreadable_file_before_all() -> None:
    assert doubt(None).reasons == ("no lesion",)
    assert doubt(None, problem="broken").reasons == ("not readable",)
    assert doubt(None, problem="broken").score > doubt(None).score > doubt(0.5).score


def test_outlines_that_differ_raise_doubt() -> None:
    assert doubt(0.95, given_dice=0.2).reasons == ("other than given",)
    assert doubt(0.95, given_dice=0.2).score == pytest.approx(0.8)
    assert doubt(0.95, readers_dice=0.0).reasons == ("readers differ",)
    assert doubt(0.95, readers_dice=0.0).score == 1.0
    assert doubt(0.95, given_dice=0.7, readers_dice=0.7).reasons == ()


def test_findings_of_quality_and_of_masks_are_named() -> None:
    poor = doubt(0.9, ("blurred", "small lesion"))
    assert poor.reasons == ("blurred", "small lesion")
    # 0.1 of the segmenter and 0.15 for each finding
    assert poor.score == pytest.approx(0.4)
    assert doubt(0.95, mask_problem="empty").reasons == ("mask not readable",)
    assert doubt(0.6, ("blurred",)).reasons == ("unsure", "blurred")
