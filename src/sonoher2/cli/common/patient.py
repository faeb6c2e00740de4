"""What the options of `sonoher2 predict` say of one patient."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sonoher2.core.errors import UsageError

if TYPE_CHECKING:
    from sonoher2.predict.patient import PatientInput


def patient_of(
    images: Sequence[Path],
    masks: Sequence[Path],
    clinical: Sequence[str],
    sizes: Sequence[float] = (),
    frames: Sequence[int] = (),
    site: str | None = None,
    label: str | None = None,
) -> PatientInput:
    """Read options: the masks of one image, or one mask per image; clinical data as KEY=VALUE.

    Parameters
    ----------
    images, masks
        Paths.
    clinical
        KEY=VALUE each.
    sizes
        Side of a pixel, mm: none, one for all images, or one per image.
    frames
        None, or one per image.
    site, label
        As in `PatientInput`.

    Raises
    ------
    UsageError
        Images do not pair up with masks, frames or sizes, or a clinical option is not KEY=VALUE.
    """
    from sonoher2.predict.patient import ImageInput, PatientInput

    if not images:
        ignored = [name for name, given in (("--mm-per-pixel", sizes), ("--label", label)) if given]
        if ignored:
            raise UsageError(f"{' and '.join(ignored)} of no image; give --image too, or leave it out.")
    if len(sizes) not in (0, 1, len(images)):
        raise UsageError(
            f"{len(images)} images and {len(sizes)} sizes of a pixel were given; give --mm-per-pixel once for all "
            "images, or once for each."
        )
    if frames and len(frames) != len(images):
        raise UsageError(f"{len(images)} images and {len(frames)} frames were given; give one --frame for each.")
    known: Sequence[float | None] = sizes if len(sizes) == len(images) else [next(iter(sizes), None)] * len(images)
    chosen: Sequence[int | None] = frames or [None] * len(images)
    rows = zip(images, _masks(images, masks), known, chosen, strict=True)
    return PatientInput(tuple(ImageInput(*row) for row in rows), _values(clinical), site, label)


def _masks(images: Sequence[Path], masks: Sequence[Path]) -> list[tuple[Path, ...]]:
    if len(images) == 1 and masks:
        return [tuple(masks)]
    if not masks:
        return [() for _ in images]
    if len(images) != len(masks):
        raise UsageError(
            f"{len(images)} images and {len(masks)} masks were given; give one --mask for each --image, in order, "
            "or none at all."
        )
    return [(mask,) for mask in masks]


def _values(options: Sequence[str]) -> dict[str, str]:
    values = {}
    for option in options:
        key, found, value = option.partition("=")
        if not found or not key.strip():
            raise UsageError(f"'{option}' is not KEY=VALUE; write --clinical age=52.")
        if key.strip() in values:
            raise UsageError(f"'{key.strip()}' is given twice.")
        values[key.strip()] = value.strip()
    return values
