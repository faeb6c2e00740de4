"""`sonoher2 segment` and `sonoher2 train-segmenter`: lesions outlined, and the network that outlines them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoher2.core.errors import InputError, UsageError
from sonoher2.core.terminal import say

if TYPE_CHECKING:
    from sonoher2.cli.batch import BatchImage, Values
    from sonoher2.images.image import Box
    from sonoher2.lesions.mask import Mask
    from sonoher2.segmentation.cases import Case

TABLE = "segment.csv"
NO_LESION = "none"
"""In the column `mask` of a training table: there is no lesion in the image."""

Images = Annotated[
    list[Path],
    typer.Argument(metavar="IMAGE", help="Images, folders of them, or a table with a column `image`."),
]


def segment(
    images: Images,
    out: Annotated[Path, typer.Option("--out", help="Folder for the masks and segment.csv.")],
    click: Annotated[
        str | None, typer.Option("--click", metavar="ROW,COLUMN", help="A place within the lesion, for one image.")
    ] = None,
    box: Annotated[
        str | None,
        typer.Option("--box", metavar="TOP,LEFT,BOTTOM,RIGHT", help="A box around the lesion, for one image."),
    ] = None,
    overlay: Annotated[bool, typer.Option(help="Also write each image with its outline.")] = True,
    nifti: Annotated[bool, typer.Option("--nifti", help="Also write each mask as NIfTI.")] = False,
    frame: Annotated[
        int | None, typer.Option("--frame", min=1, help="Frame of image files that have several, counted from 1.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option("--weights", help="Of `train-segmenter`; the shipped ones unless given.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; all processors unless told.")] = None,
) -> None:
    """Segmentation the lesion of each image. A second run resumes. Research software, not for clinical use."""
    from sonoher2.cli.batch import batch_images, problems, run_batch
    from sonoher2.segmentation.segmenter import load_segmenter
    from sonoher2.study.compute import default_jobs

    found = batch_images(images, frame)
    at, within = _click(click), _box(box)
    if (at or within) and len(found) > 1:
        raise UsageError(f"A click or a box is for one image, and {len(found)} were given.")
    written = run_batch(
        partial(_segment_one, out=out, at=at, box=within, overlay=overlay, nifti=nifti, weights=weights),
        found,
        out / TABLE,
        settings=["segment", click, box, overlay, nifti, load_segmenter(weights).sha256],
        files=["mask", "overlay", "nifti"],
        workers=jobs or default_jobs(),
        label="Outlining",
    )
    failed = problems(written)
    for problem in failed:
        say(f"error: {problem}", error=True)
    outlined = int((written["found"] == "yes").sum()) if "found" in written else 0
    without = len(written) - len(failed) - outlined
    say(f"Wrote {out / TABLE}: {outlined} lesions, {without} images without one, {len(failed)} not read.")
    if failed:
        raise typer.Exit(3)


def _segment_one(
    image: BatchImage,
    *,
    out: Path,
    at: tuple[int, int] | None,
    box: Box | None,
    overlay: bool,
    nifti: bool,
    weights: Path | None,
) -> Values:
    from sonoher2.images.read import read_image
    from sonoher2.segmentation.choose import segment_lesion
    from sonoher2.segmentation.mask_files import write_mask, write_nifti, write_overlay
    from sonoher2.segmentation.segmenter import load_segmenter

    given = read_image(image.path, frame=image.frame, at=at)
    segmenter = load_segmenter(weights)
    try:
        result = segment_lesion(segmenter, given.pixels, at=at, box=box)
    except InputError as error:
        raise InputError(error.what, where=str(image.path), fix=error.fix) from error
    names = {
        "mask": f"{image.name}_mask.png",
        "overlay": f"{image.name}_overlay.png" if overlay else "",
        "nifti": f"{image.name}_mask.nii.gz" if nifti else "",
    }
    write_mask(out / names["mask"], result.mask)
    if overlay:
        write_overlay(out / names["overlay"], given.pixels, result.mask)
    if nifti:
        write_nifti(out / names["nifti"], result.mask, given.mm_per_pixel, given.geometry)
    size = _size(result.mask, given.mm_per_pixel)
    found = {"found": "yes" if result.found else "no", "confidence": result.confidence}
    return {**names, **found, **size, "weights": segmenter.sha256}


def _size(mask: Mask, mm_per_pixel: tuple[float, float] | None) -> dict[str, int | float | None]:
    """Area and bounding box of a mask; the box's last row and column are the first outside."""
    import numpy as np

    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    area = int(np.count_nonzero(mask))
    ends = [int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1] if area else [None] * 4
    return {
        "area_pixels": area,
        "area_mm2": area * mm_per_pixel[0] * mm_per_pixel[1] if mm_per_pixel else None,
        **dict(zip(("top", "left", "bottom", "right"), ends, strict=True)),
    }


