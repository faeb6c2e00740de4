"""A look at every image: each row's own record, and what cannot be read as a problem in its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.images.check import ImageRecord
from sonoher2.config.images import ImageReading
from sonoher2.core.errors import InputError
from sonoher2.engine import ArtifactStore, ExecutionContext
from sonoher2.study.measure import records as module
from sonoher2.study.measure.records import image_records, kept_pairs

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


def test_same_pictures_are_looked_for_again_when_what_a_record_shows_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []

    def pairs(records: list[ImageRecord]) -> list[tuple[int, int]]:
        asked.append([record.hash for record in records])
        return [(0, 2)]

    monkeypatch.setattr(module, "near_duplicates", pairs)
    context = ExecutionContext(ArtifactStore(tmp_path))
    records = [ImageRecord(hash=number, thumbnail="a", views="b") for number in range(3)]
    # what does not show is no part of it
    unlike = [replace(record, text=4, problem="x") for record in records]
    assert [kept_pairs(one, context) for one in (records, records, unlike)] == [[(0, 2)]] * 3
    assert asked == [[0, 1, 2]]
    for other in (replace(records[0], hash=9), replace(records[0], thumbnail="c"), replace(records[0], views="c")):
        kept_pairs([other, *records[1:]], context)
    kept_pairs(records[::-1], context)
    assert len(asked) == 5


def test_a_record_is_known_by_its_files_and_how_they_are_read_but_not_by_what_clears_them() -> None:
    keys: dict[str, list[object]] = {}

    def of(enhance: str, crop: bool = False) -> tuple[list[object], str]:
        class Context:
            def attempt(self, step: Any, items: list[Any], how: Any) -> Any:
                keys["items"], keys["how"] = [item.key for item in items], [str(how.key)]
                return SimpleNamespace(values=dict.fromkeys(range(3), ImageRecord()), problems={})

        reading = ImageReading.model_validate({"enhance": enhance, "crop_to_b_mode": crop})
        image_records(IMAGES, reading, HASHES, Context())  # type: ignore[arg-type]
        return keys["items"], str(keys["how"])

    items, how = of("none")
    assert items == [
        [["a", ["m"], "0.1", None], "s"], [["b", [], "nan", None], None], [["c", ["m", "n"], "0.3", 2], None],
    ]  # fmt: skip
    assert of("gan") == (items, how)
    assert of("none", crop=True)[1] != how
