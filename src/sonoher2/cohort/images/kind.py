"""What the content of a file says before anyone has said what it is: a picture, a mask, or neither."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sonoher2.core.errors import InputError
from sonoher2.images.dicom.start import is_dicom
from sonoher2.images.formats.raster import FORMATS
from sonoher2.images.pixels.source import Content
from sonoher2.images.read import file_kind, read_picture

MOST_MASK_VALUES = 16
"""A mask has few values: nothing and a lesion, or a number for each lesion."""
MOST_BETWEEN = 0.02
"""Share of pixels neither dark nor bright that the edges of a mask have after JPEG compression."""


@dataclass(frozen=True)
class Look:
    """What a file looks like.

    Attributes
    ----------
    kind
        ``mask``: few values, as a mask has; ``picture``: many; ``unknown``: not told, the file may be damaged;
        ``none``: not a picture.
    size
        Rows and columns.
    patient
        Patient ID of a DICOM file.
    """

    kind: Literal["mask", "picture", "unknown", "none"]
    size: tuple[int, int] | None = None
    patient: str | None = None


UNKNOWN, NONE = Look("unknown"), Look("none")


def look_at(path: Path, *, named: bool) -> Look:
    """Look at a file.

    Parameters
    ----------
    path
        The file.
    named
        Its name is that of a picture; one whose name says nothing is a picture only when its content is.
    """
    otherwise = UNKNOWN if named else NONE
    try:
        kind = file_kind(Content(str(path)))
    except InputError:
        return otherwise
    if kind == "DICOM":
        return _dicom(path, otherwise)
    if kind in ("NIfTI", "NRRD"):
        return _volume(path)
    return _raster(path, otherwise)


def _dicom(path: Path, otherwise: Look) -> Look:
    # pydicom raises whatever the file leads it to
    try:
        # it takes longer to import than most files to look at
        from sonoher2.images.dicom.file import open_dicom

        with open_dicom(Content(str(path)), ("PatientID", "Modality")) as file:
            header = file.header
            patient = str(header.get("PatientID") or "").strip() or None
            kind: Literal["mask", "picture"] = "mask" if header.get("Modality") == "SEG" else "picture"
            return Look(kind, (int(header.Rows), int(header.Columns)), patient)
    except InputError:
        # DICOM without an image: a report, a plan
        return NONE if is_dicom(path) else otherwise
    except Exception:
        return otherwise


def _volume(path: Path) -> Look:
    try:
        grey = read_picture(path).grey
    except InputError:
        return UNKNOWN
    values = len(np.unique(grey))
    return Look("mask" if 1 < values <= MOST_MASK_VALUES else "picture", (grey.shape[0], grey.shape[1]))


def _raster(path: Path, otherwise: Look) -> Look:
    # what is wrong with a file is told when it is read; here only its kind matters
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(path, formats=FORMATS) as image:
                size = (image.height, image.width)
                colours = image.getcolors(MOST_MASK_VALUES)
                few = colours is not None and len(colours) > 1
                is_mask = few or (colours is None and _is_black_and_white(image))
                return Look("mask" if is_mask else "picture", size)
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
        return otherwise


def _is_black_and_white(image: Image.Image) -> bool:
    """Whether nearly all pixels are dark or bright and there are both, as in a mask kept as JPEG."""
    # 16-bit values have no common white here; masks of that depth have few values
    if image.mode not in ("L", "RGB", "RGBA", "P"):
        return False
    grey = np.asarray(image.convert("L"))
    dark, bright = float(np.mean(grey <= 32)), float(np.mean(grey >= 223))
    return dark > 0 and bright > 0 and 1 - dark - bright <= MOST_BETWEEN


def outlined(path: Path) -> NDArray[np.bool_] | None:
    """Pixels of a mask that belong to a lesion; None when the file cannot be read."""
    try:
        grey = read_picture(path).grey
    except InputError:
        return None
    return np.asarray(grey > grey.max() / 2)
