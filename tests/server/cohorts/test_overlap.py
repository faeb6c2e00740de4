"""Dice of kept outlines: each pair compared once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server_by_hand import png_of
from sonoher2.server.cohorts import overlap
from sonoher2.server.cohorts.outlines.models import ReadImage
from sonoher2.server.cohorts.overlap import Overlaps
from sonoher2.server.storage.blobs import Blobs


class Here:
    """Does in this process what workers do, and counts the pairs of each call."""

    def __init__(self) -> None:
        self.pairs: list[int] = []

    def run(self, work: Callable[[Any], Any], pairs: list[tuple[str, str]]) -> Any:
        self.pairs.append(len(pairs))
        return work(pairs)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], float]:
    known: dict[tuple[str, str], float] = {}
    monkeypatch.setattr(overlap, "_known", known)
    return known


def drawn(blobs: Blobs, columns: int) -> str:
    mask = np.zeros((20, 40), np.uint8)
    mask[5:15, :columns] = 255
    return blobs.put(png_of(mask))


def read(image: str, reader: str, mask: str | None) -> ReadImage:
    return ReadImage(image, f"P{image}", reader, mask, {})


def test_pairs_of_one_image_are_compared_once(tmp_path: Path, nothing_known: dict[tuple[str, str], float]) -> None:
    blobs, pool = Blobs(tmp_path), Here()
    ten, twenty, thirty = (drawn(blobs, n) for n in (10, 20, 30))
    overlaps = Overlaps(pool, blobs)  # type: ignore[arg-type]
    several = [
        read("1", "Li", ten), read("1", "Wu", twenty), read("1", "Zhao", None),
        read("2", "Li", ten), read("2", "Wu", ten), read("3", "Li", thirty),
    ]  # fmt: skip
    overlaps.prepare(several)
    # equal outlines, no lesion, and outlines of different images are not compared
    assert (pool.pairs, len(nothing_known)) == ([1], 1)
    # 2 · 100 / (100 + 200)
    assert overlaps(ten, twenty) == overlaps(twenty, ten) == pytest.approx(2 / 3)
    assert overlaps(thirty, thirty) == 1
    assert pool.pairs == [1]
    # a pair that nobody prepared: 2 · 200 / (200 + 300)
    assert overlaps(thirty, twenty) == pytest.approx(0.8)
    overlaps.prepare(several)
    assert pool.pairs == [1, 1]


def test_many_pairs_go_to_a_worker_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_known: dict[tuple[str, str], float]
) -> None:
    blobs, pool = Blobs(tmp_path), Here()
    masks = [drawn(blobs, n) for n in (10, 20, 30, 40)]
    monkeypatch.setattr(overlap, "AT_A_TIME", 4)
    readers = [read("1", name, mask) for name, mask in zip("abcd", masks, strict=True)]
    Overlaps(pool, blobs).prepare(readers)  # type: ignore[arg-type]
    assert (pool.pairs, len(nothing_known)) == ([4, 2], 6)
    # what is kept has an end
    monkeypatch.setattr(overlap, "MOST_KEPT", 5)
    Overlaps(pool, blobs).prepare([read("2", "a", drawn(blobs, 15)), read("2", "b", masks[0])])  # type: ignore[arg-type]
    assert len(nothing_known) == 1
