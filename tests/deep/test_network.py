from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from sonoher2.core.errors import InputError
from sonoher2.deep.build import build_network, new_network
from sonoher2.deep.network import Network, channels_first, lesion_means, middle_taps, stage_modules
from sonoher2.networks.weights import build_body

FAMILIES = {
    "resnet10t": 64,
    "densenet121": 64,
    "convnext_atto": 64,
    "tf_efficientnet_lite0": 64,
    "vit_tiny_patch16_224": 64,
    "swin_tiny_patch4_window7_224": 56,
    "mobilenetv3_small_050": 32,
}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_stages_in_a_row_are_the_network(name: str) -> None:
    size = FAMILIES[name]
    body = build_body(name, "none", size=size)
    network = Network(body, 2, None, size).eval()
    x = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(network.run(x, 0, network.n_stages), body.forward_features(x))
        torch.testing.assert_close(network.embed(x, torch.ones(2, 1, 8, 8)), body(x))


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "mobilenetv3_small_050"])
def test_pooled_stages_give_the_same_from_the_start_and_from_the_middle(name: str) -> None:
    size = FAMILIES[name]
    body = build_body(name, "none", size=size)
    taps = middle_taps(len(stage_modules(body)))
    network = Network(body, 2, taps, size).eval()
    x, mask = torch.rand(1, 3, size, size), torch.zeros(1, 1, 16, 16)
    mask[..., 4:12, 4:12] = 1
    with torch.no_grad():
        half = network.run(x, 0, taps[0] + 1)
        torch.testing.assert_close(network.embed(half, mask, taps[0] + 1), network.embed(x, mask))
        anterior = torch.zeros_like(mask)
        anterior[..., 4:8, 4:12] = 1
        maps = channels_first(half, body)
        weight = torch.nn.functional.adaptive_avg_pool2d(anterior, maps.shape[2:])
        expected = (maps * weight).sum((2, 3)) / weight.sum()
        torch.testing.assert_close(network.embed(x, mask)[:, : maps.shape[1]], expected)


def test_lesion_means_by_hand() -> None:
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., :2, :2] = 1
    anterior, posterior, outside = lesion_means(maps, mask)[0].tolist()
    assert anterior == pytest.approx(np.mean([0, 1]))
    assert posterior == pytest.approx(np.mean([4, 5]))
    assert outside == pytest.approx((120 - 10) / 12)
    assert lesion_means(maps, torch.ones(1, 1, 4, 4))[0].tolist() == [3.5, 11.5, 0]


def test_the_halves_of_each_lesion_of_a_batch_are_its_own() -> None:
    mask = torch.zeros(2, 1, 8, 8)
    mask[0, :, :2] = 1
    mask[1, :, 3:7, 2:5] = 1
    rows = torch.arange(8.0).view(1, 1, 8, 1).expand(2, 1, 8, 8)
    assert lesion_means(rows, mask)[:, :2].tolist() == [[0, 1], [3.5, 5.5]]


def test_the_middle_of_networks() -> None:
    assert middle_taps(9) == (4, 5, 6)
    assert middle_taps(5) == (2, 3)
    assert middle_taps(13) == (6, 7, 9)


@pytest.mark.parametrize(
    ("name", "size", "pooling", "said"),
    [
        ("mobilenetv3_small_050", 32, "lesion", "the stages of 'mobilenetv3_small_050' are not known.*pooling: own"),
        ("resmlp_12_224", 224, "own", "where on the picture the features of 'resmlp_12_224' lie is not known"),
    ],
)
def test_a_network_that_cannot_do_what_is_asked_is_refused(name: str, size: int, pooling: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        new_network(name, "none", size=size, pooling=pooling, n_outputs=2)
    # one that was kept by an earlier version is built all the same
    assert build_network(name, "none", size=size, pooling=pooling, n_outputs=2).taps is None


def test_a_network_of_unknown_stages_may_pool_by_itself() -> None:
    network = new_network("mobilenetv3_small_050", "none", size=32, pooling="own", n_outputs=2)
    assert network.taps is None
