from __future__ import annotations

import numpy as np
import pytest

from sonoher2.core.errors import InputError
from sonoher2.deep.crop import as_crops, lesion_crop, square_window, three_channels


def test_a_square_stays_square_and_a_wide_lesion_wide() -> None:
    mask = np.zeros((80, 120), bool)
    mask[30:50, 40:80] = True
    crop = lesion_crop(mask * 200, mask, size=64, margin=0.25)
    inside = crop[1] > 127
    height, width = inside.any(axis=1).sum(), inside.any(axis=0).sum()
    assert width == pytest.approx(64 / 1.5, abs=1.5)
    assert width / height == pytest.approx(2, rel=0.1)
    assert crop.shape == (2, 64, 64)
    assert crop[0][crop[1] == 255].min() >= 195


def test_the_window_is_centred_and_has_the_margin() -> None:
    mask = np.zeros((50, 60), bool)
    mask[10:20, 30:50] = True
    assert square_window(mask, 0.5) == (15 - 20, 40 - 20, 40)


@pytest.mark.parametrize(
    ("rows", "columns", "expected"),
    [
        # 20 x 20 with half of it on each side is 40 x 40: it leaves the image above, at the right, or nowhere
        ((2, 22), (30, 50), (0, 20, 40)),
        ((20, 40), (75, 95), (10, 60, 40)),
        ((20, 40), (30, 50), (10, 20, 40)),
        # the image is 60 high: a window of 80 becomes one of 60
        ((10, 50), (20, 60), (0, 10, 60)),
        # a lesion that is wider than the image is high keeps its width
        ((20, 40), (10, 90), (30 - 40, 10, 80)),
    ],
)
def test_a_window_inside_the_image(
    rows: tuple[int, int], columns: tuple[int, int], expected: tuple[float, float, float]
) -> None:
    mask = np.zeros((60, 100), bool)
    mask[slice(*rows), slice(*columns)] = True
    assert square_window(mask, 0.5, "inside") == expected


def test_a_window_inside_has_no_black_border() -> None:
    pixels, mask = np.full((60, 100), 200.0), np.zeros((60, 100), bool)
    mask[:12, :20] = True
    centred, inside = (lesion_crop(pixels, mask, size=40, margin=0.5, window=place) for place in ("centred", "inside"))
    assert (centred[0] == 0).any()
    assert (inside[0] == 200).all()
    # the lesion is as large in both
    assert inside[1].sum() == pytest.approx(centred[1].sum(), rel=0.05)


def test_beyond_the_image_is_black() -> None:
    pixels, mask = np.full((20, 20), 255.0), np.zeros((20, 20), bool)
    mask[:10, :10] = True
    crop = lesion_crop(pixels, mask, size=40, margin=0.5)
    assert not crop[0, :9].any()
    assert not crop[0, :, :9].any()
    assert (crop[0, 12:, 12:] == 255).all()


def test_what_the_network_sees_of_the_mask() -> None:
    crops = np.zeros((1, 2, 4, 4), np.uint8)
    crops[0, 0] = 51
    crops[0, 1, :2] = 255
    grey, channel, blank = (three_channels(crops, use)[0] for use in ("none", "channel", "blank"))
    np.testing.assert_allclose(grey, 0.2, rtol=1e-6)
    np.testing.assert_array_equal(channel[2], crops[0, 1] / 255)
    np.testing.assert_allclose(blank[:, :2], 0.2, rtol=1e-6)
    assert not blank[:, 2:].any()


def test_bad_crops_are_refused() -> None:
    with pytest.raises(InputError, match="mask is empty"):
        lesion_crop(np.ones((5, 5)), np.zeros((5, 5)), size=8)
    with pytest.raises(InputError, match=r"image has shape \(5, 5\)"):
        lesion_crop(np.ones((5, 5)), np.ones((5, 6)), size=8)
    with pytest.raises(InputError, match="patient 2"):
        as_crops([np.zeros((1, 2, 8, 8)), np.zeros((1, 2, 8, 9))], 8)


def test_a_crop_without_mask_is_lesion_all_over() -> None:
    ((crop,),) = as_crops([np.full((1, 8, 8), 7)], 8)
    assert (crop[0] == 7).all()
    assert (crop[1] == 255).all()
