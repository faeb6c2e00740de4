from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sonoher2.core.errors import InputError
from sonoher2.core.files import file_sha256
from sonoher2.enhancement.enhancer import FRAME, SHIPPED, enhanced, load_enhancer, save_generator
from sonoher2.enhancement.fidelity import psnr
from sonoher2.enhancement.network import Generator
from sonoher2.images.pixels.image import UltrasoundImage


def test_shipped_weights_are_small_and_known_by_hash() -> None:
    assert SHIPPED.stat().st_size < 2e6
    assert load_enhancer().sha256 == file_sha256(SHIPPED)


@pytest.mark.parametrize("scale", [1, 2])
def test_the_same_image_gives_the_same_result(scale: int) -> None:
    pixels = np.random.default_rng(0).uniform(0, 255, (70, 81))
    first = load_enhancer().clear(pixels, scale)
    torch.set_num_threads(2)
    try:
        assert np.array_equal(load_enhancer().clear(pixels, scale), first)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert first.shape == (scale * 70, scale * 81)
    assert first.dtype == np.float64
    assert first.min() >= 0
    assert first.max() <= 255


@pytest.mark.parametrize("size", [(1, 1), (64, 64), (5, 700)])
@pytest.mark.parametrize("scale", [1, 2])
def test_sizes(size: tuple[int, int], scale: int) -> None:
    assert load_enhancer().clear(np.full(size, 80.0), scale).shape == (scale * size[0], scale * size[1])


@pytest.mark.parametrize("grey", [0, 255])
def test_black_and_white_stay(grey: int) -> None:
    assert load_enhancer().clear(np.full((64, 64), grey, np.uint8)) == pytest.approx(np.full((64, 64), grey), abs=2)


def test_uint8_and_float_are_alike() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    assert np.array_equal(load_enhancer().clear(pixels), load_enhancer().clear(pixels.astype(np.float64)))


@pytest.mark.parametrize(
    ("pixels", "scale", "said"),
    [
        (np.zeros((8, 8)), 3, "scale 3"),
        (np.zeros((8, 8, 3)), 1, "not a grey image"),
        (np.zeros((0, 8)), 1, "not a grey image"),
        (np.full((8, 8), np.nan), 1, "not a grey image"),
    ],
)
def test_what_cannot_be_enhanced(pixels: np.ndarray, scale: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_enhancer().clear(pixels, scale)


def test_an_enhanced_image_keeps_all_but_its_grey() -> None:
    pixels = np.random.default_rng(0).uniform(0, 255, (32, 40))
    image = UltrasoundImage(pixels, (0.1, 0.2), pixels > 250, "PNG", (100, 100), (7, 9))
    cleared = enhanced(image, load_enhancer())
    assert not np.array_equal(cleared.pixels, pixels)
    assert (cleared.mm_per_pixel, cleared.origin, cleared.file_shape) == ((0.1, 0.2), (7, 9), (100, 100))
    assert np.array_equal(cleared.colour, image.colour)


def test_half_precision_is_precise_enough(tmp_path: Path) -> None:
    generator = Generator(shallow=4, deep=8, blocks=1)
    for head in generator.heads.values():
        torch.nn.init.normal_(head.weight, std=0.1)
    save_generator(generator, tmp_path / "a.safetensors")
    pixels = np.random.default_rng(0).uniform(0, 255, (40, 40))
    loaded = load_enhancer(tmp_path / "a.safetensors")
    framed = torch.from_numpy(np.pad(pixels / 255, FRAME, mode="edge")).float()[None, None]
    with torch.no_grad():
        exact = generator(framed, 1)[0, 0, FRAME:-FRAME, FRAME:-FRAME].numpy() * 255
    assert loaded.generator.sizes == generator.sizes
    assert psnr(loaded.clear(pixels), np.clip(exact, 0, 255)) > 50


def test_files_that_are_not_weights(tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("no weights")
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    for name in ("text", "other"):
        with pytest.raises(
            InputError, match=rf"{name}\.safetensors: this file does not hold the weights of an enhancer"
        ):
            load_enhancer(tmp_path / f"{name}.safetensors")
    with pytest.raises(InputError, match=r"missing\.safetensors: no such file"):
        load_enhancer(tmp_path / "missing.safetensors")


@pytest.mark.parametrize(("blocks", "said"), [(512, ""), (513, "does not hold the weights of an enhancer")])
def test_a_network_of_a_size_that_no_study_has(tmp_path: Path, blocks: int, said: str) -> None:
    path = tmp_path / "a.safetensors"
    save_generator(Generator(shallow=1, deep=1, blocks=blocks), path)
    if said:
        with pytest.raises(InputError, match=said):
            load_enhancer(path)
    else:
        assert load_enhancer(path).generator.sizes["blocks"] == blocks
