"""What workers give back: plain values, nothing that needs a heavy library to be read."""

from __future__ import annotations

from dataclasses import dataclass

from sonoher2.segmentation.shipped import SHIPPED_PROMPTED_SHA256, SHIPPED_SHA256

BOX, CLICK = "box", "click"
"""Prompts."""


@dataclass(frozen=True)
class ImageFacts:
    """An opened image.

    Attributes
    ----------
    kind
        ``PNG``, ``DICOM`` and so on.
    frames, rows, columns
        Of the file, and of each picture in it.
    mm_per_pixel
        Row and column spacing that the file states of the whole picture; None where it does not.
    regions
        Parts of the picture that have a scale of their own: left, top, right, bottom, row and column spacing.
    b_mode
        Left, top, right, bottom of the B-mode part, pixels.
    png
        The first frame.
    """

    kind: str
    frames: int
    rows: int
    columns: int
    mm_per_pixel: tuple[float, float] | None
    regions: tuple[tuple[int, int, int, int, float, float], ...]
    b_mode: tuple[int, int, int, int]
    png: bytes


@dataclass(frozen=True)
class Prompt:
    """What a user says of where the lesion is, pixels of the whole picture; nothing where both are None.

    Attributes
    ----------
    box
        Left, top, right and bottom, around the lesion.
    at
        Column and row, in the lesion.
    """

    box: tuple[int, int, int, int] | None = None
    at: tuple[int, int] | None = None

    @property
    def kind(self) -> str:
        """Its name in `Outline.segmenter`; empty where there is none."""
        return BOX if self.box else CLICK if self.at else ""


@dataclass(frozen=True)
class Outline:
    """What the segmenter found, with row and column of the middle; `png` is empty where there is no lesion.

    `segmenter` is the hash of its weights and, behind a colon, what it saw or was told: ``whole``, ``b-mode``,
    ``box`` or ``click``.
    """

    png: bytes
    area: int
    confidence: float
    centre: tuple[int, int] | None = None
    segmenter: str = ""


def made_as(made: str, asked: str) -> bool:
    """Whether an outline is one of the segmenter that is asked for; with a user's prompt the weights alone count.

    The shipped network that takes prompts stands for the shipped one that takes none.

    Parameters
    ----------
    made, asked
        As in `Outline.segmenter`; of an outline that an older version kept, empty, nothing else is known.
    """
    weights, _, seen = made.partition(":")
    weights = SHIPPED_SHA256 if weights == SHIPPED_PROMPTED_SHA256 else weights
    return not made or made == asked or (seen in {BOX, CLICK} and asked.startswith(f"{weights}:"))


SITE_KEY = "(site)"
"""Key of the site of the images among clinical values, for a model that harmonises sites; no column is called so."""


@dataclass(frozen=True)
class ClinicalField:
    """One clinical value that a model takes.

    Attributes
    ----------
    kind
        ``number``, ``binary``, ``category`` or ``ordinal``.
    low, high
        Range of the training patients, of a number.
    choices
        What may be given, otherwise.
    """

    key: str
    label: str
    kind: str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]
    help: str
    timing: str


@dataclass(frozen=True)
class BundleFacts:
    """What a model says of itself; `needs_image` is false for one that reads no images at all.

    `segmenter` says how it has lesions outlined, as in `Outline`; `her2` is false for a model of something else.
    """

    title: str
    synthetic: bool
    needs_image: bool
    signatures: tuple[str, ...]
    main: str
    outcomes: tuple[str, ...]
    unit: str
    notice: str
    segmenter: str
    clinical: tuple[ClinicalField, ...]
    her2: bool


@dataclass(frozen=True)
class BundlePlace:
    """Where a model lies, and which it must be.

    Attributes
    ----------
    folder
        Of the model.
    trust
        Key of whoever must have signed it; empty for no matter.
    sha256
        Of its manifest: the id under which it is offered.
    """

    folder: str
    trust: str
    sha256: str


@dataclass(frozen=True)
class Question:
    """A patient to be predicted.

    Attributes
    ----------
    bundle
        The model.
    image, name
        Path of the image, and what it is called; empty for clinical data alone.
    frame
        Of the image, from 1.
    mm_per_pixel
        What the user knows.
    mask
        PNG of the lesion.
    confidence
        Of the segmenter that made the mask; None where a hand drew it.
    clinical
        Text by column.
    patient
        The user's name for the patient, for the page.
    made
        Date and time, for the page.
    """

    bundle: BundlePlace
    image: str
    name: str
    frame: int
    mm_per_pixel: tuple[float, float] | None
    mask: bytes
    confidence: float | None
    clinical: tuple[tuple[str, str], ...]
    patient: str
    made: str


@dataclass(frozen=True)
class View:
    """The image as it was scored.

    Attributes
    ----------
    left, top
        Where it lies in the picture, pixels.
    png
        Grey picture with the outline.
    heat
        What speaks for `predicted`, of the same size, transparent elsewhere; empty without a network.
    """

    name: str
    left: int
    top: int
    rows: int
    columns: int
    png: bytes
    heat: bytes
    predicted: str


@dataclass(frozen=True)
class Answered:
    """A prediction: `json` as `sonoher2 predict` prints it, points of the nomogram, and the image."""

    json: str
    points: tuple[tuple[str, float], ...]
    total_points: float | None
    views: tuple[View, ...]
