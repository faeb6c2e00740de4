"""From image files to the weights of an enhancer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoher2.enhancement.schedule import Schedule
from sonoher2.enhancement.training import WEIGHTS, train_enhancer
from sonoher2.images.fingerprint import fingerprint, write_training_images
from sonoher2.images.read import read_image

CHECKED_EVERY = 25
"""One image in so many is left out of the training and only measured for the learning curve."""


Picture = tuple[Path, int | None]
"""File of an image, and frame (from 1, None for the only one)."""


def fit_enhancer(images: Sequence[Picture], schedule: Schedule, out: Path) -> Path:
    """Train an enhancer and write down beside the weights which images it learned from.

    Parameters and errors are those of `learn_enhancer`.

    Returns
    -------
    Path of the weights.
    """
    pictures = [_grey(path, frame) for path, frame in images]
    _learn(pictures, schedule, out)
    write_training_images(out / WEIGHTS, map(fingerprint, pictures))
    return out / WEIGHTS


def learn_enhancer(images: Sequence[Picture], schedule: Schedule, out: Path) -> Path:
    """Train an enhancer on images of training patients; an interrupted training resumes.

    Parameters
    ----------
    images
        The training patients' images and nobody else's.
    schedule
        How to train.
    out
        Folder for the checkpoint, the learning curve (CSV) and the weights.

    Returns
    -------
    Path of the weights.

    Raises
    ------
    InputError
        A file cannot be read, no image is as large as a patch, or the folder holds the checkpoint of another schedule.
    """
    _learn([_grey(path, frame) for path, frame in images], schedule, out)
    return out / WEIGHTS


def _learn(pictures: Sequence[NDArray[np.uint8]], schedule: Schedule, out: Path) -> None:
    checked = _large(pictures[::CHECKED_EVERY], schedule)
    learned = _large([picture for i, picture in enumerate(pictures) if i % CHECKED_EVERY], schedule)
    # few images: all of them train, and the curve is that of the training
    train_enhancer(learned or checked or pictures, checked or learned or pictures, schedule, out)


def _large(pictures: Sequence[NDArray[np.uint8]], schedule: Schedule) -> list[NDArray[np.uint8]]:
    """Pictures from which a patch can be cut; from no others can anything be learned."""
    return [picture for picture in pictures if min(picture.shape) >= schedule.patch]


def _grey(path: Path, frame: int | None) -> NDArray[np.uint8]:
    return np.rint(read_image(path, frame=frame).pixels).astype(np.uint8)
