"""Training cases: images with their lesions, decoded once to small squares, and split by patient."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoher2.config.images import FileReading
from sonoher2.core.errors import InputError
from sonoher2.core.files import content_key
from sonoher2.core.progress import track
from sonoher2.images.read import read_image
from sonoher2.lesions.open import read_lesion
from sonoher2.segmentation.letterbox import Letterbox


@dataclass(frozen=True)
class Case:
    """One image to learn from.

    Attributes
    ----------
    patient
        Whose it is; a patient is never split.
    image
        Path.
    masks
        Paths; none says that there is no lesion in the image.
    group
        Where it comes from (data set, hospital, scanner): groups are balanced against each other.
    frame
        Of the image file, counted from 1; None for the only one.
    """

    patient: str
    image: Path
    masks: tuple[Path, ...]
    group: str = ""
    frame: int | None = None


@dataclass(frozen=True)
class Examples:
    """Cases as a network learns from them.

    Attributes
    ----------
    squares
        Shape (cases, 2, side, side): grey values and the lesion (255), letterboxed.
    held_out
        Shape (cases,), cases of patients who are only measured.
    groups
        Shape (cases,), where each case comes from.
    """

    squares: NDArray[np.uint8]
    held_out: NDArray[np.bool_]
    groups: NDArray[np.str_]

    @property
    def key(self) -> str:
        """Hash of all that is learned from: a training that goes on must learn from the same."""
        parts = (self.squares.tobytes(), self.held_out.tobytes(), "\n".join(self.groups.tolist()).encode())
        return content_key([hashlib.sha256(part).hexdigest() for part in parts], list(self.squares.shape))


def read_examples(cases: Sequence[Case], *, side: int, validation: float, seed: int, reading: FileReading) -> Examples:
    """Read all cases into squares and hold out a share of each group's patients.

    Raises
    ------
    InputError
        A file cannot be read, or there is no case to learn from.
    """
    held_out = held_out_patients(cases, validation, seed)
    if held_out.all():
        raise InputError("there is no image to learn from", fix="Give a table with patient_id, image and mask")
    squares = np.stack([_square(case, side, reading) for case in track(cases, "Reading", len(cases))])
    groups = np.array([case.group for case in cases])
    return Examples(squares, held_out, groups)


def _square(case: Case, side: int, reading: FileReading) -> NDArray[np.uint8]:
    if case.masks:
        lesion = read_lesion(
            case.image,
            case.masks,
            frame=case.frame,
            crop_to_b_mode=reading.crop_to_b_mode,
            several=reading.several_masks,
            label=reading.mask_label,
        )
        grey, mask = lesion.image.pixels, 255.0 * lesion.mask
    else:
        # cropped as an image with a lesion is: what lies around the picture must not tell them apart
        grey = read_image(case.image, frame=case.frame, crop_to_b_mode=reading.crop_to_b_mode).pixels
        mask = np.zeros_like(grey)
    rows, columns = grey.shape
    box = Letterbox((rows, columns), side)
    return np.rint(np.stack([box.put(grey), box.put(mask)])).clip(0, 255).astype(np.uint8)


def held_out_patients(cases: Sequence[Case], share: float, seed: int) -> NDArray[np.bool_]:
    """Mark the cases of a random share of each group's patients, shape (cases,).

    Whoever is chosen in one group is held out in all: a patient may have been to two scanners.
    """
    rng = np.random.default_rng(seed)
    chosen: set[str] = set()
    for group in sorted({case.group for case in cases}):
        patients = sorted({case.patient for case in cases if case.group == group})
        count = round(share * len(patients))
        chosen |= {patients[at] for at in rng.permutation(len(patients))[:count]}
    return np.array([case.patient in chosen for case in cases], dtype=bool)


def sampling_chance(groups: NDArray[np.str_], held_out: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Chance of each case to be drawn: a group weighs as the square root of its size, whoever is held out nothing."""
    names, member = np.unique(groups, return_inverse=True)
    sizes = np.bincount(member[~held_out], minlength=len(names))
    weights = np.where(held_out, 0.0, 1 / np.sqrt(np.maximum(sizes, 1))[member])
    return np.asarray(weights / weights.sum())
