"""What workers and the server tell each other of a cohort's images: plain values, quick to import."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import inf, isnan, nan
from pathlib import Path
from typing import Literal

from sonoher2.config.images import FileReading

Kind = Literal["study", "table", "folder"]
AREA = "area"
Overlap = Callable[[str, str], float]


@dataclass(frozen=True)
class ListedImage:
    """One image that is to be outlined.

    Attributes
    ----------
    patient_id
        Whose it is.
    path
        Of the file, absolute.
    cell
        The file as the images table of the export names it: relative to the data folder where it lies below it.
    frame
        Counted from 1; None for the only one.
    mm_per_pixel
        As the table tells it; None where it does not.
    masks, second_mask
        Outlines that the table names, absolute paths.
    descriptions
        Of `sources.DESCRIPTIONS`, those that are known.
    sha256
        Of the file when it was first looked at; empty before.
    """

    patient_id: str
    path: str
    cell: str
    frame: int | None = None
    mm_per_pixel: float | None = None
    masks: tuple[str, ...] = ()
    second_mask: str | None = None
    descriptions: dict[str, str] = field(default_factory=dict)
    sha256: str = ""


@dataclass(frozen=True)
class ImageList:
    """The images of a cohort and where they were named.

    Attributes
    ----------
    kind, path
        What was read.
    title
        Of the study, or the name of the table or folder.
    folder
        To which paths in tables are relative.
    reading
        How an image and its masks are read.
    images
        In the order of the table.
    """

    kind: Kind
    path: Path
    title: str
    folder: Path
    reading: FileReading
    images: tuple[ListedImage, ...]


@dataclass(frozen=True)
class LookedAt:
    """What a first look at an image found.

    Attributes
    ----------
    problem
        Why the image cannot be opened; empty when it can. Then nothing else is known.
    sha256
        Of the image file.
    rows, columns
        Of the picture.
    mm_per_pixel
        Height and width of a pixel at the lesion, or None.
    regions, elsewhere
        Parts of the screen with a scale of their own, as `work.scales` keeps them; and the size of a pixel outside of
        them, where it is known.
    quality
        Codes of `images.quality.PROBLEMS`.
    confidence, proposal
        Of the segmenter, and its outline as PNG; None where it found none.
    given, second
        The outlines that the table names, as PNG, and their areas in pixels.
    mask_problem
        Why one of those cannot be read.
    given_dice
        Between the segmenter's outline and the given one, where there are both.
    """

    problem: str = ""
    sha256: str = ""
    rows: int = 0
    columns: int = 0
    mm_per_pixel: tuple[float, float] | None = None
    regions: tuple[tuple[float, ...], ...] = ()
    elsewhere: tuple[float, float] | None = None
    quality: tuple[str, ...] = ()
    confidence: float = 0.0
    proposal: DrawnMask | None = None
    given: DrawnMask | None = None
    second: DrawnMask | None = None
    mask_problem: str = ""
    given_dice: float | None = None


@dataclass(frozen=True)
class DrawnMask:
    """An outline as PNG, 0 and 255, and its area in pixels."""

    png: bytes
    area: int


@dataclass(frozen=True)
class OutlineSize:
    """An outline, measured.

    Attributes
    ----------
    area_mm2
        None where the size of a pixel is not known.
    features
        Of `look.MEASURED`.
    """

    area_mm2: float | None
    features: dict[str, float]


@dataclass(frozen=True)
class ReadImage:
    """One image as one reader has finished it.

    Attributes
    ----------
    image, patient, reader
        Which, whose and by whom.
    mask
        Sha256 of the outline; None where the reader saw no lesion.
    measured
        `AREA` and features by name; empty where they are not known.
    """

    image: str
    patient: str
    reader: str
    mask: str | None
    measured: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ImageAgreement:
    """Two readers on one image.

    Attributes
    ----------
    image, patient, first, second
        Which, whose and by whom.
    dice
        0 where one of them saw no lesion, NaN where neither did.
    missed
        Who saw no lesion where the other drew one; empty otherwise.
    """

    image: str
    patient: str
    first: str
    second: str
    dice: float
    missed: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure with its interval; NaN where the images do not determine it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PairAgreement:
    """Two readers on all images that both have finished.

    Attributes
    ----------
    first, second
        The readers.
    images
        That both have finished.
    drawn
        Of these, both drew a lesion; the figures of Dice are of these.
    dice
        Mean over images.
    median, lowest
        Of the Dice.
    missed_by_first, missed_by_second, seen_by_neither
        Images.
    """

    first: str
    second: str
    images: int
    drawn: int
    dice: Figure
    median: float
    lowest: float
    missed_by_first: int
    missed_by_second: int
    seen_by_neither: int


@dataclass(frozen=True)
class MeasureAgreement:
    """ICC(2,1) of one measurement among readers.

    Attributes
    ----------
    measure
        `AREA` or the name of a feature.
    readers
        Two or more.
    images, patients
        On which all of them drew a lesion.
    icc
        With its interval.
    """

    measure: str
    readers: tuple[str, ...]
    images: int
    patients: int
    icc: Figure


def image_agreements(read: Sequence[ReadImage], overlap: Overlap) -> list[ImageAgreement]:
    """Compare every pair of readers on every image that both have finished.

    Parameters
    ----------
    read
        One for each image and reader.
    overlap
        Dice of two outlines by their sha256.
    """
    return [
        _on_image(first, second, overlap)
        for readers in by_image(read).values()
        for first, second in combinations(sorted(readers, key=lambda one: one.reader), 2)
    ]


def by_image(read: Sequence[ReadImage]) -> dict[str, list[ReadImage]]:
    """Group what was read by image, in the order of `read`."""
    found: dict[str, list[ReadImage]] = {}
    for one in read:
        found.setdefault(one.image, []).append(one)
    return found


def _on_image(first: ReadImage, second: ReadImage, overlap: Overlap) -> ImageAgreement:
    dice, missed = nan, ""
    if first.mask is not None and second.mask is not None:
        dice = overlap(first.mask, second.mask)
    elif first.mask is not None or second.mask is not None:
        dice, missed = 0.0, first.reader if first.mask is None else second.reader
    return ImageAgreement(first.image, first.patient, first.reader, second.reader, dice, missed)


def lowest_dice(agreements: Sequence[ImageAgreement]) -> dict[str, float]:
    """Smallest Dice of any two readers, by image; a missed lesion counts 0."""
    lowest: dict[str, float] = {}
    for one in agreements:
        if not isnan(one.dice):
            lowest[one.image] = min(lowest.get(one.image, inf), one.dice)
    return lowest
