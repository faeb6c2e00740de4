"""The bytes of a source that is no array."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sonoher2.core.errors import InputError
from sonoher2.images.content import content_of
from sonoher2.images.read import read_image
from sonoher2.lesions.mask import read_mask


def test_paths_and_bytes() -> None:
    assert content_of(Path("a.png")).where == content_of("a.png").where == "a.png"
    assert [content_of(kind(b"12"), "x").data for kind in (bytes, bytearray, memoryview)] == [b"12"] * 3


@pytest.mark.parametrize("source", [[[0, 1]], Image.new("L", (4, 4)), io.BytesIO(b"12"), None, 3])
def test_what_is_no_image_is_told_by_its_type_and_not_as_a_damaged_file(source: object) -> None:
    said = f"a value of type {type(source).__name__} is no image. Give a path, bytes, a DICOM dataset or an array."
    with pytest.raises(InputError) as error:
        read_image(source, name="left")  # type: ignore[arg-type]
    assert str(error.value) == f"left: {said}"
    with pytest.raises(InputError) as error:
        read_mask([source], np.zeros((4, 4)).shape)  # type: ignore[list-item,arg-type]
    assert str(error.value) == f"mask: {said}"
