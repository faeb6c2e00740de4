"""What the generator is taught: area, pixels and outline of the lesion."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SMOOTH = 1.0
"""Pixels added to both sides of a ratio, so that it exists for small lesions."""


def supervised_loss(logits: Tensor, target: Tensor, *, boundary: float = 0.5) -> Tensor:
    """Cross-entropy + Dice + `boundary` times the outline's Dice.

    Pictures without a lesion have no area and no outline; they count in the cross-entropy only.

    Parameters
    ----------
    logits, target
        Shape (pictures, 1, rows, columns); the target is 0 to 1.
    boundary
        Weight of the outline.
    """
    loss = functional.binary_cross_entropy_with_logits(logits, target)
    lesion = target.amax(dim=(1, 2, 3)) > 0.5
    if not lesion.any():
        return loss
    probability, target = torch.sigmoid(logits[lesion]), target[lesion]
    return loss + dice_loss(probability, target) + boundary * dice_loss(edge(probability), edge(target))


def dice_loss(probability: Tensor, target: Tensor) -> Tensor:
    """1 - soft Dice, mean over pictures (Milletari et al., V-Net, 3DV 2016)."""
    common = (probability * target).sum(dim=(1, 2, 3))
    sizes = probability.sum(dim=(1, 2, 3)) + target.sum(dim=(1, 2, 3))
    return 1 - ((2 * common + SMOOTH) / (sizes + SMOOTH)).mean()


def edge(mask: Tensor, reach: int = 2) -> Tensor:
    """Band of `reach` pixels on both sides of a soft mask's outline: its dilation minus its erosion."""
    size = 2 * reach + 1
    return functional.max_pool2d(mask, size, 1, reach) + functional.max_pool2d(-mask, size, 1, reach)
