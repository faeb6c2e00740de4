"""Looking at every picture and mask of a cohort before anything is measured."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.cohort.patients.groups import joined_groups, linked
from sonoher2.cohort.tables import columns as c
from sonoher2.config.images import ImageReading
from sonoher2.core.errors import Finding, InputError
from sonoher2.images.border import black_border
from sonoher2.images.duplicates import SIDE, lesion_views, near_duplicate_pairs, perceptual_hash, thumbnail
from sonoher2.images.marks import overlay_marks
from sonoher2.images.pixels.decoded import Picture
from sonoher2.images.pixels.image import Box
from sonoher2.images.quality import image_quality, quality_problems
from sonoher2.images.read import read_picture
from sonoher2.lesions.mask import MASK_PROBLEMS, MaskFrame, mask_problem_codes, read_mask
from sonoher2.lesions.open import Lesion, lesion_in

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig

FindPairs = Callable[[Sequence["ImageRecord"]], Sequence[tuple[int, int]]]

MOST_LISTED = 20
MARGIN = 20
"""Pixels around the lesion, so that a mark on its edge is seen whole."""

POOR = "Look at them; poor pictures give unsteady features"


@dataclass(frozen=True)
class ImageRecord:
    """What the check keeps of one image: plain values, so that a cache can hold `vars(record)` as JSON.

    Attributes
    ----------
    problem
        Why the image or one of its masks cannot be used; empty when they can.
    grey_levels
        Different whole grey values in the image.
    mm_per_pixel
        Row and column spacing in mm, or None.
    marked
        Whether a calliper, text or a colour lies on the lesion.
    hash
        Perceptual hash.
    thumbnail, views
        Small grey pictures as base64: of the whole, and those of `lesion_views`.
    format, file_shape
        Of the file; rows and columns.
    callipers, text
        Crosses and lines of text anywhere on the image.
    colour_share, black_border
        Share of the pixels that are coloured, and share that is an empty border.
    quality
        As from `image_quality`.
    mask_problems
        Codes as from `mask_problem_codes`.
    """

    problem: str = ""
    grey_levels: int = 0
    mm_per_pixel: Sequence[float] | None = None
    marked: bool = False
    hash: int = 0
    thumbnail: str = ""
    views: str = ""
    format: str = ""
    file_shape: Sequence[int] = (0, 0)
    callipers: int = 0
    text: int = 0
    colour_share: float = 0.0
    black_border: float = 0.0
    quality: Mapping[str, float] = field(default_factory=dict)
    mask_problems: Sequence[str] = ()


def image_record(
    image: str,
    masks: Sequence[str],
    second_mask: str | None,
    frame: int | None,
    mm_per_pixel: float,
    reading: ImageReading,
) -> ImageRecord:
    """Read one image with its masks; a pure function of their files.

    Parameters
    ----------
    image, masks, second_mask
        Paths; a second reader's mask is only tried. Without a mask the middle of the picture counts as the lesion.
    frame
        Of the file, counted from 1; None for its only one.
    mm_per_pixel
        As the table tells it; NaN where it does not.
    reading
        How to read.
    """
    try:
        picture = read_picture(image, frame)
        lesion = _lesion(picture, masks, mm_per_pixel, reading)
        if second_mask is not None:
            _lesion(picture, (second_mask,), mm_per_pixel, reading)
    except InputError as error:
        return ImageRecord(problem=str(error))
    pixels, marks = lesion.image.pixels, overlay_marks(lesion.image)
    return ImageRecord(
        grey_levels=int(np.count_nonzero(np.bincount(pixels.astype(np.uint8).ravel()))),
        mm_per_pixel=lesion.image.mm_per_pixel,
        marked=_marked(lesion),
        hash=int(perceptual_hash(pixels)),
        thumbnail=base64.b64encode(thumbnail(pixels).astype("<f4").tobytes()).decode(),
        views=base64.b64encode(lesion_views(pixels, lesion.mask).astype("<f2").tobytes()).decode(),
        format=lesion.image.format,
        file_shape=lesion.image.file_shape,
        callipers=len(marks.callipers),
        text=len(marks.text),
        colour_share=marks.colour_share,
        black_border=black_border(pixels),
        quality=image_quality(pixels, lesion.mask),
        mask_problems=mask_problem_codes(lesion.mask) if masks else (),
    )


def _lesion(picture: Picture, masks: Sequence[str], mm_per_pixel: float, reading: ImageReading) -> Lesion:
    if masks:
        mask = read_mask(masks, picture.shape, reading.several_masks, MaskFrame.of(picture), reading.mask_label)
    else:
        mask = _middle(picture.shape)
    known = None if math.isnan(mm_per_pixel) else float(mm_per_pixel)
    return lesion_in(picture, mask, mm_per_pixel=known, crop_to_b_mode=reading.crop_to_b_mode)


def _middle(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Stand-in for a lesion that nobody has outlined yet: the middle half of the rows and columns."""
    mask = np.zeros(shape, dtype=bool)
    mask[tuple(slice(length // 4, length - length // 4) for length in shape)] = True
    return mask


def _marked(lesion: Lesion) -> bool:
    # a line of text hides the crosses at its level, and far from the lesion it should not
    box = _surroundings(lesion.mask)
    image, mask = lesion.image.cropped(box), lesion.mask[box]
    marks = overlay_marks(image)
    on_lesion = [mask[at] for at in marks.callipers] + [mask[line].any() for line in marks.text]
    return bool(any(on_lesion) or (image.colour & mask).any())


def _surroundings(mask: NDArray[np.bool_]) -> Box:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return (
        slice(max(int(rows[0]) - MARGIN, 0), int(rows[-1]) + 1 + MARGIN),
        slice(max(int(columns[0]) - MARGIN, 0), int(columns[-1]) + 1 + MARGIN),
    )


def image_findings(
    cohort: Cohort,
    config: StudyConfig,
    records: Sequence[ImageRecord],
    hashes: Mapping[str, str] | None = None,
    find_pairs: FindPairs | None = None,
) -> tuple[list[Finding], pd.Series]:
    """Find images that cannot be used, and patients who share a picture.

    Parameters
    ----------
    cohort
        As from `load_cohort`.
    config
        The study.
    records
        One for each row of `cohort.images`, as from `image_record`.
    hashes
        Sha256 of every image file, by path: files of the same bytes are one picture even where near-duplicates are
        not looked for.
    find_pairs
        Finds the records that show the same picture, as `near_duplicates` does, which is used unless told.

    Returns
    -------
    Errors for images and masks that cannot be used and warnings of poor and of shared pictures; and the group of each
    patient, (patients,) int, index `patient_id`, for `with_groups`.
    """
    alone = cohort.patients[c.GROUP]
    problems = [record.problem for record in records if record.problem]
    findings = [Finding("error", problem.removesuffix(".")) for problem in problems[:MOST_LISTED]]
    if len(problems) > MOST_LISTED:
        what = f"{len(problems) - MOST_LISTED} more images cannot be used"
        findings.append(Finding("error", what, "images", "Mend those above first"))
    if not problems:
        paths = cohort.images[c.IMAGE].tolist()
        findings += [*_poor_pictures(paths, records), *_odd_masks(paths, records)]
    if problems or config.images is None:
        return findings, alone
    if config.images.near_duplicates:
        owners = cohort.images[c.PATIENT_ID].tolist()
        shared = [(owners[i], owners[j]) for i, j in (find_pairs or near_duplicates)(records)]
    else:
        shared = _same_files(cohort, hashes or {})
    names = alone.index.tolist()
    return [*findings, *_shared_pictures(shared, cohort)], joined_groups(names, [*linked(names, alone), *shared])


def near_duplicates(records: Sequence[ImageRecord]) -> list[tuple[int, int]]:
    """Places (i, j), i < j, of each pair of records that show the same picture."""
    return near_duplicate_pairs(
        [np.uint64(record.hash) for record in records],
        [_pictures(record.thumbnail, "<f4")[0] for record in records],
        [_pictures(record.views, "<f2") for record in records],
    )


def _same_files(cohort: Cohort, hashes: Mapping[str, str]) -> list[tuple[str, str]]:
    images = cohort.images
    return linked(images[c.PATIENT_ID].tolist(), [hashes.get(path, path) for path in images[c.IMAGE]])


def _poor_pictures(images: Sequence[str], records: Sequence[ImageRecord]) -> list[Finding]:
    """One warning for each kind of poor picture."""
    poor: dict[str, list[str]] = {}
    for image, record in zip(images, records, strict=True):
        for problem in quality_problems(record.quality):
            poor.setdefault(problem, []).append(Path(image).name)
    return [_of_images(problem, names, images, POOR) for problem, names in poor.items()]


def _odd_masks(images: Sequence[str], records: Sequence[ImageRecord]) -> list[Finding]:
    """One warning for each kind of odd mask."""
    odd: dict[str, list[str]] = {}
    for image, record in zip(images, records, strict=True):
        for code in record.mask_problems:
            odd.setdefault(code, []).append(Path(image).name)
    fix = "Look at them; erase what is no lesion, and fill holes that are some"
    return [_of_images(MASK_PROBLEMS[code], names, images, fix) for code, names in odd.items()]


def _of_images(problem: str, names: Sequence[str], images: Sequence[str], fix: str) -> Finding:
    more = ", ..." if names[3:] else ""
    what = f"{len(names)} of {len(images)} images: {problem} ({', '.join(names[:3])}{more})"
    return Finding("warning", what, "images", fix)


def _pictures(encoded: str, kind: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(encoded), dtype=kind).reshape(-1, SIDE, SIDE).astype(np.float32)


def _shared_pictures(pairs: Sequence[tuple[str, str]], cohort: Cohort) -> list[Finding]:
    between = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
    if not between:
        return []
    labels = cohort.patients[c.LABEL]
    shown = "; ".join(" and ".join(pair) for pair in between[:5])
    torn = sum(labels[one] != labels[other] for one, other in between)
    pairs_share = "1 pair of patients shares" if len(between) == 1 else f"{len(between)} pairs of patients share"
    what = f"{pairs_share} a picture ({shown})"
    if torn:
        what += f", and {torn} of these pairs have different labels"
    return [Finding("warning", what, "images", "Such patients stay on one side of every split; check who they are")]
