import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.core.errors import InputError
from sonoher2.lesions.agreement import agreement, dice, iou, outline_distances

Mask = NDArray[np.bool_]


def blob(seed: int) -> Mask:
    noise = np.random.default_rng(seed).standard_normal((60, 80))
    rows, columns = np.ogrid[:60, :80]
    inside = ((rows - 30) / 18) ** 2 + ((columns - 40) / 25) ** 2 < 1 + 4 * ndimage.gaussian_filter(noise, 5)
    return np.asarray(inside)


def square(top: int, left: int, side: int) -> Mask:
    mask = np.zeros((20, 30), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def itk(mask: Mask, spacing: tuple[float, float] = (1.0, 1.0)) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing[::-1])
    return image


@pytest.mark.parametrize("seed", range(4))
def test_overlap_is_that_of_simpleitk(seed: int) -> None:
    first, second = blob(seed), blob(seed + 100)
    measures = SimpleITK.LabelOverlapMeasuresImageFilter()
    measures.Execute(itk(first), itk(second))
    assert dice(first, second) == pytest.approx(measures.GetDiceCoefficient())
    assert iou(first, second) == pytest.approx(measures.GetJaccardCoefficient())


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.08, 0.11)])
def test_distances_are_those_of_simpleitks_contours(spacing: tuple[float, float]) -> None:
    first, second = blob(1), blob(2)
    there_and_back = []
    for one, other in ((first, second), (second, first)):
        contour = SimpleITK.LabelContour(itk(other, spacing))
        far = SimpleITK.SignedMaurerDistanceMap(contour, squaredDistance=False, useImageSpacing=True)
        at = SimpleITK.GetArrayFromImage(SimpleITK.LabelContour(itk(one, spacing))) > 0
        there_and_back.append(np.abs(SimpleITK.GetArrayFromImage(far))[at])
    hd95, assd = outline_distances(first, second, spacing)
    assert hd95 == pytest.approx(max(np.percentile(part, 95) for part in there_and_back), rel=1e-5)
    assert assd == pytest.approx(np.concatenate(there_and_back).mean(), rel=1e-5)


def test_a_shifted_square_by_hand() -> None:
    # 10 x 10 and the same three columns to the right: 70 of 130 pixels are common
    found = agreement(square(5, 5, 10), square(5, 8, 10))
    assert found.dice == pytest.approx(140 / 200)
    assert found.iou == pytest.approx(70 / 130)
    assert found.hd95 == 3.0
    assert agreement(square(5, 5, 10), square(5, 8, 10), (0.1, 0.2)).hd95 == pytest.approx(0.6)


def test_equal_masks_agree_wholly() -> None:
    found = agreement(blob(3), blob(3))
    assert (found.dice, found.iou, found.hd95, found.assd) == (1.0, 1.0, 0.0, 0.0)


def test_empty_masks() -> None:
    nothing = np.zeros((20, 30), bool)
    both, one = agreement(nothing, nothing), agreement(nothing, square(5, 5, 4))
    assert (both.dice, both.iou, both.hd95, both.assd) == (1.0, 1.0, 0.0, 0.0)
    assert (one.dice, one.iou) == (0.0, 0.0)
    assert np.isnan([one.hd95, one.assd]).all()


def test_masks_of_two_sizes_are_refused() -> None:
    with pytest.raises(InputError, match="one mask has 20 rows x 30 columns and the other 60 rows x 80 columns"):
        agreement(square(5, 5, 4), blob(0))
