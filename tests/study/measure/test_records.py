"""A look at every image: each row's own record, and what cannot be read as a problem in its place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.config.images import ImageReading
from sonoher2.core.errors import InputError
from sonoher2.study.measure import records as module
from sonoher2.study.measure.records import image_records

IMAGES = pd.DataFrame(
    {
        "image": ["a.png", "b.png", "c.png"],
        "masks": [("m.png",), (), ("m.png", "n.png")],
        "second_mask": ["s.png", None, None],
        "mm_per_pixel": [0.1, np.nan, 0.3],
        "frame": [np.nan, np.nan, 2.0],
    }
)
HASHES = {f"{name}.png": name for name in "abcmns"}


def test_every_row_is_looked_at_as_it_is_and_a_problem_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[tuple[Any, ...]] = []

    def look(image: str, *how: Any) -> ImageRecord:
        rows.append((image, *how[:-1]))
        return ImageRecord(problem="no picture" if image == "b.png" else "", format=image)

    class Context:
        def attempt(self, step: Any, items: list[Any], how: Any) -> Any:
            values, problems = {}, {}
            for number, item in enumerate(items):
                try:
                    values[number] = module._look(item.value, how.value)
                except InputError as error:
                    problems[number] = error
            return SimpleNamespace(values=values, problems=problems)

    monkeypatch.setattr(module, "image_record", look)
    found = image_records(IMAGES, ImageReading(), HASHES, Context())  # type: ignore[arg-type]
    assert [record.format for record in found] == ["a.png", "", "c.png"]
    assert [record.problem for record in found] == ["", "no picture", ""]
    # image, masks, second mask, frame, and mm per pixel
    assert rows[0] == ("a.png", ("m.png",), "s.png", None, 0.1)
    assert rows[1][:4] == ("b.png", (), None, None)
    assert rows[2] == ("c.png", ("m.png", "n.png"), None, 2, 0.3)
