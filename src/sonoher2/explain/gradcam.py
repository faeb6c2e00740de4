"""Heat maps: where in a crop a network's score comes from.

Convolutional networks and Swin: Grad-CAM (Selvaraju et al., ICCV 2017) and Grad-CAM++ (Chattopadhay et al., WACV 2018).
ViT: relevance propagated through the attention of all blocks (Chefer, Gur and Wolf, ICCV 2021).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from timm.layers.attention import Attention
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor
from torch.nn import functional

from sonoher2.deep.activations import Batch
from sonoher2.deep.crop import Crop
from sonoher2.deep.network import Network, channels_first
from sonoher2.explain.explained import Explained
from sonoher2.networks.device import one_thread

Method = Literal["grad-cam", "grad-cam++", "attention"]
Heat = NDArray[np.float64]
"""Shape (size, size), 0 to 1; all 0 when nothing speaks for the score."""


def heat_map(explained: Explained, crop: Crop, method: Method | None = None) -> Heat:
    """Heat map of one crop: where it speaks for the score that is explained.

    A network that is shown the crop's mirror image too has a map of each; the second is turned back, and the mean
    counts.

    Parameters
    ----------
    explained
        Network and score.
    crop
        Shape (2, size, size).
    method
        None: ``attention`` for a ViT with its own pooling, else ``grad-cam``. ``attention`` is for those only.
    """
    chosen = method or ("attention" if has_relevance(explained.network) else "grad-cam")
    with one_thread():
        straight, *mirrored = [_coarse(one, view, chosen) for one, view in explained.each_view(crop)]
    coarse = torch.stack([straight, *(heat.flip(-1) for heat in mirrored)]).mean(0) if mirrored else straight
    return upsampled(coarse, crop.shape[-1])


def _coarse(explained: Explained, view: Crop, method: Method) -> Tensor:
    """Heat (rows, columns) of one picture that the network is shown, in the resolution of its maps."""
    batch = explained.preparation.run(explained.network, [view], 0)
    if method == "attention":
        return attention_relevance(explained, batch)
    weigh = grad_cam if method == "grad-cam" else grad_cam_plus_plus
    return weigh(*maps_and_gradients(explained, batch))


def explained_stage(network: Network) -> int:
    """Choose the stage whose maps are shown: the last; or the first pooled one, which all of the score passes."""
    return network.n_stages - 1 if network.taps is None else network.taps[0]


def maps_and_gradients(explained: Explained, batch: Batch) -> tuple[Tensor, Tensor]:
    """Give the maps of `explained_stage` (channels, rows, columns) and the gradient of the score by them.

    The gradient of the score by the embedding goes back through the pooling and the stages behind the maps.
    """
    network = explained.network
    stage = explained_stage(network) + 1
    with torch.no_grad():
        output = network.run(batch.x, 0, stage)
    with torch.enable_grad():
        output.requires_grad_()
        embedding = network.embed(output, batch.mask, stage)
        (gradient,) = torch.autograd.grad(embedding, output, explained.gradient_like(embedding))
    return channels_first(output.detach(), network.body)[0], channels_first(gradient, network.body)[0]


def grad_cam(maps: Tensor, gradients: Tensor) -> Tensor:
    """Grad-CAM (rows, columns): maps weighted by the mean of their gradient, negative parts cut."""
    return (gradients.mean((1, 2), keepdim=True) * maps).sum(0).clamp_min(0)


def grad_cam_plus_plus(maps: Tensor, gradients: Tensor) -> Tensor:
    """Grad-CAM++ (rows, columns), for a score that enters through its exponential (equation 19 of the paper)."""
    squared, cubed = gradients**2, gradients**3
    below = 2 * squared + maps.sum((1, 2), keepdim=True) * cubed
    alpha = torch.where(below != 0, squared / torch.where(below != 0, below, torch.ones_like(below)), 0)
    weights = (alpha * gradients.clamp_min(0)).sum((1, 2), keepdim=True)
    return (weights * maps).sum(0).clamp_min(0)


def has_relevance(network: Network) -> bool:
    """Whether `attention_relevance` fits the network: a ViT that pools its own last tokens."""
    return type(network.body) is VisionTransformer and network.taps is None


def attention_relevance(explained: Explained, batch: Batch) -> Tensor:
    """Relevance of each patch (rows, columns): R = (1 + heads' mean of (gradient x attention)+) R, block by block."""
    network = explained.network
    if not has_relevance(network):
        raise ValueError("attention relevance is for a ViT with its own pooling")
    with torch.enable_grad(), _attention_of(network) as kept:
        # the crop itself needs a gradient: all weights are frozen
        embedding = network.embed(batch.x.clone().requires_grad_(), batch.mask)
        gradients = torch.autograd.grad(embedding, kept, explained.gradient_like(embedding))
    n_tokens = kept[0].shape[-1]
    relevance = torch.eye(n_tokens, device=batch.x.device)
    for attention, gradient in zip(kept, gradients, strict=True):
        relevance = relevance + (attention * gradient).clamp_min(0).mean(1)[0].detach() @ relevance
    body, prefix = network.body, network.body.num_prefix_tokens
    row = relevance[0] if body.global_pool == "token" else relevance[prefix:].mean(0)
    return torch.reshape(row[prefix:], tuple(body.patch_embed.grid_size))


@contextmanager
def _attention_of(network: Network) -> Iterator[list[Tensor]]:
    """Attention (images, heads, tokens, tokens) of every block, as the network runs."""
    kept: list[Tensor] = []
    layers: list[Any] = [module for module in network.body.modules() if isinstance(module, Attention)]
    before = [layer.fused_attn for layer in layers]
    handles = [layer.attn_drop.register_forward_hook(lambda _m, _i, output: kept.append(output)) for layer in layers]
    try:
        for layer in layers:
            layer.fused_attn = False
        yield kept
    finally:
        for layer, handle, fused in zip(layers, handles, before, strict=True):
            handle.remove()
            layer.fused_attn = fused


def upsampled(coarse: Tensor, size: int) -> Heat:
    """Bring a coarse map (rows, columns) to the size of the crop, its largest value to 1."""
    fine = functional.interpolate(coarse[None, None].float(), (size, size), mode="bilinear", align_corners=False)[0, 0]
    heat = fine.cpu().numpy().astype(np.float64)
    return np.asarray(heat / heat.max()) if heat.max() > 0 else np.zeros_like(heat)
