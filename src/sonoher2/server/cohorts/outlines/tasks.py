"""What workers do for a cohort; all that is heavy is imported within the functions: the server needs their names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sonoher2.config.images import FileReading
from sonoher2.server.cohorts.outlines.final import ExportImage, ExportOf
from sonoher2.server.cohorts.outlines.models import (
    ImageAgreement,
    ImageList,
    ListedImage,
    LookedAt,
    MeasureAgreement,
    OutlineSize,
    PairAgreement,
    ReadImage,
)
from sonoher2.server.work.models import Outline, Prompt


def listed(path: str) -> ImageList:
    """As `sources.list_images`."""
    from sonoher2.server.cohorts.outlines.sources import list_images

    return list_images(Path(path))


def looked_at(image: ListedImage, reading: FileReading) -> LookedAt:
    """As `look.look_at_image`."""
    from sonoher2.server.cohorts.outlines.look import look_at_image

    return look_at_image(image, reading)


def measured(image: ListedImage, outline: str) -> OutlineSize:
    """As `look.measure_outline`, of the outline in a file."""
    from sonoher2.server.cohorts.outlines.look import measure_outline

    return measure_outline(image, Path(outline).read_bytes())


def displayed(image: ListedImage) -> bytes:
    """As `look.displayed_png`."""
    from sonoher2.server.cohorts.outlines.look import displayed_png

    return displayed_png(image)


def outlined(image: ListedImage, name: str, prompt: Prompt, *, crop_to_b_mode: bool) -> Outline:
    """As `work.tasks.outline`, of an image that is as it was at the first look.

    Raises
    ------
    InputError
        As there, or the image was changed.
    """
    from sonoher2.server.cohorts.outlines.look import require_unchanged
    from sonoher2.server.work.tasks import outline

    require_unchanged(image)
    return outline(image.path, name, image.frame or 1, prompt, None, crop_to_b_mode)


def overlaps(pairs: Sequence[tuple[str, str]]) -> list[float]:
    """Dice of each pair of outlines, given as files."""
    from functools import lru_cache

    from sonoher2.lesions.agreement import dice
    from sonoher2.server.cohorts.outlines.look import mask_of_png

    opened = lru_cache(64)(lambda path: mask_of_png(Path(path).read_bytes()))
    return [dice(opened(first), opened(second)) for first, second in pairs]


def summed_up(
    agreements: Sequence[ImageAgreement], read: Sequence[ReadImage]
) -> tuple[list[PairAgreement], list[MeasureAgreement]]:
    """As `agreement.pair_agreements` and `agreement.measure_agreements`."""
    from sonoher2.server.cohorts.outlines.agreement import measure_agreements, pair_agreements

    return pair_agreements(agreements), measure_agreements(read)


def exported(images: Sequence[ExportImage], export: ExportOf, blobs: str) -> bytes:
    """As `export.export_zip`, outlines from a folder of blobs."""
    from dataclasses import replace

    from sonoher2.server.cohorts.outlines.export import export_zip
    from sonoher2.server.cohorts.outlines.look import was_changed

    # the frames of a cine are of one file
    files = {one.image.path: one.image for one in images}
    changed = tuple(image.cell for image in files.values() if was_changed(image))
    return export_zip(images, replace(export, changed=changed), lambda name: (Path(blobs) / name).read_bytes())


def require_readable(outline: str) -> int:
    """Refuse an outline, in a file, that no study could read as a lesion; give its area in pixels.

    Raises
    ------
    InputError
        It is only a line, or covers the whole picture.
    """
    from sonoher2.lesions.mask import require_lesion
    from sonoher2.server.cohorts.outlines.look import mask_of_png

    mask = mask_of_png(Path(outline).read_bytes())
    require_lesion(mask)
    return int(mask.sum())
