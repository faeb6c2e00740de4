"""From the files of images to the frozen network's embedding of each lesion."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sonoher2.config import DeepConfig, ImageReading
from sonoher2.models.deep.crop import lesion_picture
from sonoher2.models.deep.embedding import DeepEmbedding
from sonoher2.regions.region import read_lesion


def frozen_embedding(config: DeepConfig) -> DeepEmbedding:
    """Fetch the weights of a study's network.

    Raises
    ------
    InputError
        No such network, or its weights cannot be had.
    """
    return DeepEmbedding(
        network=config.network,
        weights=config.weights,
        size=config.size,
        pooling=config.pooling,
        mask=config.mask,
    ).fit()


def embed_lesions(
    files: Sequence[tuple[str, Sequence[str], float | None]],
    *,
    reading: ImageReading,
    config: DeepConfig,
    embedding: DeepEmbedding,
) -> NDArray[np.float64]:
    """Read images with their masks and embed each lesion: the one way for studies and predictions.

    Parameters
    ----------
    files
        Image, its masks, and mm per pixel (None or NaN when unknown).
    reading
        Crop, several masks.
    config
        Margin and size of the picture.
    embedding
        The frozen network.

    Returns
    -------
    (images, width).
    """
    pictures = []
    for image, masks, mm_per_pixel in files:
        known = None if mm_per_pixel is None or np.isnan(mm_per_pixel) else mm_per_pixel
        lesion = read_lesion(
            image, masks, mm_per_pixel=known, crop_to_b_mode=reading.crop_to_b_mode, several=reading.several_masks
        )
        pictures.append(lesion_picture(lesion.image.pixels, lesion.mask, size=config.size, margin=config.margin)[None])
    return embedding.transform(pictures)
