"""The enhancer as it is used: frozen weights, grey values in, grey values out."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from sonoher2.core.errors import InputError
from sonoher2.core.files import atomic_path, file_sha256
from sonoher2.enhancement.network import SCALES, Generator, in_tiles
from sonoher2.images.pixels.image import UltrasoundImage
from sonoher2.networks.device import one_thread
from sonoher2.networks.own import Weights, require_same

SHIPPED = Path(__file__).parent / "weights" / "enhancer.safetensors"
"""Trained on BUS-BRA and BrEaST; docs/model-cards/enhancer.md says how."""
LARGEST_SIZE = 512
"""Of channels and blocks: a file from elsewhere cannot ask for a network that fills the memory."""
FRAME = 16
"""Pixels repeated around an image, since the network sees black beyond its border; a multiple of its grid."""


@dataclass(frozen=True)
class Enhancer:
    """A frozen generator.

    Attributes
    ----------
    generator
        In evaluation mode.
    sha256
        Of the file of its weights.
    """

    generator: Generator
    sha256: str

    def clear(self, pixels: NDArray[np.floating], scale: int = 1) -> NDArray[np.float64]:
        """Clear an image; the same image gives the same result.

        Parameters
        ----------
        pixels
            (rows, columns), grey in [0, 255].
        scale
            1 de-speckles; 2 also doubles rows and columns.

        Returns
        -------
        (scale * rows, scale * columns), grey in [0, 255].

        Raises
        ------
        InputError
            The scale is neither, or the array is not an image.
        """
        if scale not in SCALES:
            raise InputError(f"an image cannot be enhanced at scale {scale}", fix="Give 1 or 2")
        if pixels.ndim != 2 or not pixels.size or not np.isfinite(pixels).all():
            raise InputError(f"an array of shape {pixels.shape} is not a grey image", fix="Give rows and columns")
        framed = np.pad(np.asarray(pixels, np.float32) / np.float32(255), FRAME, mode="edge")
        with one_thread(), torch.inference_mode():
            cleared = in_tiles(self.generator, torch.from_numpy(framed)[None, None], scale)[0, 0].numpy()
        inner = slice(scale * FRAME, -scale * FRAME)
        return np.clip(cleared[inner, inner].astype(np.float64) * 255, 0, 255)


def enhanced(image: UltrasoundImage, enhancer: Enhancer) -> UltrasoundImage:
    """Clear an image; its size, size of a pixel, colours and place in the file stay."""
    return replace(image, pixels=enhancer.clear(image.pixels))


def load_own_enhancer(weights: Weights) -> Enhancer:
    """Enhancer of a study's own.

    Raises
    ------
    InputError
        The file cannot be read, or is no longer the one that was named.
    """
    found = load_enhancer(Path(weights.path))
    require_same(weights, found.sha256)
    return found


def load_enhancer(path: Path | None = None) -> Enhancer:
    """Load an enhancer; one that is loaded already is not read again.

    Parameters
    ----------
    path
        Weights as `save_generator` writes them; the shipped ones unless given.

    Raises
    ------
    InputError
        The file is missing or holds other weights.
    """
    path = path or SHIPPED
    if not path.is_file():
        raise InputError("no such file of weights", where=str(path), fix="Give the weights of an enhancer")
    return _loaded(path, path.stat().st_mtime_ns)


@cache
def _loaded(path: Path, _changed: int) -> Enhancer:
    """Load once per file and time of its last change."""
    try:
        with safe_open(path, framework="pt") as file:
            sizes = json.loads((file.metadata() or {})["generator"])
            if max(sizes.values()) > LARGEST_SIZE:
                raise ValueError("a network of a size that no study has")
            generator = Generator(**sizes)
            generator.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118
    except (SafetensorError, KeyError, RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            "this file does not hold the weights of an enhancer",
            where=str(path),
            fix="Give enhancer.safetensors of `sonoher2 train-enhancer`",
        ) from error
    frozen = generator.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    return Enhancer(frozen, file_sha256(path))


def save_generator(generator: Generator, path: Path) -> None:
    """Write weights in half precision, with the sizes that rebuild the network."""
    tensors = {name: value.detach().half().contiguous().clone() for name, value in generator.state_dict().items()}
    with atomic_path(path) as temporary:
        save_file(tensors, temporary, metadata={"generator": json.dumps(generator.sizes)})
