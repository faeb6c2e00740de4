"""What is known of one patient, before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sonoher2.cohort.reading.text import as_text
from sonoher2.images.pixels.source import ImageSource
from sonoher2.images.read import PixelSize


@dataclass(frozen=True, eq=False)
class ImageInput:
    """One image of a patient.

    Attributes
    ----------
    image
        A path, bytes, a DICOM dataset or an array, as in `read_image`.
    masks
        Of its lesion, as in `read_mask`; a single one may stand alone. Without one the lesion is outlined by the
        segmenter.
    mm_per_pixel
        Side of a pixel, or height and width, mm; None when unknown.
    frame
        Of the file, counted from 1; None for the only one.
    name
        What an image that is no path is called.

    Examples
    --------
    >>> import numpy as np, sonoher2
    >>> array = np.zeros((60, 80), dtype=np.uint8)
    >>> sonoher2.ImageInput(array, name="left, radial").name
    'left, radial'
    """

    image: ImageSource
    masks: tuple[ImageSource, ...] = ()
    mm_per_pixel: PixelSize | None = None
    frame: int | None = None
    name: str = ""

    def __post_init__(self) -> None:
        several = tuple(self.masks) if isinstance(self.masks, tuple | list) else (self.masks,)
        object.__setattr__(self, "masks", several)


@dataclass(frozen=True)
class PatientInput:
    """What is known of one patient.

    Attributes
    ----------
    images
        Views of the lesion; a single one may stand alone, none for clinical data alone.
    clinical
        Raw values by column key, as they would stand in a table: text, or a number, yes (True) or no (False), which
        become text. None and an empty text mean that nothing is known.
    site
        Where the images were made, for a model that harmonises sites; None when unknown.
    mask_label
        Of the lesion, in masks with several labels.
    patient_id
        The user's own name for the patient, shown on the case page; empty when not given.

    Examples
    --------
    >>> import sonoher2
    >>> views = (sonoher2.ImageInput("radial.png"), sonoher2.ImageInput("antiradial.png"))
    >>> sonoher2.PatientInput(views, clinical={"age": "52"}).names
    ('radial.png', 'antiradial.png')
    """

    images: tuple[ImageInput, ...] = ()
    clinical: Mapping[str, str] = field(default_factory=dict)
    site: str | None = None
    mask_label: str | int | None = None
    patient_id: str = ""

    def __post_init__(self) -> None:
        several = (self.images,) if isinstance(self.images, ImageInput) else tuple(self.images)
        object.__setattr__(self, "images", several)
        object.__setattr__(self, "site", as_text(self.site) or None)
        object.__setattr__(self, "clinical", {key: _text(value) for key, value in self.clinical.items()})

    @property
    def names(self) -> tuple[str, ...]:
        """Path of each image, or what it is called; "image 1" and so on where nothing names it."""
        return tuple(
            str(given.image) if isinstance(given.image, str | Path) else given.name or f"image {place}"
            for place, given in enumerate(self.images, start=1)
        )


def _text(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool | np.bool_) else as_text(value)
