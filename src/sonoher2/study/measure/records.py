"""A look at every image of a cohort, each record kept by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from sonoher2.cohort.images.check import ImageRecord, image_record, near_duplicates
from sonoher2.config.images import ImageReading
from sonoher2.core import columns as c
from sonoher2.core.errors import InputError
from sonoher2.core.files import check_unchanged
from sonoher2.engine import JSON, ExecutionContext, Keyed, Step, record_codec, settings_key
from sonoher2.study.measure.lesion_files import LesionFile, lesion_files


def _look(given: tuple[LesionFile, str | None], reading: ImageReading) -> ImageRecord:
    file, second = given
    record = image_record(file.image, file.masks, second, file.frame, file.mm_per_pixel, reading)
    if record.problem:
        # it names the file's path, which is no part of what the file holds: nothing to keep
        raise InputError(record.problem)
    return record


def _pairs(records: Sequence[ImageRecord]) -> list[tuple[int, int]]:
    return near_duplicates(records)


PAIRS = Step("same pictures", _pairs, JSON)
RECORDS = Step("records", _look, record_codec(ImageRecord), "Reading images", packed=True)


def image_records(
    images: pd.DataFrame, reading: ImageReading, hashes: Mapping[str, str], context: ExecutionContext
) -> list[ImageRecord]:
    """Look at every image, each kept under the content of its files.

    Parameters
    ----------
    images
        As `Cohort.images`.
    reading
        How to read; images are looked at as they are, whatever the enhancer makes of them later.
    hashes
        Sha256 of every file, by path.
    context
        Where it is computed and kept.
    """
    how = Keyed(reading, settings_key(reading, *(name for name in type(reading).model_fields if name != "enhance")))
    seconds = [mask if isinstance(mask, str) else None for mask in images[c.SECOND_MASK]]
    items = []
    for file, second in zip(lesion_files(images), seconds, strict=True):
        read = [file.image, *file.masks, *([second] if second else [])]
        key = [file.key(hashes), hashes[second] if second else None]
        items.append(Keyed((file, second), key, partial(check_unchanged, {path: hashes[path] for path in read})))
    found = context.attempt(RECORDS, items, how)
    return [found.values.get(i) or ImageRecord(problem=found.problems[i].what) for i in range(len(items))]


def kept_pairs(records: Sequence[ImageRecord], context: ExecutionContext) -> list[tuple[int, int]]:
    """Do as `near_duplicates` does, kept under what the records show: each picture is compared with all others."""
    seen = hashlib.sha256()
    for record in records:
        seen.update(f"{record.hash} {record.thumbnail} {record.views}\n".encode())
    return [(first, second) for first, second in context.run(PAIRS, Keyed(records, seen.hexdigest()))]
