"""What is known of one patient, before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
        Of its lesion, as in `read_mask`; without one the lesion is outlined by the shipped segmenter.
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


@dataclass(frozen=True)
class PatientInput:
    """What is known of one patient.

    Attributes
    ----------
    images
        Views of the lesion; none for clinical data alone.
    clinical
        Raw text by column key, as it would stand in a table.
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
    mask_label: str | None = None
    patient_id: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Path of each image, or what it is called; "image 1" and so on where nothing names it."""
        return tuple(
            str(given.image) if isinstance(given.image, str | Path) else given.name or f"image {place}"
            for place, given in enumerate(self.images, start=1)
        )
