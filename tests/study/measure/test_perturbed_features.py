"""Changed masks: the overlap and the features of each way stand in its own row, and chance is the file's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.radiomics.extract import feature_names
from sonoher2.study.measure import perturbed_features as module
from sonoher2.study.measure.lesion_files import LesionFile
from sonoher2.study.measure.perturbed_features import Way, measure_perturbed

RADIOMICS = RadiomicsConfig(filters=["original"], bin_count=16)
WIDTH = len(feature_names(RADIOMICS))
GIVEN = np.zeros((20, 20), bool)
GIVEN[5:15, 5:15] = True
WAYS = [Way("grow", 0.1), Way("shrink", 0.1), Way("shift", 0.2)]
SIDE = {"grow": 12, "shrink": 8}


def perturb(mask: np.ndarray, change: str, strength: float, rng: np.random.Generator, aspect: float) -> np.ndarray:
    """By hand: a square of another side, or one that cannot be measured, drawn by chance."""
    assert aspect == 0.5
    found = np.zeros_like(mask)
    if change == "shift":
        found[rng.integers(0, 20), 0] = True
        return found
    margin = (20 - SIDE[change]) // 2
    found[margin:-margin, margin:-margin] = True
    return found


def extract(pixels: np.ndarray, mask: np.ndarray, radiomics: object, spacing: object) -> dict[str, float]:
    assert (radiomics, spacing) == (RADIOMICS, (0.1, 0.05))
    if mask.sum() < 2:
        raise InputError("it has no ring")
    return dict.fromkeys(map(str, range(WIDTH)), float(mask.sum()))


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    image = SimpleNamespace(pixels=np.zeros((20, 20)), mm_per_pixel=(0.1, 0.05))
    lesion = SimpleNamespace(image=image, mask=GIVEN)

    def opened(image: str, masks: tuple[str, ...], **how: object) -> Any:
        assert how == {"reading": ImageReading(), "mm_per_pixel": 0.1, "frame": 2, "enhancer": None}
        assert (image in ("a.png", "b.png"), masks) == (True, ("m.png",))
        return lesion

    monkeypatch.setattr(module, "open_lesion", opened)
    monkeypatch.setattr(module, "perturb", perturb)
    monkeypatch.setattr(module, "extract", extract)


class Context:
    """Stands in the place of a context, and keeps the seeds that each lesion got."""

    def __init__(self) -> None:
        self.seeds: list[list[int]] = []

    def map(self, step: Any, items: list[Any], ways: list[Way], reading: Any, radiomics: Any) -> list[Any]:
        self.seeds = [item.value[1] for item in items]
        return [module._measure(item.value, ways, reading.value, radiomics) for item in items]


def measured(context: Context, ways: list[Way], names: str = "ab", seed: int = 0) -> module.PerturbedFeatures:
    files = [LesionFile(f"{name}.png", ("m.png",), 0.1, 2) for name in names]
    hashes = {"a.png": "1", "b.png": "2", "m.png": "3"}
    return measure_perturbed(files, ways, ImageReading(), RADIOMICS, hashes, seed, context)  # type: ignore[arg-type]


def test_each_way_has_its_own_overlap_and_features() -> None:
    """Dice of squares within one another: twice the smaller area over the sum; what cannot be measured is missing."""
    found = measured(Context(), WAYS)
    assert found.features.shape == (2, 3, WIDTH)
    assert found.dice[0, :2].tolist() == pytest.approx([2 * 100 / (100 + 144), 2 * 64 / (100 + 64)])
    assert (found.features[0, 0] == 144).all()
    assert (found.features[1, 1] == 64).all()
    assert np.isnan(found.features[:, 2]).all()
    assert found.dice[:, 2].tolist() == [0, 0]


def test_chance_depends_on_the_file_the_way_and_the_seed_and_on_nothing_else() -> None:
    first, second, third = Context(), Context(), Context()
    measured(first, WAYS)
    measured(second, [WAYS[2], WAYS[0]], "ba")
    measured(third, WAYS, seed=1)
    assert second.seeds == [[seeds[2], seeds[0]] for seeds in reversed(first.seeds)]
    assert len({seed for context in (first, third) for seeds in context.seeds for seed in seeds}) == 12
    assert all(isinstance(seed, int) and seed >= 0 for seeds in first.seeds for seed in seeds)
