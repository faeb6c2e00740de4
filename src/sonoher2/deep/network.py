"""A timm network as a row of stages, so that its first ones can be frozen and their output kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from timm.models.convnext import ConvNeXt
from timm.models.densenet import DenseNet
from timm.models.efficientnet import EfficientNet
from timm.models.resnet import ResNet
from timm.models.swin_transformer import SwinTransformer
from timm.models.vgg import VGG
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn
from torch.nn import functional

Stage = Callable[[Tensor], Tensor]

Body: TypeAlias = Any
"""Timm's model without classifier: the families share no type that names their parts."""


class Network(nn.Module):
    """Stages in a row, pooling to an embedding, and a linear classifier of the standardised embedding.

    Parameters
    ----------
    body
        Timm's model without classifier.
    n_outputs
        Classes.
    taps
        Stages whose output is pooled inside and around the lesion; later stages are left out. None: the network's
        own pooling of its last stage, which knows nothing of the lesion.

    Attributes
    ----------
    body, head
        The network proper and the linear layer (standardised embedding to outputs), which starts at zero.
    centre, spread
        Mean and deviation of the embedding over the training patients, shape (width,).
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, body: Body, n_outputs: int, taps: tuple[int, ...] | None, size: int) -> None:
        super().__init__()
        self.body = body
        self.taps = taps
        # a plain list: the modules are the body's, registering them twice would double the saved tensors
        self._stages = [nn.ModuleList(modules) for modules in stage_modules(body)]
        with torch.no_grad():
            width = self.embed(torch.zeros(1, 3, size, size), torch.zeros(1, 1, size, size)).shape[1]
        self.head = nn.Linear(width, n_outputs)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("centre", torch.zeros(width))
        self.register_buffer("spread", torch.ones(width))

    @property
    def n_stages(self) -> int:
        """How many stages are used."""
        return len(self._stages) if self.taps is None else self.taps[-1] + 1

    def stage(self, number: int) -> nn.ModuleList:
        """Modules of one stage."""
        return self._stages[number]

    def pooling_parameters(self) -> list[nn.Parameter]:
        """Parameters of the body that belong to no stage: those of its own pooling."""
        staged = {id(parameter) for stage in self._stages for parameter in stage.parameters()}
        return [parameter for parameter in self.body.parameters() if id(parameter) not in staged]

    def used_tensors(self) -> set[str]:
        """Names in `state_dict` of the tensors that the network uses: all but those of stages behind the last tap."""
        if self.taps is None:
            return set(self.state_dict())
        stages = [self.head, *self._stages[: self.n_stages]]
        places = {value.data_ptr() for stage in stages for value in stage.state_dict().values()}
        places |= {self.centre.data_ptr(), self.spread.data_ptr()}
        # tokens and position embeddings belong to the body, not to a stage of it
        whole = {f"body.{name}" for name, _ in self.body.named_parameters(recurse=False)}
        return whole | {name for name, value in self.state_dict().items() if value.data_ptr() in places}

    def run(self, x: Tensor, first: int, last: int) -> Tensor:
        """Put `x` through the stages from `first` up to but not including `last`."""
        for modules in self._stages[first:last]:
            for module in modules:
                x = module(x)
        return x

    def embed(self, x: Tensor, mask: Tensor, first: int = 0) -> Tensor:
        """Embedding of crops, or of the input of stage `first`.

        Parameters
        ----------
        x
            Shape (images, ...): normalised crops, or what stage `first` takes; no tap may lie before `first` - 1.
        mask
            Shape (images, 1, any, any), share of lesion, 0 to 1.

        Returns
        -------
        Shape (images, width).
        """
        if self.taps is None:
            pooled: Tensor = self.body.forward_head(self.run(x, first, self.n_stages))
            return pooled
        parts, done = [], first
        for tap in self.taps:
            x = self.run(x, done, tap + 1)
            done = tap + 1
            parts.append(lesion_means(channels_first(x, self.body), mask))
        return torch.cat(parts, dim=1)

    def classify(self, embedding: Tensor) -> Tensor:
        """Scores (images, outputs) of embeddings, before the softmax."""
        scores: Tensor = self.head((embedding - self.centre) / self.spread)
        return scores


def middle_taps(n_stages: int) -> tuple[int, ...]:
    """Up to three stages about the middle of a network.

    The last stages of a network trained on photographs tell objects apart; texture, which tells lesions apart, is
    described by the middle ones.
    """
    return tuple(sorted({round(n_stages * share) for share in (0.45, 0.55, 0.67)}))


def channels_first(x: Tensor, body: Body) -> Tensor:
    """Order a stage's output as maps (images, channels, rows, columns), whatever the family's own order."""
    if x.ndim == 3:
        tokens = x[:, body.num_prefix_tokens :]
        rows, columns = body.patch_embed.grid_size
        return tokens.transpose(1, 2).reshape(len(x), -1, rows, columns)
    return x.permute(0, 3, 1, 2) if getattr(body, "output_fmt", "NCHW") == "NHWC" else x


def lesion_means(maps: Tensor, mask: Tensor) -> Tensor:
    """Mean of each channel in the lesion's anterior half, in its posterior half, and around it.

    Depth means something in ultrasound (shadow and enhancement lie behind), so that the halves are kept apart.

    Parameters
    ----------
    maps
        Shape (images, channels, rows, columns).
    mask
        Shape (images, 1, any, any), share of lesion.

    Returns
    -------
    Shape (images, 3 channels).
    """
    mask = mask.to(maps.dtype)
    anterior = mask * _upper_half(mask)
    whole, half = (functional.adaptive_avg_pool2d(part, (maps.shape[2], maps.shape[3])) for part in (mask, anterior))
    return torch.cat([_weighted(maps, half), _weighted(maps, whole - half), _weighted(maps, 1 - whole)], dim=1)


def _upper_half(mask: Tensor) -> Tensor:
    """1 in the rows above the middle between a lesion's first and last row, else 0; shape (images, 1, rows, 1)."""
    rows = torch.arange(mask.shape[2], device=mask.device, dtype=mask.dtype)
    filled = mask.amax(dim=3).squeeze(1) > 0
    last = torch.where(filled, rows, 0).amax(dim=1)
    first = torch.where(filled, rows, mask.shape[2]).amin(dim=1)
    return (rows < ((first + last + 1) / 2)[:, None]).to(mask.dtype)[:, None, :, None]


