"""Kept activations: the crop itself first, then its variants, under a key of all that they depend on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sonoher2.deep.activations import Preparation, Store, TrainingCrops, frozen_hash
from sonoher2.deep.augment import augmented
from sonoher2.deep.build import build_network
from sonoher2.deep.crop import three_channels
from sonoher2.deep.network import Network

SIZE = 32


def network(seed: int = 0) -> Network:
    return build_network(
        "test_resnet.r160_in1k", "none", size=SIZE, pooling="lesion", n_outputs=1, seed=seed, device="cpu"
    ).eval()


@pytest.fixture(scope="module")
def small() -> Network:
    return network()


@pytest.fixture
def crops() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    made = [rng.integers(1, 256, (2, SIZE, SIZE), dtype=np.uint8) for _ in range(3)]
    for crop in made:
        crop[1] = 0
        crop[1, :, :8] = 255
    return made


def test_a_variant_is_the_same_for_the_same_crop_seed_and_number(crops: list[np.ndarray]) -> None:
    prepared = Preparation(seed=3)
    np.testing.assert_array_equal(prepared.variant(crops[0], 2), prepared.variant(crops[0].copy(), 2))
    for other in (prepared.variant(crops[0], 1), Preparation(seed=4).variant(crops[0], 2)):
        assert (other != prepared.variant(crops[0], 2)).any()


def test_what_a_stage_takes(small: Network, crops: list[np.ndarray]) -> None:
    batch = Preparation(mask="channel").run(small, crops[:2], 0)
    # grey, grey and mask, 0 to 1, before the mean and the deviation of ImageNet
    assert batch.x.shape == (2, 3, SIZE, SIZE)
    spread = batch.x[0, 2].unique()
    assert len(spread) == 2
    assert not torch.equal(batch.x[0, 0], batch.x[0, 2])
    # the share of lesion in squares of four pixels: the first two of eight columns
    assert batch.mask.shape == (2, 1, 8, 8)
    expected = torch.zeros(8, 8)
    expected[:, :2] = 1
    assert torch.equal(batch.mask[0, 0], expected)
    assert three_channels(np.stack(crops[:1]), "channel").shape == (1, 3, SIZE, SIZE)


@pytest.mark.parametrize("folder", [False, True])
def test_plain_rows_are_the_crops_and_variants_are_drawn_from_all(
    small: Network, crops: list[np.ndarray], folder: bool, tmp_path: Path
) -> None:
    store, prepared = Store(tmp_path if folder else None), Preparation(variants=2, seed=1)
    source = TrainingCrops(crops, small, 1, prepared, store)
    plain = source.plain(np.array([2, 0]))
    for place, row in enumerate((2, 0)):
        direct = prepared.run(small, [crops[row]], 1)
        torch.testing.assert_close(plain.x[place], direct.x[0], atol=2e-3, rtol=2e-3)
        torch.testing.assert_close(plain.mask[place], direct.mask[0])
    several = [crops[1], prepared.variant(crops[1], 1), prepared.variant(crops[1], 2)]
    known = prepared.run(small, several, 1).x.half().float()
    rng, met = np.random.default_rng(0), set()
    for _ in range(30):
        drawn = source.variants(np.array([1]), rng).x[0]
        met |= {number for number in range(3) if torch.allclose(drawn, known[number], atol=2e-3, rtol=2e-3)}
    assert met == {0, 1, 2}
    if folder:
        assert len(list(tmp_path.glob("*.npy"))) == 3


def test_without_kept_ones_each_draw_is_fresh(small: Network, crops: list[np.ndarray]) -> None:
    source = TrainingCrops(crops, small, 0, Preparation(variants=0), Store())
    rng = np.random.default_rng(0)
    one, other = source.variants(np.array([0]), rng), source.variants(np.array([0]), rng)
    assert not torch.equal(one.x, other.x)
    torch.testing.assert_close(source.plain(np.array([1])).x, Preparation().run(small, crops[1:2], 0).x)


def test_what_is_kept_has_a_key_of_all_that_it_depends_on(
    small: Network, crops: list[np.ndarray], tmp_path: Path
) -> None:
    def keys(net: Network, first: int, prepared: Preparation, given: list[np.ndarray], name: str) -> set[str]:
        TrainingCrops(given, net, first, prepared, Store(tmp_path / name))
        return {path.name for path in (tmp_path / name).iterdir()}

    plain = keys(small, 1, Preparation(variants=1), crops[:1], "plain")
    assert keys(small, 1, Preparation(variants=1), crops[:1], "again") == plain
    others = [
        (small, 2, Preparation(variants=1), crops[:1]),
        (small, 1, Preparation(variants=2), crops[:1]),
        (small, 1, Preparation(variants=1, seed=1), crops[:1]),
        (small, 1, Preparation(variants=1, mask="blank"), crops[:1]),
        (small, 1, Preparation(variants=1), crops[1:2]),
        (network(seed=1), 1, Preparation(variants=1), crops[:1]),
    ]
    found = [keys(*other, str(number)) for number, other in enumerate(others)]
    assert all(len(one) == 1 for one in found)
    assert len(set.union(plain, *found)) == 7


def test_stages_that_are_trained_are_no_part_of_the_frozen_ones_hash(small: Network) -> None:
    other = network(seed=1)
    assert frozen_hash(small, 0) == frozen_hash(other, 0)
    assert frozen_hash(small, 1) != frozen_hash(other, 1)
    assert frozen_hash(small, 1) == frozen_hash(network(), 1)


def test_augmented_has_the_usual_limits_unless_told(crops: list[np.ndarray]) -> None:
    one, other = (augmented(crops[0], np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert one.dtype == np.uint8
    assert one.shape == (2, SIZE, SIZE)


def test_a_kept_file_that_holds_objects_is_not_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "key.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"pickle|Python objects"):
        Store(tmp_path).get("key")