def _click(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    row, column = _numbers(text, 2, "--click takes ROW,COLUMN")
    return row, column


def _box(text: str | None) -> Box | None:
    if text is None:
        return None
    top, left, bottom, right = _numbers(text, 4, "--box takes TOP,LEFT,BOTTOM,RIGHT")
    return slice(top, bottom), slice(left, right)


def _numbers(text: str, count: int, form: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != count or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(f"{form} as whole numbers from 0, not '{text}'.")
    return [int(part) for part in parts]


def train_segmenter(
    images: Annotated[
        Path,
        typer.Argument(
            metavar="IMAGES",
            help="A study file, of which the training patients are taken; or a table with patient_id, image, mask "
            "(several joined by `;`, or `none`: no lesion) and, if they differ, group (hospital, scanner).",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for segmenter.safetensors and the learning curve.")],
    data: Annotated[Path | None, typer.Option("--data", help="Folder that the paths are relative to.")] = None,
    network: Annotated[str, typer.Option(help="Encoder: a preset or a timm name.")] = "EfficientNet-Lite2",
    encoder_weights: Annotated[
        str, typer.Option(help="ImageNet weights: auto, offline, hub, none, or a file.")
    ] = "auto",
    size: Annotated[int, typer.Option(min=32, help="Side of the network's pictures; a multiple of 32.")] = 224,
    epochs: Annotated[int, typer.Option(min=1, help="After each the training can resume.")] = 14,
    warm_up: Annotated[int, typer.Option(min=0, help="Epochs of smaller pictures, not adversarial.")] = 3,
    warm_up_size: Annotated[int, typer.Option(min=32, help="Side of the pictures of the warm-up.")] = 192,
    adversarial: Annotated[float, typer.Option(min=0, help="Weight of the adversarial loss.")] = 0.02,
    validation: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share of the patients who are only measured.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, order and variants.")] = 0,
) -> None:
    """Train a segmenter on images and masks of training patients. The same command resumes."""
    from sonoher2.segmentation.fit import fit_segmenter
    from sonoher2.segmentation.state import Schedule

    schedule = Schedule(
        network=network,
        weights=encoder_weights,
        size=size,
        warm_up_size=warm_up_size,
        epochs=epochs,
        warm_up=warm_up,
        adversarial=adversarial,
        seed=seed,
    )
    study = images.suffix.lower() in (".yaml", ".yml")
    cases = _study_cases(images, data, out) if study else _table_cases(images, data or images.parent)
    target = fit_segmenter(cases, schedule, out, validation=validation)
    say(f"Wrote {target}. Next: sonoher2 segment IMAGE... --weights {target} --out DIR")


def _table_cases(path: Path, folder: Path) -> list[Case]:
    """Cases of a table; rows without a mask are left out."""
    from sonoher2.cli.batch import frame_number
    from sonoher2.cohort.reading.read import on_disk
    from sonoher2.cohort.tables.table import read_table
    from sonoher2.segmentation.cases import Case

    table = read_table(path, keep=[NO_LESION])
    missing = [name for name in ("patient_id", "image", "mask") if name not in table]
    if missing:
        raise InputError(f"there is no column `{missing[0]}`", where=str(path), fix="Name the columns so")
    if table[["patient_id", "image"]].isna().any(axis=None):
        raise InputError("a row has no patient or no image", where=str(path), fix="Fill in `patient_id` and `image`")
    for name in ("group", "frame"):
        if name not in table:
            table[name] = None
    columns = table[["patient_id", "image", "mask", "group", "frame"]].itertuples(index=False)
    return [
        Case(patient, on_disk(folder / image), _mask_paths(mask, folder), group or "", frame_number(frame, path))
        for patient, image, mask, group, frame in columns
        if mask is not None
    ]


def _mask_paths(cell: str, folder: Path) -> tuple[Path, ...]:
    from sonoher2.cohort.reading.read import on_disk

    if cell.lower() == NO_LESION:
        return ()
    return tuple(on_disk(folder / part.strip()) for part in cell.split(";") if part.strip())


def _study_cases(path: Path, data: Path | None, out: Path) -> list[Case]:
    """Cases of a study's training patients; images need a mask."""
    from sonoher2.cli.training_images import training_images
    from sonoher2.segmentation.cases import Case
    from sonoher2.study.measure.steps import chosen_frames

    rows = training_images(path, data, out)
    rows = rows[rows["masks"].map(len) > 0]
    columns = rows[["patient_id", "image", "masks", "site"]].itertuples(index=False)
    return [
        Case(patient, Path(image), tuple(map(Path, masks)), site or "", frame)
        for (patient, image, masks, site), frame in zip(columns, chosen_frames(rows), strict=True)
    ]
