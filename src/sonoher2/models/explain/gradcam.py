"""Heat maps: where in a picture a network's score comes from.

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

from sonoher2.models.deep.activations import Batch, Preparation
from sonoher2.models.deep.classifier import DeepClassifier
from sonoher2.models.deep.crop import Picture, as_pictures
from sonoher2.models.deep.network import Network, channels_first
from sonoher2.networks.device import one_thread

Method = Literal["grad-cam", "grad-cam++", "attention"]
Heat = NDArray[np.float64]
"""Shape (size, size), 0 to 1; all 0 when nothing speaks for the class."""


def heat_map(classifier: DeepClassifier, picture: Picture, *, outcome: int = 1, method: Method | None = None) -> Heat:
    """Heat map of one picture for one class.

    Parameters
    ----------
    classifier
        Fitted.
    picture
        Shape (2, size, size).
    outcome
        Position of the class in `classes_`.
    method
        None: ``attention`` for a ViT with its own pooling, else ``grad-cam``. ``attention`` is for those only.
    """
    network = classifier.fitted_network()
    chosen = method or ("attention" if has_relevance(network) else "grad-cam")
    (checked,) = as_pictures([picture[None]], classifier.size)[0]
    with one_thread():
        return network_heat(network, checked, Preparation(classifier.mask), outcome, chosen)


def network_heat(network: Network, picture: Picture, preparation: Preparation, outcome: int, method: Method) -> Heat:
    """`heat_map` of a network in evaluation mode."""
    batch = preparation.run(network, [picture], 0)
    if method == "attention":
        coarse = attention_relevance(network, batch, outcome)
    else:
        maps, gradients = maps_and_gradients(network, batch, outcome)
        weigh = grad_cam if method == "grad-cam" else grad_cam_plus_plus
        coarse = weigh(maps, gradients)
    return _upsampled(coarse, picture.shape[-1])


def explained_stage(network: Network) -> int:
    """Choose the stage whose maps are shown: the last; or the first pooled one, which all of the score passes."""
    return network.n_stages - 1 if network.taps is None else network.taps[0]


def maps_and_gradients(network: Network, batch: Batch, outcome: int) -> tuple[Tensor, Tensor]:
    """Give the maps of `explained_stage` (channels, rows, columns) and the gradient of the class's score by them.

    The score is that of the class less the mean of the others.
    """
    stage = explained_stage(network) + 1
    with torch.enable_grad():
        output = network.run(batch.x, 0, stage).detach().requires_grad_()
        score = margin(network.classify(network.embed(output, batch.mask, stage)), outcome)
        (gradient,) = torch.autograd.grad(score, output)
    return channels_first(output.detach(), network.body)[0], channels_first(gradient, network.body)[0]


def margin(scores: Tensor, outcome: int) -> Tensor:
    """Score of a class less the mean of the others, for a single picture."""
    others = [number for number in range(scores.shape[1]) if number != outcome]
    return scores[0, outcome] - scores[0, others].mean()


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


def attention_relevance(network: Network, batch: Batch, outcome: int) -> Tensor:
    """Relevance of each patch (rows, columns): R = (1 + heads' mean of (gradient x attention)+) R, block by block."""
    if not has_relevance(network):
        raise ValueError("attention relevance is for a ViT with its own pooling")
    with torch.enable_grad(), _attention_of(network) as kept:
        # the picture itself needs a gradient: all weights are frozen
        score = margin(network.classify(network.embed(batch.x.clone().requires_grad_(), batch.mask)), outcome)
        gradients = torch.autograd.grad(score, kept)
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


def _upsampled(coarse: Tensor, size: int) -> Heat:
    fine = functional.interpolate(coarse[None, None].float(), (size, size), mode="bilinear", align_corners=False)[0, 0]
    heat = fine.cpu().numpy().astype(np.float64)
    return np.asarray(heat / heat.max()) if heat.max() > 0 else np.zeros_like(heat)
