"""What is written of one enhanced image."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.enhancement import batch
from sonoher2.enhancement.batch import Enhancing, _enhance_one, _side_by_side

PIXELS = np.array([[10.0, 20.0, 30.0], [40.0, 50.0, 60.0]])


@pytest.fixture
def scaled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An enhancer that adds 4 to each pixel and enlarges; the scales that it was asked for."""
    asked: list[int] = []

    def clear(pixels: np.ndarray, scale: int) -> np.ndarray:
        asked.append(scale)
        return np.kron(pixels + 4, np.ones((scale, scale)))

    monkeypatch.setattr(batch, "load_enhancer", lambda weights: SimpleNamespace(clear=clear))
    image = SimpleNamespace(pixels=PIXELS, shape=(2, 3), mm_per_pixel=(0.2, 0.1))
    monkeypatch.setattr(batch, "read_image", lambda path, frame: image)
    return asked


def test_figures_of_an_enlarged_image(scaled: list[int], tmp_path: Path) -> None:
    one = SimpleNamespace(path=Path("a.png"), frame=None, name="a")
    found = _enhance_one(one, out=tmp_path, how=Enhancing(scale=2, side_by_side=True))  # type: ignore[arg-type]
    assert scaled == [2]
    assert found == {
        "enhanced": "a_enhanced.png", "side_by_side": "a_side_by_side.png", "rows": 4, "columns": 6, "scale": 2,
        "mm_per_row": 0.1, "mm_per_column": 0.05, "mean_grey": 35.0, "mean_grey_enhanced": 39.0,
        "mean_absolute_change": 4.0,
    }  # fmt: skip
    written = np.asarray(Image.open(tmp_path / "a_enhanced.png"))
    np.testing.assert_array_equal(written, np.kron(PIXELS + 4, np.ones((2, 2))))
    beside = np.asarray(Image.open(tmp_path / "a_side_by_side.png"))
    assert beside.shape == (4, 6 + 8 + 6)


def test_nothing_is_written_beside_unless_asked_for(scaled: list[int], tmp_path: Path) -> None:
    one = SimpleNamespace(path=Path("a.png"), frame=None, name="a")
    found = _enhance_one(one, out=tmp_path, how=Enhancing())  # type: ignore[arg-type]
    assert (scaled, found["scale"], found["side_by_side"]) == ([1], 1, "")
    assert [path.name for path in tmp_path.iterdir()] == ["a_enhanced.png"]


def test_an_image_without_a_scale_has_none(scaled: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = SimpleNamespace(pixels=PIXELS, shape=(2, 3), mm_per_pixel=None)
    monkeypatch.setattr(batch, "read_image", lambda path, frame: image)
    one = SimpleNamespace(path=Path("a.png"), frame=None, name="a")
    found = _enhance_one(one, out=tmp_path, how=Enhancing())  # type: ignore[arg-type]
    assert (found["mm_per_row"], found["mm_per_column"]) == (None, None)


def test_what_makes_an_image_be_enhanced_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def run_batch(one: Any, images: Any, table: Path, **rest: Any) -> pd.DataFrame:
        asked.append((one.func, one.keywords, images, table, rest))
        return pd.DataFrame()

    monkeypatch.setattr(batch, "run_batch", run_batch)
    monkeypatch.setattr(batch, "load_enhancer", lambda weights: SimpleNamespace(sha256=f"of {weights}"))
    how = Enhancing(scale=2, side_by_side=True, weights=Path("own"))
    batch.enhance_images([], tmp_path, how, workers=3)
    rest = {"settings": ["enhance", 2, True, "of own"], "outputs": how.outputs, "workers": 3}
    assert asked == [
        (_enhance_one, {"out": tmp_path, "how": how}, [], tmp_path / "enhance.csv", {**rest, "label": "Enhancing"})
    ]


def test_names_of_what_is_written() -> None:
    image: Any = SimpleNamespace(name="a")
    assert Enhancing().outputs(image) == {"enhanced": "a_enhanced.png", "side_by_side": ""}
    assert Enhancing(side_by_side=True).outputs(image)["side_by_side"] == "a_side_by_side.png"


def test_given_left_and_cleared_right() -> None:
    found = _side_by_side(np.array([[1.0, 2.0]]), np.array([[3.0, 4, 5, 6], [7, 8, 9, 9]]), 2)
    assert found[0, :4].tolist() == [1, 1, 2, 2]
    assert (found[:, 4:12] == 255).all()
    assert found[1, 12:].tolist() == [7, 8, 9, 9]
