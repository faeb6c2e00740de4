"""Which images a reader should see first: those that the segmenter, their quality or the readers leave in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_SURE = 0.85
"""Confidence of the segmenter, which is the Dice that it expects; readers commonly agree with 0.85 or more."""
LEAST_ALIKE = 0.7
"""Dice below which two outlines are hardly of one hand on one lesion."""
OF_QUALITY = 1 - LEAST_SURE
"""Doubt for each finding of an image's quality: as much as an outline that is barely unsure."""

Reason = str
NOT_READABLE, NO_LESION, UNSURE = "not readable", "no lesion", "unsure"
OTHER_THAN_GIVEN, READERS_DIFFER, BAD_MASK = "other than given", "readers differ", "mask not readable"


@dataclass(frozen=True)
class Doubt:
    """How far an image is in doubt.

    Attributes
    ----------
    score
        0 (none) to 1, for the order of the worklist; a problem of the file counts 2. No probability.
    reasons
        Words of this module and of `images.quality.PROBLEMS`; none for an image without doubt.
    """

    score: float
    reasons: tuple[Reason, ...]


def doubt(
    confidence: float | None,
    quality: Sequence[str] = (),
    *,
    given_dice: float | None = None,
    readers_dice: float | None = None,
    problem: str = "",
    mask_problem: str = "",
) -> Doubt:
    """Say how far an image is in doubt, and why.

    Parameters
    ----------
    confidence
        Of the segmenter; None where it found no lesion.
    quality
        What is wrong with the image, in codes.
    given_dice
        Between the segmenter's outline and the table's.
    readers_dice
        Smallest between two readers who have finished the image; only for someone who has finished it, too.
    problem, mask_problem
        Why the image or its given mask cannot be read.
    """
    if problem:
        return Doubt(2.0, (NOT_READABLE,))
    parts = (
        (NO_LESION, float(confidence is None), 0.0),
        (UNSURE, 0.0 if confidence is None else 1 - confidence, 1 - LEAST_SURE),
        (OTHER_THAN_GIVEN, _apart(given_dice), 1 - LEAST_ALIKE),
        (READERS_DIFFER, _apart(readers_dice), 1 - LEAST_ALIKE),
        (BAD_MASK, float(bool(mask_problem)), 0.0),
    )
    reasons = [reason for reason, score, limit in parts if score > limit]
    score = max(score for _, score, _ in parts) + OF_QUALITY * len(quality)
    return Doubt(min(score, 1.0), (*reasons, *quality))


def _apart(dice: float | None) -> float:
    return 0.0 if dice is None else 1 - dice
