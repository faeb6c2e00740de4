"""`sonoher2 extract`: radiomics of a table of images, without a study around it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from sonoher2.cohort.collect import raise_errors
from sonoher2.cohort.image_table import image_rows
from sonoher2.cohort.pixel_size import Sizes, length_unit
from sonoher2.cohort.table import read_table
from sonoher2.config import ImageReading, ImagesConfig, LengthUnit, RadiomicsConfig
from sonoher2.errors import Finding, InputError, UsageError
from sonoher2.features.lesion import open_lesion
from sonoher2.features.radiomics import feature_names
from sonoher2.files import write_text
from sonoher2.study.cache import Cache
from sonoher2.study.compute import run_jobs
from sonoher2.study.steps import LesionFile, Workshop, file_hashes, lesion_files, measure_lesions


def radiomics_settings(
    bin_count: int | None,
    bin_width: float | None,
    resample_mm: float | None,
    ring_mm: float | None,
    ring_share: float | None,
    unit: str | None = None,
) -> RadiomicsConfig:
    """Build the settings from command-line options.

    Raises
    ------
    UsageError
        A value is out of range or two options contradict each other.
    """
    ring = None if ring_mm is None and ring_share is None else {"mm": ring_mm, "share": ring_share}
    try:
        return RadiomicsConfig.model_validate(
            {"bin_count": bin_count, "bin_width": bin_width, "resample_mm": resample_mm, "ring": ring, "unit": unit}
        )
    except ValidationError as error:
        problem = error.errors()[0]
        message = problem["msg"].removeprefix("Value error, ")
        option = "-".join(map(str, problem["loc"])).replace("_", "-")
        raise UsageError(
            f"--{option}: {message[0].lower()}{message[1:]}." if option else f"{message[0].upper()}{message[1:]}."
        ) from None


def extract_table(
    table: Path, out: Path, radiomics: RadiomicsConfig, *, data: Path | None, largest: bool, workers: int
) -> tuple[int, LengthUnit, list[Finding]]:
    """Measure the lesions of a table of images and write one row per image.

    Lengths and areas of all rows are in one unit: mm where the pixel size of every image is known, else pixels.

    Parameters
    ----------
    table
        `patient_id`, `image`, `mask` and, if known, `mm_per_pixel`; `frame` for files of several.
    out
        CSV: `patient_id, image`, then features under pyradiomics' names. Finished images are kept in a folder beside
        it until the table is whole, so that an interrupted extraction resumes.
    radiomics
        What to measure.
    data
        Folder that the paths are relative to; the table's own unless told.
    largest
        Of several masks take the largest, not their union.
    workers
        Processes.

    Returns
    -------
    How many images, the unit of lengths, and what was noticed.

    Raises
    ------
    InputError, FindingsError
        The table or a file in it cannot be used.
    """
    rows = read_table(table)
    known = {name: name for name in ("frame", "mm_per_pixel") if name in rows}
    images = ImagesConfig.model_validate({"table": table, "mask": "mask", **known})
    reading = ImageReading(several_masks="largest" if largest else "union")
    found, findings = image_rows(rows, images, (data or table.parent).resolve(), masks_needed=True)
    raise_errors(findings)
    incomplete = found[found["image"].isna() | (found["masks"].map(len) == 0)]
    if len(found) == 0 or len(incomplete):
        what = f"{len(incomplete)} rows have no image or no mask" if len(found) else "the table has no rows"
        raise InputError(what, where=table.name, fix="Fill in `image` and `mask`, or remove those rows")
    workshop = Workshop(Cache(out.parent / f".{out.stem}-cache"), workers)
    files = lesion_files(found)
    unit, told = length_unit(radiomics, _pixel_sizes(files, reading, workers))
    raise_errors(told)
    radiomics = radiomics.model_copy(update={"unit": unit})
    measured, noticed = measure_lesions(files, reading, radiomics, file_hashes(found), workshop)
    features = pd.DataFrame(measured, index=found.index, columns=feature_names(radiomics))
    first = pd.DataFrame({"patient_id": found["patient_id"], "image": rows["image"]})
    write_text(out, pd.concat([first, features], axis=1).to_csv(index=False))
    workshop.cache.clear()
    return len(found), unit, [*findings, *told, *noticed]


def _pixel_sizes(files: Sequence[LesionFile], reading: ImageReading, workers: int) -> Sizes:
    """Read the pixel size of each image: the table's, else the file's."""
    jobs = [(file, reading) for file in files]
    sizes = dict(run_jobs(_pixel_size, jobs, workers=workers, label="Reading pixel sizes"))
    return [(file.image, sizes[i]) for i, file in enumerate(files)]


def _pixel_size(job: tuple[LesionFile, ImageReading]) -> tuple[float, float] | None:
    file, reading = job
    lesion = open_lesion(file.image, file.masks, reading=reading, mm_per_pixel=file.mm_per_pixel, frame=file.frame)
    return lesion.image.mm_per_pixel
