"""Where a drawn line ends and a lesion begins."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.core.errors import InputError
from sonoher2.lesions.drawn_line import require_filled


def bar(height: int, width: int) -> np.ndarray:
    """A filled rectangle away from the border."""
    mask = np.zeros((90, 400), dtype=bool)
    mask[61 : 61 + height, 37 : 37 + width] = True
    return mask


@pytest.mark.parametrize(
    ("height", "width", "is_lesion"),
    [
        (1, 1, False),
        (2, 6, False),  # nowhere wider than two pixels
        (3, 3, True),
        # three or four wide: a line from a length of 32 on, over the corners; 31.3 and 32.2
        (4, 31, True),
        (4, 32, False),
        # five or six wide: from 48 on; 47.4 and 48.4
        (6, 47, True),
        (6, 48, False),
        (7, 300, True),
    ],
)
def test_a_line_is_thin_or_long(height: int, width: int, is_lesion: bool) -> None:
    for mask in (bar(height, width), bar(height, width).T):
        if is_lesion:
            require_filled(mask)
        else:
            with pytest.raises(InputError, match=r"thin line.* Fill the outline, so that the whole lesion is white"):
                require_filled(mask)


def test_up_to_half_of_what_is_enclosed_may_be_empty() -> None:
    mask = bar(12, 12)
    mask[62:71, 38:46] = False
    assert (~mask[61:73, 37:49]).sum() == 72
    require_filled(mask)
    mask[71, 38] = False
    with pytest.raises(InputError, match="only an outline, and empty within"):
        require_filled(mask)


def test_a_hole_may_reach_the_border_of_the_picture() -> None:
    ring = np.ones((9, 9), dtype=bool)
    ring[1:8, 1:8] = False
    with pytest.raises(InputError, match="only an outline"):
        require_filled(ring)
