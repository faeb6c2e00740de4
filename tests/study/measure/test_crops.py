"""A crop holds the lesion that its own row names, as it is read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sonoher2.config.deep import DeepConfig
from sonoher2.config.images import ImageReading
from sonoher2.study.measure import crops as module
from sonoher2.study.measure.crops import CROPS, crop_lesions
from sonoher2.study.measure.lesion_files import LesionFile


def test_each_lesion_is_opened_as_its_row_says_and_cut_as_the_network_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    mask = np.zeros((40, 40), bool)
    mask[10:30, 10:30] = True

    def open_lesion(image: str, masks: tuple[str, ...], **how: Any) -> Any:
        opened.append((image, masks, how))
        grey = np.full((40, 40), 50.0 if image == "a.png" else 90.0)
        return SimpleNamespace(image=SimpleNamespace(pixels=grey), mask=mask)

    class Context:
        def files(self, step: Any, items: list[Any], reading: Any, *seen: Any) -> list[Any]:
            assert step is CROPS
            return [module._crop(item.value, reading.value, *seen) for item in items]

    monkeypatch.setattr(module, "open_lesion", open_lesion)
    files = [LesionFile("b.png", ("n.png",), 0.2, 2), LesionFile("a.png", ("m.png",), 0.1)]
    hashes = dict.fromkeys(["a.png", "b.png", "m.png", "n.png"], "1")
    reading = ImageReading()
    first, second = crop_lesions(files, reading, DeepConfig(size=64, margin=0.5), hashes, Context())  # type: ignore[arg-type]
    assert opened == [
        ("b.png", ("n.png",), {"reading": reading, "mm_per_pixel": 0.2, "frame": 2, "enhancer": None}),
        ("a.png", ("m.png",), {"reading": reading, "mm_per_pixel": 0.1, "frame": None, "enhancer": None}),
    ]
    for crop, grey in ((first, 90), (second, 50)):
        assert (crop.shape, crop.dtype) == ((2, 64, 64), np.uint8)
        assert set(np.unique(crop[0])) == {grey}
    # half of the lesion's side is added on each side: the lesion fills a quarter of the crop, in its middle
    inside = np.asarray(second)[1] > 127
    assert inside.mean() == pytest.approx(0.25, abs=0.02)
    rows, columns = np.nonzero(inside)
    assert (rows.mean(), columns.mean()) == (pytest.approx(31.5, abs=1), pytest.approx(31.5, abs=1))
