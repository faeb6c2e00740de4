"""The segmenter as it is used: a frozen network, an image in, the lesion's outline out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from sonoher2.core.errors import InputError
from sonoher2.core.files import file_sha256
from sonoher2.images.pixels.image import Box
from sonoher2.networks.graph import open_graph
from sonoher2.networks.own import Weights, require_same
from sonoher2.segmentation.letterbox import Letterbox
from sonoher2.segmentation.prompts import PICTURE, prompt_maps
from sonoher2.segmentation.shipped import SHIPPED, SHIPPED_PROMPTED, SHIPPED_PROMPTED_SHA256, SHIPPED_SHA256
from sonoher2.segmentation.weights_file import Card, WeightsFile, built, channels_of, missing, no_weights, read_weights

Squares = NDArray[np.float32]
"""Shape (1, channels, side, side); the logits have one channel."""


@dataclass(frozen=True)
class Segmenter:
    """A frozen generator.

    Attributes
    ----------
    logits
        From a picture's grey values, 0 to 255, and the channels of a prompt, if it takes one, to logits.
    card
        What the weights are: `size` is the side of the network's pictures.
    sha256
        Of the file of the weights.
    """

    logits: Callable[[Squares], Squares]
    card: Card
    sha256: str

    @property
    def prompted(self) -> bool:
        """Whether it needs a click or a box."""
        return channels_of(self.card) > 1

    def probability(
        self, pixels: NDArray[np.floating], *, at: tuple[int, int] | None = None, box: Box | None = None
    ) -> NDArray[np.float32]:
        """Probability of lesion for each pixel: the mean over the image and its mirror image.

        It is computed on one thread and for each image alone, so that an image always gets the same values.

        Parameters
        ----------
        pixels
            (rows, columns), grey in [0, 255].
        at, box
            A place within the lesion, or a box around it, for a segmenter that is prompted; others do not see it.

        Returns
        -------
        (rows, columns), 0 to 1.

        Raises
        ------
        InputError
            The array is not an image, or there is no prompt for a segmenter that needs one.
        """
        if pixels.ndim != 2 or not pixels.size or not np.isfinite(pixels).all():
            raise InputError(
                f"an array of shape {pixels.shape} is not a grey image", fix="Give finite values (rows, columns)"
            )
        rows, columns = pixels.shape
        letterbox = Letterbox((rows, columns), self.card["size"])
        channels = letterbox.put(pixels)[None]
        if self.prompted:
            if at is None and box is None:
                raise InputError("these weights need a click or a box", fix="Give one, or other weights")
            place, part = at and letterbox.place(at), box and letterbox.part(box)
            channels = np.concatenate([channels, prompt_maps(letterbox.side, at=place, box=part)])
        return np.clip(letterbox.take(self._square_probability(channels)), 0, 1)

    def _square_probability(self, channels: NDArray[np.float32]) -> NDArray[np.float32]:
        # one after the other: both at once fit the processor's caches less well and take a fifth longer
        mirrored = self._one_pass(channels[..., ::-1])[:, ::-1]
        return np.asarray((self._one_pass(channels) + mirrored) / 2, np.float32)

    def _one_pass(self, channels: NDArray[np.float32]) -> NDArray[np.float32]:
        logits = self.logits(np.ascontiguousarray(channels)[None])
        return np.asarray(expit(logits[0, 0]))


def load_own_segmenter(weights: Weights) -> Segmenter:
    """Segmenter of a study's own; parameters and errors as in `load_segmenter`.

    Raises
    ------
    InputError
        The file is no longer the one that was named, or needs a prompt.
    """
    found = load_segmenter(Path(weights.path))
    require_same(weights, found.sha256)
    if found.prompted:
        fix = "Name weights that were trained without prompts"
        raise InputError("these weights need a click or a box in each image", where=weights.path, fix=fix)
    return found


def load_segmenter(path: Path | None = None, *, prompted: bool = False) -> Segmenter:
    """Segmenter of a file, or a shipped one.

    Parameters
    ----------
    path
        Of `sonoher2 train-segmenter`; shipped weights when None, whose sha256 must be the one that stands here.
    prompted
        Whether the shipped weights shall be those that take a click or a box; a file is what it is.

    Raises
    ------
    InputError
        The file is missing, is not a segmenter, or the shipped one was changed.
    """
    chosen = (SHIPPED_PROMPTED if prompted else SHIPPED) if path is None else Path(path)
    if not chosen.is_file():
        raise missing(chosen)
    # the file's time and size are part of the name under which it stays in memory
    stat = chosen.stat()
    return _load(chosen, stat.st_mtime_ns, stat.st_size)


@cache
def _load(path: Path, time: int, size: int) -> Segmenter:
    sha256 = file_sha256(path)
    if sha256 != {SHIPPED: SHIPPED_SHA256, SHIPPED_PROMPTED: SHIPPED_PROMPTED_SHA256}.get(path, sha256):
        raise InputError(
            "the shipped weights differ from those of this version", where=str(path), fix="Install SonoHER2 again"
        )
    read = read_weights(path)
    try:
        return Segmenter(_by_torch(read) if read.graph is None else _by_graph(read, read.graph), read.card, sha256)
    except (KeyError, RuntimeError):
        raise no_weights(path) from None
    except InputError as error:
        raise error.at(str(path)) from None


def _by_graph(read: WeightsFile, graph: bytes) -> Callable[[Squares], Squares]:
    run = open_graph(graph, {f"generator.{name}": value for name, value in read.tensors.items()})
    return lambda picture: run({PICTURE: picture})


def _by_torch(read: WeightsFile) -> Callable[[Squares], Squares]:
    # torch is slow to import, and a graph needs none
    import torch

    from sonoher2.networks.device import one_thread
    from sonoher2.segmentation.network import Prepared

    network = Prepared(built(read))

    def logits(picture: Squares) -> Squares:
        with one_thread(), torch.inference_mode():
            return np.asarray(network(torch.from_numpy(picture)).numpy())

    return logits
