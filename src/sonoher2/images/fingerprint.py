"""Fingerprints of the images that shipped or own weights were trained on, kept in a file beside the weights.

A fingerprint names an image without showing it: the sha256 of the decoded grey values, which a picture re-saved without
loss keeps, and the perceptual hash, which one re-saved as JPEG nearly keeps.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sonoher2.core.errors import InputError
from sonoher2.core.files import file_sha256, write_text
from sonoher2.images.duplicates import perceptual_hash

Read = TypeVar("Read")
FORMAT = "sonoher2-training-images-1"
MOST_BITS = 4
"""By which the perceptual hashes of one picture may differ (docs/checks/LEAK007.md has the measurements)."""


@dataclass(frozen=True)
class Fingerprint:
    """What an image is known by.

    Attributes
    ----------
    sha256
        First 16 digits, of the image's shape and its rounded grey values.
    hash
        Perceptual hash, 16 digits.
    """

    sha256: str
    hash: str


@dataclass(frozen=True)
class TrainingImages:
    """Images that weights were trained on.

    Attributes
    ----------
    sha256
        As in `Fingerprint`.
    hashes
        (images,), as in `Fingerprint`.
    """

    sha256: frozenset[str]
    hashes: NDArray[np.uint64]

    def has(self, image: Fingerprint, *, resaved: bool = True) -> bool:
        """Whether the image is one of them, as it is or, unless told otherwise, re-saved."""
        if image.sha256 in self.sha256:
            return True
        return resaved and self.bits_to_nearest(image) <= MOST_BITS

    def bits_to_nearest(self, image: Fingerprint) -> int:
        """Fewest bits by which the perceptual hash differs from that of a training image; 64 without any."""
        differing = np.bitwise_count(self.hashes ^ np.uint64(int(image.hash, 16)))
        return int(differing.min(initial=64))


def fingerprint(pixels: NDArray[np.floating | np.uint8]) -> Fingerprint:
    """Fingerprint of an image as `read_image` gives it: (rows, columns), grey in [0, 255]."""
    grey = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    content = f"{grey.shape[0]}x{grey.shape[1]}:".encode() + grey.tobytes()
    hashed = perceptual_hash(grey.astype(np.float64))
    return Fingerprint(hashlib.sha256(content).hexdigest()[:16], f"{int(hashed):016x}")


def images_file(weights: Path) -> Path:
    """Place of the fingerprints that belong to weights: ``segmenter.images.json`` beside ``segmenter.safetensors``."""
    return weights.with_suffix(".images.json")


def write_training_images(weights: Path, images: Iterable[Fingerprint]) -> None:
    """Write the fingerprints of what weights were trained on beside them, in an order that says nothing."""
    write_text(images_file(weights), training_images_text(file_sha256(weights), images))


def training_images_text(sha256: str, images: Iterable[Fingerprint]) -> str:
    """Content of the file of fingerprints that belongs to weights with this sha256."""
    listed = sorted({f"{image.sha256}-{image.hash}" for image in images})
    content = {"format": FORMAT, "weights_sha256": sha256, "images": listed}
    return json.dumps(content, indent=0) + "\n"


def load_training_images(weights: Path, images: Path | None = None) -> TrainingImages:
    """Read the fingerprints that belong to weights.

    Parameters
    ----------
    weights
        The file of weights.
    images
        The file of fingerprints; the one beside the weights unless given.

    Raises
    ------
    InputError
        There are none, or they are of other weights.
    """
    return _of_weights(_loaded, weights, images or images_file(weights))


def listed_training_images(weights: Path) -> tuple[Fingerprint, ...]:
    """List the fingerprints beside weights, one by one; errors as in `load_training_images`."""
    return _of_weights(_listed, weights, images_file(weights))


def _of_weights(read: Callable[[Path, str, int], Read], weights: Path, path: Path) -> Read:
    try:
        of_weights = weights.stat()
        sha256 = _sha256(weights, of_weights.st_mtime_ns, of_weights.st_size)
        return read(path, sha256, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        what = "nothing says which images these weights were trained on"
        raise InputError(what, where=str(path), fix="Train them again, or install SonoHER2 again") from None


@cache
def _sha256(path: Path, _changed: int, _size: int) -> str:
    return file_sha256(path)


@cache
def _loaded(path: Path, weights: str, changed: int) -> TrainingImages:
    images = _listed(path, weights, changed)
    hashes = np.array([int(image.hash, 16) for image in images], np.uint64)
    return TrainingImages(frozenset(image.sha256 for image in images), hashes)


def _listed(path: Path, weights: str, _changed: int) -> tuple[Fingerprint, ...]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if (content["format"], content["weights_sha256"]) != (FORMAT, weights):
        raise ValueError("of other weights")
    return tuple(Fingerprint(*line.split("-")) for line in content["images"])
