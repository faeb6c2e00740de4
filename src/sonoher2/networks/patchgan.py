"""A PatchGAN discriminator: judges overlapping patches of a picture, not the picture as a whole.

Isola et al., Image-to-Image Translation with Conditional Adversarial Networks, CVPR 2017, section 3.2.2. The
adversarial losses are least-squares ones (Mao et al., Least Squares Generative Adversarial Networks, ICCV 2017), and
spectral normalisation keeps the discriminator smooth without batch statistics (Miyato et al., ICLR 2018).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

SLOPE = 0.2
"""Of the leaky rectifiers below zero."""


def patch_discriminator(channels: int, *, width: int = 32, strides: int = 3, seed: int = 0) -> nn.Sequential:
    """Build a discriminator of patches.

    Parameters
    ----------
    channels
        Of its input: a picture stacked with what it is conditioned on.
    width
        Channels of the first convolution; they double with each stride up to eight times.
    strides
        Halvings of the resolution; three give patches of 38 pixels.
    seed
        Of the random weights.

    Returns
    -------
    Network from (pictures, channels, rows, columns) to a score for each patch
    (pictures, 1, rows / 2**strides, columns / 2**strides): near 1 for real, near 0 for generated.
    """
    widths = [channels, *(width * min(2**step, 8) for step in range(strides))]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [spectral_norm(nn.Conv2d(before, after, 4, stride=2, padding=1)), nn.LeakyReLU(SLOPE)]
        return nn.Sequential(*layers, spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1)))


def discriminator_loss(real: Tensor, generated: Tensor) -> Tensor:
    """Least-squares loss of the discriminator, from its scores of real and of generated pictures."""
    return ((real - 1).square().mean() + generated.square().mean()) / 2


def generator_loss(generated: Tensor) -> Tensor:
    """Least-squares loss of the generator, from the discriminator's scores of what it made."""
    return (generated - 1).square().mean()
