"""DICOM Segmentation objects (PS3.3, A.51) as masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from sonoher2.core.errors import InputError
from sonoher2.images.dicom.file import DicomFile, open_dicom
from sonoher2.images.dicom.frame import frame_values
from sonoher2.images.dicom.read import checked_format
from sonoher2.images.pixels.decoded import SameFrame, errors_name
from sonoher2.images.pixels.dicom_values import whole
from sonoher2.images.pixels.source import Content, DicomReference

FIX = "Export the lesion's outline on this image as a mask of its own"


def read_segmentation(
    content: Content, frame: SameFrame, label: str | None = None, image: DicomReference | None = None
) -> NDArray[np.bool_] | None:
    """Read the lesion that a segmentation marks on one frame of its image.

    Parameters
    ----------
    content
        A DICOM file.
    frame
        Of the image.
    label
        Number of the lesion's segment, where there are several.
    image
        Identifiers of the image, where it is a DICOM file that states them.

    Returns
    -------
    (rows, columns), True in the lesion; None when the file is an ordinary DICOM image.

    Raises
    ------
    InputError
        The file cannot be read; it has several segments and none is chosen; it marks shares instead of yes and no; it
        was drawn on another image of the same study; or it does not say which of its frames belongs to `frame`.
    """
    with errors_name(content.where, "DICOM"), open_dicom(content) as file:
        if "SegmentSequence" not in file.header:
            return None
        kind = str(file.header.get("SegmentationType") or "BINARY").strip().upper()
        if kind != "BINARY":
            says = "the number of its segment" if kind == "LABELMAP" else "how likely it is"
            raise InputError(f"the segmentation says of each pixel {says}, not whether it is lesion", fix=FIX)
        segment = _chosen_segment(file, label)
        _require_image(file, image)
        form = checked_format(file)
        marks = [frame_values(file, form, index)[0] != 0 for index in _frames_of(file, frame, segment)]
        marked = [mask for mask in marks if mask.any()]
        if len(marked) > 1:
            raise InputError(f"the segmentation marks this image in {len(marked)} frames", fix=FIX)
        return marked[0] if marked else np.zeros((form.rows, form.columns), dtype=bool)


def _chosen_segment(file: DicomFile, label: str | None) -> int | None:
    """Give the number of the segment that counts; None for the only one."""
    segments = [whole(item, "SegmentNumber") for item in file.header.SegmentSequence]
    if len(segments) == 1:
        return None
    if label is None or label not in map(str, segments):
        chosen = "none is chosen" if label is None else f"none of them is {label}"
        known = ", ".join(map(str, segments[:5]))
        raise InputError(
            f"the segmentation has {len(segments)} segments, and {chosen}",
            fix=f"Say which is the lesion ({known}): `mask_label` in the study file",
            hint="mask label",
        )
    return int(label)


def _frames_of(file: DicomFile, frame: SameFrame, segment: int | None) -> list[int]:
    """Frames of the segmentation, counted from 0, that mark `frame` of the image with a segment (None: the only one).

    A frame that names no frame of the image belongs to an image of one frame.
    """
    own = [segment is None or _segment_of(group) == segment for group in _groups(file, "SegmentIdentificationSequence")]
    sources = _sources(file)
    named = [{number for source in of_frame for number in _frame_numbers(source)} for of_frame in sources]
    if frame.count > 1 and any(not frames for frames, ours in zip(named, own, strict=True) if ours):
        raise InputError(f"the segmentation does not say which of the image's {frame.count} frames it marks", fix=FIX)
    found = [index for index, frames in enumerate(named) if own[index] and frame.number in (frames or {1})]
    if not found:
        raise InputError(f"no frame of the segmentation belongs to frame {frame.number} of the image", fix=FIX)
    return found


def _segment_of(group: Dataset) -> int:
    items = group.get("SegmentIdentificationSequence") or [Dataset()]
    return whole(items[0], "ReferencedSegmentNumber")


def _groups(file: DicomFile, name: str) -> list[Dataset]:
    """Give what states the sequence `name` for each frame: its own functional groups, else those of all frames."""
    own = list(file.header.get("PerFrameFunctionalGroupsSequence") or [Dataset()] * file.frames)[: file.frames]
    shared = (file.header.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    return [group if group.get(name) else shared for group in own]


def _sources(file: DicomFile) -> list[list[Dataset]]:
    """Images, or frames of one, on which each frame of the segmentation was drawn."""
    return [
        [
            source
            for derivation in group.get("DerivationImageSequence") or []
            for source in derivation.get("SourceImageSequence") or []
        ]
        for group in _groups(file, "DerivationImageSequence")
    ]


def _require_image(file: DicomFile, image: DicomReference | None) -> None:
    """Refuse a segmentation of several images, or of another one.

    Names alone are no proof: an anonymiser may have renamed the image and not what refers to it. Where it left both
    in one study, the names hold.
    """
    drawn_on = {str(source.get("ReferencedSOPInstanceUID") or "") for group in _sources(file) for source in group}
    if len(drawn_on) > 1:
        raise InputError("the segmentation was drawn on several image files", fix=FIX)
    study = str(file.header.get("StudyInstanceUID") or "").strip()
    if image and study and study == image.study and not drawn_on <= {image.sop_instance, ""}:
        raise InputError("the segmentation was drawn on another image of the same study", fix=FIX)


def _frame_numbers(source: Dataset) -> list[int]:
    value = source.get("ReferencedFrameNumber")
    if value in (None, ""):
        return []
    return [int(one) for one in ([value] if isinstance(value, int | str) else value)]
