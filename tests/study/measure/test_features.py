"""Lesions are measured each by itself; one that cannot be keeps its place."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import FindingsError, InputError
from sonoher2.engine.executors import SERIAL
from sonoher2.radiomics.compilation import FAMILIES, compile_family
from sonoher2.radiomics.extract import feature_names
from sonoher2.study.measure import features as module
from sonoher2.study.measure.features import each_lesion, measure_lesions, try_lesions
from sonoher2.study.measure.lesion_files import LesionFile

RADIOMICS = RadiomicsConfig(filters=["original"], bin_count=16)
FILES = [LesionFile(f"{name}.png", (f"{name}_mask.png",), 0.1) for name in "abc"]
HASHES: Mapping[str, str] = {path: path for file in FILES for path in (file.image, *file.masks)}
WIDTH = len(feature_names(RADIOMICS))


class Context:
    """Stands in the place of a context: the second lesion cannot be measured, the others have few grey levels."""

    executor: Any = SERIAL

    def stream(self, step: Any, items: list[Any], *shared: Any) -> Any:
        yield 0, np.array([200, 64, *np.full(WIDTH, 1.5)])
        yield 1, InputError("it is empty", where="b.png")
        yield 2, np.array([3, 49, *np.full(WIDTH, 2.5)])


def test_a_lesion_that_cannot_be_measured_keeps_its_place() -> None:
    found = try_lesions(FILES, ImageReading(), RADIOMICS, HASHES, Context())  # type: ignore[arg-type]
    assert found.features.shape == (3, WIDTH)
    assert found.features[0].tolist() == [1.5] * WIDTH
    assert np.isnan(found.features[1]).all()
    assert found.features[2].tolist() == [2.5] * WIDTH
    assert found.pixels.tolist() == [64, 0, 49]
    assert list(found.problems) == [1]
    # three grey levels are few, and the warning names the file that has them
    [warning] = found.findings
    assert "c.png" in str(warning)
    assert "a.png" not in str(warning)


class Processes:
    """Stands in the place of several processes; notes what they are to do."""

    def __init__(self, far: bool = False) -> None:
        self.far = far
        self.asked: list[Any] = []

    def run(self, function: Any, items: Any) -> Any:
        self.asked.append((function.func, function.keywords, tuple(items)))
        yield from enumerate(items)


def test_kernels_are_shared_out_before_the_first_lesion_of_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    context, compiled = Context(), False
    monkeypatch.setattr(module, "compiled_before", lambda: compiled)
    for executor, now, asked in (
        (Processes(), False, [(compile_family, {"config": RADIOMICS}, FAMILIES)]),
        (Processes(), True, []),
        (Processes(far=True), False, []),
    ):
        context.executor, compiled = executor, now
        list(each_lesion(FILES, ImageReading(), RADIOMICS, HASHES, context))  # type: ignore[arg-type]
        assert executor.asked == asked


def test_a_study_needs_every_lesion() -> None:
    with pytest.raises(FindingsError, match="it is empty"):
        measure_lesions(FILES, ImageReading(), RADIOMICS, HASHES, Context())  # type: ignore[arg-type]


def test_a_row_is_grey_levels_pixels_and_features_and_an_error_names_its_image(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    def opened(image: str, masks: tuple[str, ...], **how: Any) -> str:
        given.update(image=image, masks=masks, **how)
        return "lesion"

    measured = SimpleNamespace(grey_levels=7, pixels=30, features={"x": 0.5, "y": 0.25})
    monkeypatch.setattr(module, "open_lesion", opened)
    monkeypatch.setattr(module, "measure_lesion", lambda lesion, radiomics: measured)
    file, reading = LesionFile("a.png", ("m.png",), 0.2, 3), ImageReading()
    assert module._measure(file, reading, RADIOMICS).tolist() == [7, 30, 0.5, 0.25]
    wanted = {
        "image": "a.png",
        "masks": ("m.png",),
        "reading": reading,
        "mm_per_pixel": 0.2,
        "frame": 3,
        "enhancer": None,
    }
    assert given == wanted

    def refused(lesion: object, radiomics: object) -> None:
        raise InputError("it is flat")

    monkeypatch.setattr(module, "measure_lesion", refused)
    with pytest.raises(InputError, match=r"a\.png"):
        module._measure(file, reading, RADIOMICS)
