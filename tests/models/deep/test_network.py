from __future__ import annotations

import numpy as np
import pytest
import torch

from sonoher2.models.deep.network import Network, channels_first, lesion_means, middle_taps, stage_modules
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
        maps = channels_first(half, body)
        expected = (maps * torch.nn.functional.adaptive_avg_pool2d(mask, maps.shape[2:])).mean((2, 3))
        share = torch.nn.functional.adaptive_avg_pool2d(mask, maps.shape[2:]).mean()
        torch.testing.assert_close(network.embed(x, mask)[:, : maps.shape[1]], expected / share)


def test_lesion_means_by_hand() -> None:
    maps = torch.arange(16.0).view(1, 1, 4, 4)
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., :2, :2] = 1
    inside, outside = lesion_means(maps, mask)[0].tolist()
    assert inside == pytest.approx(np.mean([0, 1, 4, 5]))
    assert outside == pytest.approx((120 - 10) / 12)
    assert lesion_means(maps, torch.ones(1, 1, 4, 4))[0].tolist() == [7.5, 0]


def test_the_middle_of_networks() -> None:
    assert middle_taps(9) == (4, 5, 6)
    assert middle_taps(5) == (2, 3)
    assert middle_taps(13) == (6, 7, 9)
