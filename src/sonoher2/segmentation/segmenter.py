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
from sonoher2.networks.graph import open_graph
from sonoher2.networks.own import Weights, require_same
from sonoher2.segmentation.letterbox import Letterbox
from sonoher2.segmentation.weights_file import Card, WeightsFile, built, no_weights, read_weights

SHIPPED = Path(__file__).parent / "weights" / "segmenter.safetensors"
"""Trained on BUS-BRA and BrEaST; docs/model-cards/segmenter.md says how."""
SHIPPED_SHA256 = "9097e1f239005721f95cf79e28164fde0712a39a3f7445e766a2fceb9116b296"
PICTURE = "picture"
"""Input of a segmenter's graph: see `network.Prepared`."""
MID_GREY = 127.5
"""EfficientNet-Lite's ImageNet weights expect values of -1 to 1."""
Squares = NDArray[np.float32]
"""Shape (1, 1, side, side)."""


@dataclass(frozen=True)
class Segmenter:
    """A frozen generator.

    Attributes
    ----------
    logits
        From a picture's grey values, 0 to 255, to logits.
    card
        What the weights are: `size` is the side of the network's pictures.
    sha256
        Of the file of the weights.
    """

    logits: Callable[[Squares], Squares]
    card: Card
    sha256: str

    def probability(self, pixels: NDArray[np.floating]) -> NDArray[np.float32]:
        """Probability of lesion for each pixel: the mean over the image and its mirror image.

        It is computed on one thread and for each image alone, so that an image always gets the same values.

        Parameters
        ----------
        pixels
            (rows, columns), grey in [0, 255].

        Returns
        -------
        (rows, columns), 0 to 1.

        Raises
        ------
        InputError
            The array is not an image.
        """
        if pixels.ndim != 2 or not pixels.size or not np.isfinite(pixels).all():
            raise InputError(
                f"an array of shape {pixels.shape} is not a grey image", fix="Give finite values (rows, columns)"
            )
        rows, columns = pixels.shape
        box = Letterbox((rows, columns), self.card["size"])
        return np.clip(box.take(self._square_probability(box.put(pixels))), 0, 1)

    def _square_probability(self, square: NDArray[np.float32]) -> NDArray[np.float32]:
        # one after the other: both at once fit the processor's caches less well and take a fifth longer
        mirrored = self._one_pass(square[:, ::-1])[:, ::-1]
        return np.asarray((self._one_pass(square) + mirrored) / 2, np.float32)

    def _one_pass(self, square: NDArray[np.float32]) -> NDArray[np.float32]:
        logits = self.logits(np.ascontiguousarray(square)[None, None])
        return np.asarray(expit(logits[0, 0]))


def load_own_segmenter(weights: Weights) -> Segmenter:
    """Segmenter of a study's own; parameters and errors as in `load_segmenter`.

    Raises
    ------
    InputError
        The file is no longer the one that was named.
    """
    found = load_segmenter(Path(weights.path))
    require_same(weights, found.sha256)
    return found


def load_segmenter(path: Path | None = None) -> Segmenter:
    """Segmenter of a file, or the shipped one.

    Parameters
    ----------
    path
        Of `sonoher2 train-segmenter`; the shipped weights when None, whose sha256 must be `SHIPPED_SHA256`.

    Raises
    ------
    InputError
        The file is missing, is not a segmenter, or the shipped one was changed.
    """
    chosen = SHIPPED if path is None else Path(path)
    if not chosen.is_file():
        raise InputError(
            "there is no such file of weights", where=str(chosen), fix="Train one: sonoher2 train-segmenter"
        )
    # the file's time and size are part of the name under which it stays in memory
    stat = chosen.stat()
    return _load(chosen, stat.st_mtime_ns, stat.st_size)


@cache
def _load(path: Path, time: int, size: int) -> Segmenter:
    sha256 = file_sha256(path)
    if path == SHIPPED and sha256 != SHIPPED_SHA256:
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
