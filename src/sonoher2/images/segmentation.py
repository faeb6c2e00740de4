"""DICOM Segmentation objects (PS3.3, A.51) as masks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from sonoher2.errors import InputError
from sonoher2.images.dicom import checked_format
from sonoher2.images.dicom_file import DicomFile, open_dicom
from sonoher2.images.dicom_frame import frame_values
from sonoher2.images.picture import errors_name

FIX = "Export the lesion's outline on this image as a mask of its own"


def read_segmentation(path: Path, frame: int) -> NDArray[np.bool_] | None:
    """Read the lesion that a segmentation marks on one frame of its image.

    Parameters
    ----------
    path
        A DICOM file.
    frame
        Of the image, counted from 1.

    Returns
    -------
    (rows, columns), True in the lesion; None when the file is an ordinary DICOM image.

    Raises
    ------
    InputError
        The file cannot be read; it marks several segments or shares instead of yes and no; or it does not say which of
        its frames belongs to `frame`.
    """
    with errors_name(path, "DICOM"), warnings.catch_warnings(), open_dicom(path) as file:
        warnings.simplefilter("ignore")
        if "SegmentSequence" not in file.header:
            return None
        if str(file.header.get("SegmentationType") or "BINARY").strip().upper() != "BINARY":
            raise InputError("the segmentation says how likely each pixel is, not which are lesion", fix=FIX)
        if len(file.header.SegmentSequence) > 1:
            raise InputError(f"the segmentation has {len(file.header.SegmentSequence)} segments", fix=FIX)
        form = checked_format(file)
        marks = [frame_values(file, form, index)[0] != 0 for index in _frames_of(file, frame)]
        marked = [mask for mask in marks if mask.any()]
        if len(marked) > 1:
            raise InputError(f"the segmentation marks this image in {len(marked)} frames", fix=FIX)
        return marked[0] if marked else np.zeros((form.rows, form.columns), dtype=bool)


def _frames_of(file: DicomFile, frame: int) -> list[int]:
    """Frames of the segmentation, counted from 0, that mark `frame` of the image.

    A frame that names no frame of the image belongs to an image of one frame.
    """
    groups = list(file.header.get("PerFrameFunctionalGroupsSequence") or [Dataset()] * file.frames)[: file.frames]
    sources = [list(_sources(group)) for group in groups]
    if len({str(source.get("ReferencedSOPInstanceUID")) for of_frame in sources for source in of_frame}) > 1:
        raise InputError("the segmentation was drawn on several image files", fix=FIX)
    named = [{number for source in of_frame for number in _frame_numbers(source)} for of_frame in sources]
    found = [index for index, frames in enumerate(named) if frame in (frames or {1})]
    if not found:
        raise InputError(f"no frame of the segmentation belongs to frame {frame} of the image", fix=FIX)
    return found


def _sources(group: Dataset) -> Iterator[Dataset]:
    """Images, or frames of one, on which a frame of the segmentation was drawn."""
    for derivation in group.get("DerivationImageSequence") or []:
        yield from derivation.get("SourceImageSequence") or []


def _frame_numbers(source: Dataset) -> list[int]:
    value = source.get("ReferencedFrameNumber")
    if value in (None, ""):
        return []
    return [int(one) for one in ([value] if isinstance(value, int | str) else value)]
