from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage

from sonoher2.core.errors import InputError
from sonoher2.core.files import file_sha256
from sonoher2.images.read import read_image
from sonoher2.lesions.agreement import dice
from sonoher2.lesions.mask import components, read_mask
from sonoher2.segmentation.choose import choose, expected_dice, segment_lesion
from sonoher2.segmentation.segmenter import SHIPPED, SHIPPED_SHA256, Segmenter, load_segmenter
from sonoher2.segmentation.weights_file import load_weights, read_weights, save_weights

Probability = NDArray[np.float32]
LARGE, SMALL = (40, 50), (90, 150)
"""Centres of the two bright discs of `two_discs`."""


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return load_segmenter()


def disc(at: tuple[int, int], radius: int) -> NDArray[np.bool_]:
    y, x = np.ogrid[:120, :200]
    return np.asarray((y - at[0]) ** 2 + (x - at[1]) ** 2 < radius**2)


@pytest.fixture
def two_discs() -> Probability:
    return np.float32(0.98 * disc(LARGE, 25) + 0.8 * disc(SMALL, 15))


def simulated(rows: int, columns: int, *, seed: int = 0) -> NDArray[np.float64]:
    """A dark oval on layered speckle."""
    rng = np.random.default_rng(seed)
    y, x = np.ogrid[:rows, :columns]
    lesion = ((y - 0.45 * rows) / (0.15 * rows)) ** 2 + ((x - 0.5 * columns) / (0.2 * columns)) ** 2 < 1
    tissue = 110 + 25 * np.sin(np.arange(rows) / rows * 30)[:, None] * np.ones((1, columns))
    grain = max(rows, columns) / 300
    speckle = ndimage.gaussian_filter(rng.standard_normal((rows, columns)), grain)
    return np.clip(np.where(lesion, 30, tissue) + 20 * speckle / speckle.std(), 0, 255)


def test_the_largest_part_is_chosen(two_discs: Probability) -> None:
    found = choose(two_discs)
    assert found.found
    assert np.array_equal(found.mask, disc(LARGE, 25))


def test_a_click_picks_a_part(two_discs: Probability) -> None:
    assert np.array_equal(choose(two_discs, at=SMALL).mask, disc(SMALL, 15))


def test_a_click_picks_a_part_that_the_network_doubts(two_discs: Probability) -> None:
    doubted = np.where(disc(SMALL, 15), np.float32(0.3), two_discs)
    assert np.array_equal(choose(doubted, at=SMALL).mask, disc(SMALL, 15))
    assert np.array_equal(choose(doubted).mask, disc(LARGE, 25))


def test_a_click_on_nothing_finds_nothing(two_discs: Probability) -> None:
    found = choose(two_discs, at=(5, 195))
    assert not found.found
    assert not found.mask.any()


def test_a_box_picks_a_part_and_bounds_it(two_discs: Probability) -> None:
    box = slice(70, 95), slice(120, 180)
    mask = choose(two_discs, box=box).mask
    assert mask.any()
    assert np.array_equal(mask[box], disc(SMALL, 15)[box])
    assert mask.sum() == mask[box].sum()


def test_holes_are_filled(two_discs: Probability) -> None:
    holed = np.where(disc(LARGE, 6), np.float32(0), two_discs)
    assert np.array_equal(choose(holed).mask, disc(LARGE, 25))


def test_specks_and_faint_parts_are_no_lesion() -> None:
    speck, faint = np.zeros((120, 200), np.float32), np.full((120, 200), 0.1, np.float32)
    speck[3, 3:5] = 1
    faint[disc(LARGE, 10)] = 0.55
    for probability in (speck, faint):
        found = choose(probability)
        assert not found.found
        assert not found.mask.any()
        assert 0 < found.confidence <= 1


def test_expected_dice_by_hand() -> None:
    probability = np.zeros((4, 4), np.float32)
    probability[0], probability[1] = 0.5, 0.25
    mask = probability == 0.5
    # 2 * 4 * 0.5 over 4 + (4 * 0.5 + 4 * 0.25)
    assert expected_dice(probability, mask) == pytest.approx(4 / 7)
    assert expected_dice(probability, np.zeros_like(mask)) == 0
    assert expected_dice(np.float32(mask), mask) == 1


def test_the_shipped_weights_are_those_of_this_version(segmenter: Segmenter) -> None:
    assert segmenter.sha256 == SHIPPED_SHA256 == file_sha256(SHIPPED)
    assert SHIPPED.stat().st_size < 12e6
    assert load_segmenter() is segmenter


def test_changed_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sonoher2.segmentation.segmenter.SHIPPED_SHA256", "0" * 64)
    load = load_segmenter.__globals__["_load"]
    with pytest.raises(InputError, match="differ from those of this version"):
        load.__wrapped__(SHIPPED, 0, 0)


