"""Which outline of each image counts in the end, which one stands for a second reader, and what an export is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sonoher2.server.cohorts.outlines.models import ListedImage

GIVEN, SECOND_GIVEN = "mask", "second_mask"
"""Names under which the outlines that the images table names stand among the readers."""
ADJUDICATED, SEGMENTER = "adjudicated", "segmenter"
RESERVED = (GIVEN, SECOND_GIVEN, ADJUDICATED, SEGMENTER)


@dataclass(frozen=True)
class Decision:
    """What was decided on an image on which readers differ.

    Attributes
    ----------
    mask
        Sha256 of the outline; None: there is no lesion.
    reader
        Whose outline was taken; None for a new one.
    """

    mask: str | None
    reader: str | None


@dataclass(frozen=True)
class FinalOutline:
    """The outlines of one image that an export hands on.

    Attributes
    ----------
    mask, origin
        Sha256 of the outline that counts, and whose it is: a reader's name, `ADJUDICATED`, or `SEGMENTER`; None and
        empty where nobody has drawn one.
    hand
        Who drew it, where an adjudicated one was taken from a reader.
    second, second_origin
        The outline of another reader.
    """

    mask: str | None = None
    origin: str = ""
    hand: str = ""
    second: str | None = None
    second_origin: str = ""


def final_outline(
    finished: Mapping[str, str | None],
    decision: Decision | None,
    order: Sequence[str],
    proposal: str | None = None,
) -> FinalOutline:
    """Choose the outline that counts, and that of another hand.

    What was adjudicated goes before all. Else the first reader of `order` who has finished the image counts; an
    outline that only the images table gives comes after those that were drawn here, the segmenter's last. The second
    outline is of the next reader in that order, never of the hand that drew the first: the ICC of features compares two
    hands.

    Parameters
    ----------
    finished
        Sha256 of the outlines of those who have finished the image, by reader; None: the reader saw no lesion.
    decision
        What was decided, if anything was.
    order
        Readers, those named first go first; others follow by name.
    proposal
        The segmenter's outline, where it may stand in.
    """
    ranked = ranked_readers(finished, order)
    hands = [(reader, mask) for reader in ranked if (mask := finished[reader]) is not None]
    if decision is not None:
        hand = decision.reader or ""
        first = FinalOutline(decision.mask, ADJUDICATED, hand)
    elif ranked:
        hand = ranked[0]
        first = FinalOutline(finished[hand], hand, hand)
    else:
        return FinalOutline(proposal, SEGMENTER) if proposal else FinalOutline()
    if first.mask is None:
        return first
    other = next(((reader, mask) for reader, mask in hands if reader != hand), None)
    if other is None:
        return first
    return FinalOutline(first.mask, first.origin, first.hand, other[1], other[0])


def ranked_readers(readers: Iterable[str], order: Sequence[str]) -> list[str]:
    """Sort readers: those of `order` first, others by name, and what the images table gives last."""
    places = {reader: place for place, reader in enumerate(order)}
    given = (GIVEN, SECOND_GIVEN)

    def key(reader: str) -> tuple[int, int, str]:
        group = 0 if reader in places else 2 if reader in given else 1
        return group, places.get(reader, 0), reader

    return sorted(readers, key=key)


@dataclass(frozen=True)
class ReaderRow:
    """What one reader left on one image.

    Attributes
    ----------
    reader, state, note, changed
        Who, how far (``done``, ``skip``, ``todo``), what was noted, and when (ISO 8601).
    mask, area_pixels
        Sha256 of the outline and its area; None and 0 without one.
    """

    reader: str
    state: str
    note: str
    changed: str
    mask: str | None
    area_pixels: int


@dataclass(frozen=True)
class ExportImage:
    """One image of an export.

    Attributes
    ----------
    image
        Which.
    final
        The outlines that count.
    rows
        What each reader left.
    """

    image: ListedImage
    final: FinalOutline
    rows: tuple[ReaderRow, ...]


@dataclass(frozen=True)
class ExportOf:
    """What is exported, besides the images.

    Attributes
    ----------
    title
        Of the cohort.
    by, at
        Who exports, and when.
    study
        The study file from which the cohort was made.
    changed
        Image files that are others than when they were outlined.
    """

    title: str
    by: str
    at: datetime
    study: Path | None
    changed: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The one folder of the ZIP."""
        return f"outlines-{self.at:%Y-%m-%d-%H%M%S}"
