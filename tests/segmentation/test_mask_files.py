"""Masks and overlays as files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonoher2.segmentation.mask_files import mask_png, write_mask, write_overlay

MASK = np.zeros((9, 12), bool)
MASK[3:6, 4:8] = True


def test_a_mask_is_white_in_the_lesion(tmp_path: Path) -> None:
    read = np.asarray(Image.open(io.BytesIO(mask_png(MASK))))
    np.testing.assert_array_equal(read, np.where(MASK, 255, 0))
    write_mask(tmp_path / "m.png", MASK)
    assert (tmp_path / "m.png").read_bytes() == mask_png(MASK)


@pytest.mark.parametrize(("enlarged", "width"), [(1, 1), (100, 4)])
def test_the_outline_lies_around_the_lesion(enlarged: int, width: int, tmp_path: Path) -> None:
    mask = np.kron(MASK, np.ones((enlarged, enlarged), bool))
    write_overlay(tmp_path / "o.png", np.full(mask.shape, 80.4), mask)
    read = np.asarray(Image.open(tmp_path / "o.png"))
    line = (read == (230, 159, 0)).all(axis=2)
    assert not line[mask].any()
    assert (read[~line] == 80).all()
    # of the row through the middle of the lesion: the line left and right of it
    assert line[4 * enlarged + enlarged // 2].sum() == 2 * width


def test_nothing_is_drawn_where_there_is_no_lesion(tmp_path: Path) -> None:
    write_overlay(tmp_path / "o.png", np.full((9, 12), 80.0), np.zeros((9, 12), bool))
    assert (np.asarray(Image.open(tmp_path / "o.png")) == 80).all()
