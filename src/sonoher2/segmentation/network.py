"""The generator: a U-Net whose encoder knows ImageNet, from one grey picture to a lesion's logits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

import segmentation_models_pytorch as smp
import torch
from segmentation_models_pytorch.base import SegmentationHead
from torch import Tensor, nn

from sonoher2.core.errors import InputError
from sonoher2.networks.export import export_graph
from sonoher2.networks.presets import timm_name
from sonoher2.networks.sources import AUTO, NONE
from sonoher2.networks.weights import build_body
from sonoher2.segmentation.prompts import PICTURE

Generator: TypeAlias = Any
"""A U-Net of segmentation-models-pytorch, with the parts `encoder`, `decoder` and `segmentation_head`."""

DECODER_CHANNELS = (128, 64, 48, 32, 16)
"""Of the U-Net's five upward steps; the last is left out."""
MID_GREY = 127.5
"""EfficientNet-Lite's ImageNet weights expect values of -1 to 1."""
SMALLEST = 64
"""Side of the picture on which a network is tried, pixels."""


def build_generator(network: str, weights: str = AUTO, *, seed: int = 0, channels: int = 1) -> Generator:
    """U-Net on grey pictures, or on grey pictures and prompts, in evaluation mode.

    The last upward step would work at full resolution, cost as much as the whole encoder, and sharpen the outline by
    less than a reader's error; the logits are interpolated from half resolution instead.

    Parameters
    ----------
    network
        Preset or timm name of the encoder.
    weights
        As in `build_body`.
    seed
        Of the random weights of the decoder, and of the encoder without ImageNet weights.
    channels
        Of a picture: 1, its grey values; `prompts.CHANNELS` for a network that takes prompts, which it begins without
        heeding.

    Returns
    -------
    Network from normalised pictures (pictures, channels, rows, columns) to logits (pictures, 1, rows, columns); rows
    and columns are multiples of 32.

    Raises
    ------
    InputError
        As `build_body`.
    """
    name = timm_name(network)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        # transformers have no maps at falling resolutions, or take pictures of one size only
        try:
            unet = _unet(name)
        except (AssertionError, AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError):
            raise InputError(
                f"the network '{network}' cannot be the encoder of a segmenter",
                fix="Choose a convolutional network, such as EfficientNet-Lite0 or ResNet18",
            ) from None
    if weights != NONE:
        _load_encoder(unet.encoder.model, build_body(network, weights, size=224).state_dict())
    if channels > 1:
        with torch.random.fork_rng(devices=[]):
            narrow, unet = unet, _unet(name, channels)
        start_from(unet, narrow.state_dict())
    return unet.to(memory_format=torch.channels_last).eval()


def start_from(generator: Generator, weights: Mapping[str, Tensor]) -> None:
    """Load the weights of a generator of the same encoder; those of channels that it did not have are 0.

    Raises
    ------
    KeyError, RuntimeError
        The weights are those of another network.
    """
    chosen = {}
    for name, own in generator.state_dict().items():
        chosen[name] = tensor = weights[name]
        if tensor.ndim == 4 and tensor.shape[1] < own.shape[1]:
            more = tensor.new_zeros(len(tensor), own.shape[1] - tensor.shape[1], *tensor.shape[2:])
            chosen[name] = torch.cat([tensor, more], dim=1)
    generator.load_state_dict(chosen)


def _unet(name: str, channels: int = 1) -> Generator:
    unet = smp.Unet(f"tu-{name}", encoder_weights=None, in_channels=channels, decoder_channels=DECODER_CHANNELS)
    unet.decoder.blocks = unet.decoder.blocks[:-1]
    unet.segmentation_head = SegmentationHead(DECODER_CHANNELS[-2], 1, upsampling=2)
    with torch.inference_mode():
        unet.eval()(torch.zeros(1, channels, SMALLEST, SMALLEST))
    return unet


class Prepared(nn.Module):
    """From a picture's grey values to logits, as one module.

    Parameters
    ----------
    generator
        From `build_generator`.
    """

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, picture: Tensor) -> Tensor:
        """Logits (pictures, 1, rows, columns) of grey values 0 to 255 and, with a prompt, its two channels."""
        logits: Tensor = self.generator(normalised(picture).contiguous(memory_format=torch.channels_last))
        return logits


@cache
def generator_graph(network: str, size: int, channels: int = 1) -> bytes | None:
    """Graph of a generator from a picture's grey values to logits, without weights; None where ONNX has none.

    Parameters
    ----------
    network
        As in `build_generator`.
    size, channels
        Side of its pictures, pixels, and their channels.
    """
    generator = build_generator(network, NONE, channels=channels)
    return export_graph(Prepared(generator), {PICTURE: torch.zeros(1, channels, size, size)})


def normalised(picture: Tensor) -> Tensor:
    """Give grey values 0 to 255, the first channel, as the network takes them; a prompt stays as it is."""
    grey = picture[:, :1].float() / MID_GREY - 1
    return grey if picture.shape[1] == 1 else torch.cat([grey, picture[:, 1:]], dim=1)


def _load_encoder(encoder: nn.Module, found: dict[str, Tensor]) -> None:
    """Load by name; a first convolution over three equal channels is one over their sum.

    Raises
    ------
    InputError
        A tensor is not among those that were found.
    """
    wanted = encoder.state_dict()
    # an encoder calls the parts that it takes out of a whole network features_0 instead of features.0
    known = {name.replace(".", "_", 1): tensor for name, tensor in found.items()} | found
    if not known.keys() >= wanted.keys():
        raise InputError("the ImageNet weights do not fit the encoder", fix="Choose another network, or no weights")
    chosen = {name: known[name] for name in wanted}
    for name, tensor in chosen.items():
        if tensor.ndim == 4 and tensor.shape[1] == 3 and wanted[name].shape[1] == 1:
            chosen[name] = tensor.sum(dim=1, keepdim=True)
    encoder.load_state_dict(chosen)


def spare_slow_convolutions(network: nn.Module) -> None:
    """Keep depthwise convolutions that are wide or strided in single precision under autocast, where they are faster.

    In bfloat16 their gradients take three to six times as long on processors.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1 and (module.kernel_size[0] > 3 or module.stride[0] > 1):
            setattr(module, "forward", _in_single_precision(module.forward))  # noqa: B010


def _in_single_precision(forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def single(x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return forward(x.float())

    return single
