"""Outlining the lesions of a patient whose images come without masks."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sonoher2.core.errors import InputError
from sonoher2.images.fingerprint import fingerprint, load_training_images
from sonoher2.images.read import read_image

Images = tuple[tuple[Path, tuple[Path, ...]], ...]
"""Each image with its masks."""
Pictures = tuple[tuple[Path, tuple[Path, ...], int | None], ...]
"""Each image with its masks and its frame."""


@contextmanager
def outlined(images: Pictures, *, crop_to_b_mode: bool) -> Iterator[tuple[Images, tuple[str, ...]]]:
    """Give every image a mask: its own, or one from the shipped segmenter that lives as long as the context.

    Parameters
    ----------
    images
        Each image with its masks, none where it is to be outlined, and its frame.
    crop_to_b_mode
        Whether the model reads the B-mode part of the screen only.

    Yields
    ------
    The images, each with a mask; and what to tell the user of those that were outlined.

    Raises
    ------
    InputError
        An image cannot be read, or no lesion is found in it.
    """
    if all(masks for _, masks, _ in images):
        yield tuple((image, masks) for image, masks, _ in images), ()
        return
    # networks are slow to import
    from sonoher2.segmentation.mask_files import write_mask
    from sonoher2.segmentation.segment import segment_file
    from sonoher2.segmentation.segmenter import SHIPPED

    with tempfile.TemporaryDirectory() as folder:
        complete: list[tuple[Path, tuple[Path, ...]]] = []
        told: list[str] = []
        for number, (image, masks, frame) in enumerate(images):
            if not masks:
                found = segment_file(image, frame=frame, crop_to_b_mode=crop_to_b_mode)
                if not found.found:
                    raise InputError("no lesion was found", where=str(image), fix="Outline it by hand and give --mask")
                masks = (Path(folder) / f"{number}.png",)
                write_mask(masks[0], found.mask)
                said = f"the lesion was outlined automatically, confidence {found.confidence:.2f}; look at it"
                told.append(f"{image.name}: {said}")
                told += warn_of_training_image(image, frame, SHIPPED, "segmenter")
            complete.append((image, masks))
        yield tuple(complete), tuple(told)


def warn_of_training_image(image: Path, frame: int | None, weights: Path, network: str) -> list[str]:
    """Say that a network was trained on the very image that it is now used for.

    Parameters
    ----------
    image, frame
        Path, and frame of it.
    weights
        Of the network.
    network
        Its name.
    """
    seen = load_training_images(weights).has(fingerprint(read_image(image, frame=frame).pixels))
    return (
        [f"{image.name}: the {network} was trained on this image, and does better on it than on others"] if seen else []
    )