def _weighted(maps: Tensor, weight: Tensor) -> Tensor:
    # a lesion that fills the window has no surround: its mean is then 0
    return (maps * weight).sum((2, 3)) / weight.sum((2, 3)).clamp_min(1e-3)


class _Method(nn.Module):
    """A method of a network as a module, for stages that timm writes as code."""

    def __init__(self, method: Stage) -> None:
        super().__init__()
        self._method = method

    def forward(self, x: Tensor) -> Tensor:
        return self._method(x)


class _Features(nn.Module):
    """A whole network without its head, for families whose stages are not known."""

    def __init__(self, body: Body) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        features: Tensor = self.body.forward_features(x)
        return features


def stage_modules(body: Body) -> list[Sequence[nn.Module]]:
    """Modules of each stage; a family that is not known here is one single stage."""
    for family, split in _FAMILIES.items():
        if type(body) is family:
            return split(body)
    return [[_Features(body)]]


def _efficientnet(body: Body) -> list[Sequence[nn.Module]]:
    return [[body.conv_stem, body.bn1], *([block] for block in body.blocks), [body.conv_head, body.bn2]]


def _resnet(body: Body) -> list[Sequence[nn.Module]]:
    stem = [body.conv1, body.bn1, body.act1, body.maxpool]
    return [stem, [body.layer1], [body.layer2], [body.layer3], [body.layer4]]


def _vgg(body: Body) -> list[Sequence[nn.Module]]:
    stages: list[list[nn.Module]] = [[]]
    for layer in body.features:
        stages[-1].append(layer)
        if isinstance(layer, nn.MaxPool2d):
            stages.append([])
    return [stage for stage in stages if stage]


def _densenet(body: Body) -> list[Sequence[nn.Module]]:
    stages: list[list[nn.Module]] = [[]]
    for name, layer in body.features.named_children():
        if name.startswith("denseblock"):
            stages.append([])
        stages[-1].append(layer)
    return list(stages)


def _convnext(body: Body) -> list[Sequence[nn.Module]]:
    *stages, last = [[stage] for stage in body.stages]
    return [[body.stem], *stages, [*last, body.norm_pre]]


def _vit(body: Body) -> list[Sequence[nn.Module]]:
    stem = [body.patch_embed, _Method(body._pos_embed), body.patch_drop, body.norm_pre]
    *blocks, last = [[block] for block in body.blocks]
    return [stem, *blocks, [*last, body.norm]]


def _swin(body: Body) -> list[Sequence[nn.Module]]:
    *layers, last = [[layer] for layer in body.layers]
    return [[body.patch_embed], *layers, [*last, body.norm]]


_FAMILIES: dict[type[nn.Module], Callable[..., list[Sequence[nn.Module]]]] = {
    EfficientNet: _efficientnet,
    ResNet: _resnet,
    VGG: _vgg,
    DenseNet: _densenet,
    ConvNeXt: _convnext,
    VisionTransformer: _vit,
    SwinTransformer: _swin,
}


def normalised(crops: Tensor, body: Body) -> Tensor:
    """Crops (images, 3, size, size), 0 to 1, less the mean and over the deviation of the network's own training."""
    config = body.pretrained_cfg
    mean, deviation = (torch.tensor(config[key], device=crops.device).view(1, 3, 1, 1) for key in ("mean", "std"))
    return ((crops - mean) / deviation).contiguous(memory_format=torch.channels_last)