@pytest.mark.parametrize("shape", [(64, 64), (500, 600), (300, 90), (1600, 2000)])
def test_a_simulated_lesion_is_outlined_at_any_size(segmenter: Segmenter, shape: tuple[int, int]) -> None:
    rows, columns = shape
    y, x = np.ogrid[:rows, :columns]
    lesion = ((y - 0.45 * rows) / (0.15 * rows)) ** 2 + ((x - 0.5 * columns) / (0.2 * columns)) ** 2 < 1
    found = segment_lesion(segmenter, simulated(rows, columns))
    assert found.mask.shape == found.probability.shape == shape
    assert found.found
    assert components(found.mask) == 1
    assert dice(found.mask, np.asarray(lesion)) > 0.75


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_image_has_no_lesion(segmenter: Segmenter, level: int) -> None:
    found = segment_lesion(segmenter, np.full((80, 120), float(level)))
    assert not found.found
    assert not found.mask.any()
    assert found.confidence == 0


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (64, 64), (4000, 3000)])
def test_no_size_is_too_small_or_too_large(segmenter: Segmenter, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).uniform(0, 255, shape)
    assert segment_lesion(segmenter, noise).mask.shape == shape


def test_the_same_image_gets_the_same_values_after_others(segmenter: Segmenter) -> None:
    picture = simulated(120, 160)
    first = segmenter.probability(picture)
    segmenter.probability(simulated(200, 100, seed=1))
    assert np.array_equal(segmenter.probability(picture), first)


def test_the_graph_outlines_as_torch_does(
    segmenter: Segmenter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator, card = load_weights(SHIPPED)
    # a network that ONNX cannot express
    monkeypatch.setattr("sonoher2.segmentation.network.generator_graph", lambda network, size, channels: None)
    save_weights(tmp_path / "torch.safetensors", generator, card)
    by_torch = load_segmenter(tmp_path / "torch.safetensors")
    assert read_weights(tmp_path / "torch.safetensors").graph is None
    assert read_weights(SHIPPED).graph is not None
    for picture in (simulated(120, 160), simulated(200, 90, seed=1)):
        np.testing.assert_allclose(segmenter.probability(picture), by_torch.probability(picture), atol=1e-4)


def test_outlining_needs_no_torch() -> None:
    code = """
import sys
import numpy as np
from sonoher2.segmentation.segmenter import load_segmenter
load_segmenter().probability(np.zeros((40, 60)))
assert not {"torch", "timm", "segmentation_models_pytorch", "onnx"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_weights_keep_the_graph_of_their_size(tmp_path: Path) -> None:
    generator, card = load_weights(SHIPPED)
    for name in ("a", "b"):
        save_weights(tmp_path / f"{name}.safetensors", generator, card | {"size": 64})
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    again, found = load_weights(tmp_path / "a.safetensors")
    assert found["size"] == 64
    assert all(torch.equal(v, again.state_dict()[name]) for name, v in generator.state_dict().items())
    small = load_segmenter(tmp_path / "a.safetensors")
    assert small.probability(simulated(100, 60)).shape == (100, 60)


def test_a_mirrored_image_gets_the_mirrored_values(segmenter: Segmenter) -> None:
    picture = simulated(160, 160)
    mirrored = segmenter.probability(picture[:, ::-1])[:, ::-1]
    np.testing.assert_allclose(mirrored, segmenter.probability(picture), atol=1e-4)


def test_what_is_no_image_is_refused(segmenter: Segmenter) -> None:
    for array in (np.zeros((4, 4, 3)), np.zeros((0, 4)), np.full((4, 4), np.nan)):
        with pytest.raises(InputError, match="not a grey image"):
            segmenter.probability(array)


def test_prompts_outside_the_image_are_refused(segmenter: Segmenter) -> None:
    picture = simulated(80, 80)
    with pytest.raises(InputError, match=r"click \(80, 3\) lies outside the image of 80 rows x 80 columns"):
        segment_lesion(segmenter, picture, at=(80, 3))
    with pytest.raises(InputError, match="box lies outside"):
        segment_lesion(segmenter, picture, box=(slice(10, 10), slice(0, 5)))
    with pytest.raises(InputError, match="both a click and a box"):
        segment_lesion(segmenter, picture, at=(1, 1), box=(slice(0, 5), slice(0, 5)))


@pytest.mark.parametrize("name", ["0001-l", "0100-l", "0500-l", "0900-l"])
def test_real_lesions_of_the_training_folds(segmenter: Segmenter, shared: Path, name: str) -> None:
    folder = shared / "data" / "BUS-BRA"
    image = read_image(folder / "Images" / f"bus_{name}.png")
    given = read_mask([folder / "Masks" / f"mask_{name}.png"], image.shape)
    assert dice(segment_lesion(segmenter, image.pixels).mask, given) > 0.8


def test_a_file_of_weights_that_is_not_there_is_named_with_the_way_to_make_one(tmp_path: Path) -> None:
    said = r"absent\.safetensors: there is no such file of weights\. Train one: sonoher2 train-segmenter"
    with pytest.raises(InputError, match=said):
        load_segmenter(tmp_path / "absent.safetensors")
