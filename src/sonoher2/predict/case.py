"""A patient opened for one model: each image read, outlined, cleared, cropped and judged at most once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from sonoher2.bundle.load import Bundle
from sonoher2.bundle.schema import BundleSchema
from sonoher2.config.deep import DeepConfig
from sonoher2.config.images import ImageReading
from sonoher2.config.radiomics import RadiomicsConfig
from sonoher2.core.errors import InputError
from sonoher2.images.fingerprint import Fingerprint, fingerprint
from sonoher2.images.pixels.decoded import Picture, errors_name
from sonoher2.images.pixels.source import NOWHERE, Provenance
from sonoher2.images.quality import image_quality
from sonoher2.images.read import read_picture
from sonoher2.lesions.mask import Mask, MaskFrame, read_mask, require_lesion
from sonoher2.lesions.open import Lesion, cleared, lesion_in
from sonoher2.networks.own import SHIPPED_NETWORKS, ImageNetworks
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.radiomics.lesion import Measurement, measure_lesion

if TYPE_CHECKING:
    from sonoher2.deep.crop import Crop

Settings = TypeVar("Settings", ImageReading, RadiomicsConfig, DeepConfig)


@dataclass(frozen=True, eq=False)
class ScoredMask:
    """The lesion of one image, as it was scored.

    Attributes
    ----------
    image
        Name of the image.
    pixels
        (rows, columns) of the whole image, True in the lesion.
    origin
        Whether the mask was given, or made by the segmenter.
    confidence
        Of the segmenter: the Dice to expect, 0 to 1; None for a given mask.
    provenance
        Of the image: its file, frame and DICOM identifiers.
    """

    image: str
    pixels: Mask
    origin: Literal["given", "segmented"]
    confidence: float | None = None
    provenance: Provenance = NOWHERE

    def __post_init__(self) -> None:
        """Give the mask away read-only: it is also what the case goes on with."""
        pixels = self.pixels.view()
        pixels.flags.writeable = False
        object.__setattr__(self, "pixels", pixels)

    @property
    def area(self) -> int:
        """Pixels of the lesion."""
        return int(np.count_nonzero(self.pixels))


class CaseImage:
    """One image of a patient; what is asked of it is computed when it is first asked, and kept.

    Parameters
    ----------
    given
        The image and its masks.
    name
        Path of the image, or what it is called.
    schema
        Of the model: how to read, crop and measure.
    label
        Of the lesion, in masks with several labels.
    networks
        What outlines and clears images, where it is not the shipped networks.

    Raises
    ------
    InputError
        What is asked cannot be computed: the image or a mask cannot be read, or no lesion is found.
    """

    def __init__(
        self,
        given: ImageInput,
        name: str,
        schema: BundleSchema,
        label: str | int | None,
        networks: ImageNetworks = SHIPPED_NETWORKS,
    ) -> None:
        self.given, self.name, self.label, self.networks = given, name, label, networks
        self._schema = schema

    @property
    def reading(self) -> ImageReading:
        """How the model reads images."""
        return _of_images(self._schema.reading)

    @cached_property
    def picture(self) -> Picture:
        """The whole image, decoded."""
        return read_picture(self.given.image, self.given.frame, self.name)

    @cached_property
    def mask(self) -> ScoredMask:
        """The lesion: the given masks, or what the segmenter finds."""
        picture, reading = self.picture, self.reading
        short = picture.provenance.name
        if self.given.masks:
            found = read_mask(self.given.masks, picture.shape, reading.several_masks, MaskFrame.of(picture), self.label)
            return ScoredMask(short, found, "given", None, picture.provenance)
        # networks are slow to import
        from sonoher2.segmentation.segment import segment_picture

        own = self.networks.segmenter.final if self.networks.segmenter else None
        segmented = segment_picture(picture, crop_to_b_mode=reading.crop_to_b_mode, weights=own)
        if not segmented.found:
            raise InputError(
                "no lesion was found", where=self.name, fix="Outline it by hand and give the mask", hint="mask"
            )
        with errors_name(self.name, "a mask"):
            require_lesion(segmented.mask)
        return ScoredMask(short, segmented.mask, "segmented", segmented.confidence, picture.provenance)

    @cached_property
    def lesion_as_taken(self) -> Lesion:
        """The image as it came from the machine, cropped as the model reads it, with the lesion."""
        return lesion_in(
            self.picture,
            self.mask.pixels,
            mm_per_pixel=self.given.mm_per_pixel,
            crop_to_b_mode=self.reading.crop_to_b_mode,
        )

    @cached_property
    def lesion(self) -> Lesion:
        """The same, cleared by the enhancer where the model asks for it: what is measured."""
        own = self.networks.enhancer.final if self.networks.enhancer else None
        return cleared(self.lesion_as_taken, own) if self.reading.enhance == "gan" else self.lesion_as_taken

    @cached_property
    def measurement(self) -> Measurement:
        """Radiomics of the lesion."""
        return measure_lesion(self.lesion, _of_images(self._schema.radiomics))

    @cached_property
    def crop(self) -> Crop:
        """What the model's networks see, (2, size, size)."""
        # networks are slow to import
        from sonoher2.deep.lesion import crop_for

        return crop_for(self.lesion, self._deep)

    @cached_property
    def window(self) -> tuple[float, float, float]:
        """Where `crop` lies in the image of `lesion`: top, left and side, pixels."""
        from sonoher2.deep.crop import square_window

        return square_window(self.lesion.mask, self._deep.margin, self._deep.window)

    @cached_property
    def quality(self) -> dict[str, float]:
        """Figures of the image as it was taken, as from `image_quality`."""
        return image_quality(self.lesion_as_taken.image.pixels, self.lesion_as_taken.mask)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """What the whole image is known by, whatever its file."""
        return fingerprint(self.picture.grey)

    @property
    def _deep(self) -> DeepConfig:
        return _of_images(self._schema.deep)


class Case:
    """A patient opened for one model; it may be predicted, shown and written without being read again.

    Parameters
    ----------
    bundle
        The model.
    patient
        What is known of the patient.

    Attributes
    ----------
    images
        One for each image that was given.

    Examples
    --------
    >>> import sonoher2
    >>> bundle = sonoher2.load_bundle("run/bundle")
    >>> image = sonoher2.ImageInput("images/SYN0001_radial.png", mm_per_pixel=0.4)
    >>> case = sonoher2.Case(bundle, sonoher2.PatientInput((image,)))
    >>> case.images[0].mask.origin, case.images[0].mask.pixels.shape
    ('segmented', (80, 80))
    >>> prediction = sonoher2.predict_patient(bundle, case)  # nothing is read or segmented a second time
    >>> prediction.masks[0] is case.images[0].mask
    True
    """

    def __init__(self, bundle: Bundle, patient: PatientInput) -> None:
        self.bundle, self.patient = bundle, patient
        self.images = tuple(
            CaseImage(given, name, bundle.schema, patient.mask_label, bundle.image_networks)
            for given, name in zip(patient.images, patient.names, strict=True)
        )


def _of_images(settings: Settings | None) -> Settings:
    if settings is None:
        raise InputError("the model was trained without images", fix="Leave the image out", hint="image")
    return settings
