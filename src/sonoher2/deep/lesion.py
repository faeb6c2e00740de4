"""From a study's `deep` settings to its networks, and from the files of images to the crops that they see."""

from __future__ import annotations

from typing import NamedTuple

from sonoher2.config.deep import DeepConfig
from sonoher2.deep.classifier import DeepClassifier
from sonoher2.deep.crop import Crop, lesion_crop
from sonoher2.deep.embedding import DeepEmbedding
from sonoher2.lesions.open import Lesion

VARIANTS = 4
"""Augmented variants of a crop whose activations are kept for fine-tuning."""


class StartingPoint(NamedTuple):
    """A network before it is fine-tuned: its name in the study file, and a hash of its weights."""

    network: str
    sha256: str


def starting_points(config: DeepConfig) -> tuple[StartingPoint, ...]:
    """Fetch the weights that a study's networks start from; one network at a time is in memory.

    Raises
    ------
    InputError
        No such network, or its weights cannot be had.
    """
    return tuple(StartingPoint(name, frozen_network(config, name).sha256) for name in config.network)


def frozen_network(config: DeepConfig, name: str) -> DeepEmbedding:
    """Fetch the weights of one network of a study.

    Raises
    ------
    InputError
        No such network, or its weights cannot be had.
    """
    return DeepEmbedding(
        network=name,
        weights=config.weights,
        size=config.size,
        pooling=config.pooling,
        mask=config.mask,
        mirror=config.mirror,
    ).fit()


def trainable_network(config: DeepConfig, network: str, seed: int) -> DeepClassifier:
    """Unfitted classifier of one network of a study."""
    return DeepClassifier(
        network=network,
        weights=config.weights,
        size=config.size,
        pooling=config.pooling,
        mask=config.mask,
        mirror=config.mirror,
        epochs=config.epochs,
        unfreeze=config.unfreeze,
        # without frozen stages there is nothing to keep, and fresh variants cost no more than kept ones
        variants=0 if config.trains_all_stages else VARIANTS,
        seed=seed,
    )


def crop_for(lesion: Lesion, config: DeepConfig) -> Crop:
    """Cut out what a study's networks see of a lesion, (2, size, size)."""
    image, mask = lesion.image.pixels, lesion.mask
    return lesion_crop(image, mask, size=config.size, margin=config.margin, window=config.window)
