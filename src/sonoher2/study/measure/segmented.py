"""Lesions segmented by a segmenter, in a study that has no masks for them or takes none."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image

from sonoher2.cohort.patients.cohort import Cohort, FlowStep
from sonoher2.config.image_networks import TRAINED, SegmentedRegions
from sonoher2.config.images import FileReading
from sonoher2.core import columns as c
from sonoher2.core.errors import Finding, FindingsError, InputError
from sonoher2.core.files import check_unchanged, file_sha256, write_bytes
from sonoher2.core.table_files import write_table
from sonoher2.engine import BYTES, ExecutionContext, Keyed, Step, record_codec
from sonoher2.lesions.agreement import dice
from sonoher2.lesions.mask import Mask, read_mask, require_lesion
from sonoher2.lesions.open import read_lesion
from sonoher2.networks.own import SEGMENTER, SHIPPED_NETWORKS, ImageNetworks, Weights
from sonoher2.study.measure.lesion_files import chosen_frames

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig

COLUMNS = (c.PATIENT_ID, c.IMAGE, c.FRAME, c.MASK, c.FOUND, c.CONFIDENCE, c.DICE, c.PROBLEM)
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+|^\d{4,}\+')
"""What some file system allows in no name, and what begins a numbered name."""
MOST_BYTES, MOST_LETTERS = 200, 60
"""Of a name that is kept, and of a stem that is cut."""
GONE = "no lesion was found in any image"


def segment_cohort(
    cohort: Cohort, study: StudyConfig, context: ExecutionContext, networks: ImageNetworks = SHIPPED_NETWORKS
) -> tuple[Cohort, pd.DataFrame]:
    """Segment the lesions that a study has no masks for, or all of them.

    The segmenter is frozen and was trained on other patients' masks; it sees no label. An image in which it finds no
    lesion is left out, and so is a patient without another. Where the study's own segmenter is still to be trained,
    nothing is segmented.

    Parameters
    ----------
    cohort
        As from `load_cohort`.
    study
        Its `regions`.
    context
        Masks are kept in its cache, as PNG under the content of their images.
    networks
        Of the study's own.

    Returns
    -------
    The cohort with masks, and one row per segmented image: `patient_id, image, frame, mask` (paths; frame is NaN for
    the only one), `found`, `confidence` (expected Dice, 0 to 1), `dice` (with the given mask; NaN without one),
    `problem` (empty where the file can be read), and `network` in a study that trains its own.

    Raises
    ------
    InputError
        Files cannot be read, or no lesion was found in any patient.
    """
    images = cohort.images
    wanted = images.index[[study.regions != "segment-missing" or not masks for masks in images[c.MASKS]]]
    if study.reading is None or study.regions == "given" or _waits(study, networks) or not len(wanted):
        return cohort, pd.DataFrame(columns=list(COLUMNS))
    paths = images.loc[wanted, c.IMAGE].astype(str).tolist()
    frames, patients = chosen_frames(images.loc[wanted]), images.loc[wanted, c.PATIENT_ID]
    weights = [None if networks.segmenter is None else networks.segmenter.of(patient) for patient in patients]
    found = _segmented(list(zip(paths, frames, weights, strict=True)), study.reading.crop_to_b_mode, context)
    table = pd.DataFrame(
        {
            c.PATIENT_ID: patients,
            c.IMAGE: paths,
            c.FRAME: images.loc[wanted, c.FRAME],
            **{name: [row[name] for row in found] for name in (c.MASK, c.FOUND, c.CONFIDENCE, c.PROBLEM)},
        },
        index=wanted,
    )
    given = images.loc[wanted, c.MASKS]
    table[c.DICE] = [
        _agreement(str(mask), masks, path, frame, study.reading) if found else np.nan
        for mask, masks, path, frame, found in zip(table[c.MASK], given, paths, frames, table[c.FOUND], strict=True)
    ]
    if networks.segmenter is not None and networks.segmenter.unseen_by:
        table[c.NETWORK] = [one.trained_on for one in weights if one is not None]
    told = [name for name in (*COLUMNS, c.NETWORK) if name in table]
    outlined = _with_masks(cohort, table, named(study, networks))
    if outlined.patients.empty:
        raise FindingsError(lost_lesions(table, study, networks))
    return outlined, table[told]


def lost_lesions(table: pd.DataFrame, study: StudyConfig, networks: ImageNetworks) -> list[Finding]:
    """Say as an error in how many images no lesion was found, where too few patients are left.

    Parameters
    ----------
    table
        As from `segment_cohort`.
    study, networks
        As there.

    Returns
    -------
    Nothing where all lesions were found.
    """
    if table.empty or table[c.FOUND].all():
        return []
    without = int((~table[c.FOUND]).sum())
    gone = int((~table.groupby(c.PATIENT_ID)[c.FOUND].any()).sum())
    what = f"{named(study, networks)} found no lesion in {without} of {len(table)} images; patients left out: {gone}"
    fix = "Give masks and `regions: given`, or use another segmenter"
    if SEGMENTER in study.trained_networks:
        fix = "Give more training patients a mask, train longer (`regions.training.epochs`), or use `segment: shipped`"
    return [Finding("error", what, "regions", fix)]


def _waits(study: StudyConfig, networks: ImageNetworks) -> bool:
    return SEGMENTER in getattr(study, "trained_networks", ()) and networks.segmenter is None


def named(study: StudyConfig, networks: ImageNetworks) -> str:
    """Name the segmenter of a study, for messages."""
    regions = study.regions
    if networks.segmenter is None:
        return "the shipped segmenter"
    if not isinstance(regions, SegmentedRegions):
        return "the model's own segmenter"
    own = regions.segment == TRAINED
    return "the study's own segmenter" if own else f"the segmenter of {Path(regions.segment).name}"


@dataclass(frozen=True)
class Segmented:
    """What the segmenter found in an image: its confidence, whether there is a lesion, and the mask's PNG as base64."""

    found: bool
    confidence: float
    png: str


Picture = tuple[str, int | None, Weights | None]
"""Path, frame, and weights of the study's own."""


def _segment(picture: Picture, crop_to_b_mode: bool) -> Segmented:
    # networks are slow to import, and only this step of such a study needs them
    from sonoher2.segmentation.mask_files import mask_png
    from sonoher2.segmentation.segment import segment_file

    path, frame, weights = picture
    lesion = segment_file(path, frame=frame, crop_to_b_mode=crop_to_b_mode, weights=weights)
    found = lesion.found and _is_lesion(lesion.mask)
    return Segmented(found, lesion.confidence, base64.b64encode(mask_png(lesion.mask)).decode())


def _is_lesion(mask: Mask) -> bool:
    """Whether a mask may be a lesion's; one that fills the image is none."""
    try:
        require_lesion(mask)
    except InputError:
        return False
    return True


def _png(text: str) -> bytes:
    return base64.b64decode(text)


SEGMENTED = Step("segmented", _segment, record_codec(Segmented), "Outlining lesions", packed=True)
# later steps read the masks as if they had been given, from files
MASKS = Step("masks", _png, replace(BYTES, suffix=".png"))


def _segmented(pictures: Sequence[Picture], crop: bool, context: ExecutionContext) -> list[dict[str, object]]:
    """Mask, confidence and whether a lesion was found, for each image."""
    from sonoher2.segmentation.segmenter import load_segmenter

    hashes = {path: file_sha256(Path(path)) for path in {path for path, _, _ in pictures}}
    items, shipped = [], load_segmenter().sha256
    for path, frame, weights in pictures:
        key = [hashes[path], frame, weights.sha256 if weights else shipped]
        items.append(Keyed((path, frame, weights), key, partial(check_unchanged, {path: hashes[path]})))
    found = context.attempt(SEGMENTED, items, crop)
    places = context.files(MASKS, [found.values[i].png for i in sorted(found.values)])
    masks = dict(zip(sorted(found.values), places, strict=True))
    rows: list[dict[str, object]] = []
    for i in range(len(pictures)):
        if i in found.values:
            one = found.values[i]
            rows.append({c.MASK: str(masks[i]), c.FOUND: one.found, c.CONFIDENCE: one.confidence, c.PROBLEM: ""})
        else:
            rows.append({c.MASK: "", c.FOUND: False, c.CONFIDENCE: 0.0, c.PROBLEM: str(found.problems[i])})
    return rows


def _agreement(mask: str, given: Sequence[str], image: str, frame: int | None, reading: FileReading) -> float:
    """Dice between a segmented and a given mask; NaN where there is none that can be read."""
    if not given:
        return float("nan")
    try:
        own = read_mask([mask], _shape(mask))
        drawn = read_lesion(image, given, frame=frame, several=reading.several_masks, label=reading.mask_label)
        return float(dice(own, drawn.mask))
    except InputError:
        return float("nan")


def _shape(mask: str) -> tuple[int, int]:
    with Image.open(mask) as picture:
        return picture.height, picture.width


def _with_masks(cohort: Cohort, table: pd.DataFrame, segmenter: str) -> Cohort:
    """Put the new masks in the place of the masks, and leave out images without a lesion."""
    unreadable = table[table[c.PROBLEM] != ""]
    if len(unreadable):
        raise InputError(
            f"{len(unreadable)} images cannot be outlined, the first: {unreadable[c.PROBLEM].iloc[0]}",
            where="images",
            fix="Mend or remove them",
        )
    images = cohort.images.copy()
    images.loc[table.index, c.MASKS] = pd.Series([(mask,) for mask in table[c.MASK]], index=table.index)
    images = images.drop(index=table.index[~table[c.FOUND]]).reset_index(drop=True)
    staying = cohort.patients.index.isin(images[c.PATIENT_ID])
    patients = cohort.patients[staying]
    flow = (*cohort.flow[:-1], *_left_out(int((~staying).sum()), len(patients), len(images)))
    findings = (*cohort.findings, *_findings(table, segmenter))
    return replace(cohort, patients=patients, images=images, flow=flow, findings=findings)


def _left_out(gone: int, patients: int, images: int) -> tuple[FlowStep, ...]:
    last = FlowStep("", 0, patients, images)
    return (FlowStep(GONE, gone, patients, images), last) if gone else (last,)


def _findings(table: pd.DataFrame, segmenter: str) -> list[Finding]:
    without = int((~table[c.FOUND]).sum())
    findings = [
        Finding(
            "note",
            f"{len(table)} lesions were outlined by {segmenter}",
            "regions",
            "Look at the doubtful ones in the report, and give a mask for each that is wrong",
        )
    ]
    if without:
        findings.append(
            Finding(
                "warning",
                f"no lesion was found in {without} images, which are left out",
                "regions",
                "Outline them by hand",
            )
        )
    return findings


def picture_name(row: pd.Series) -> str:
    """Name of a picture's outputs: its file's name, and its frame where one is named."""
    stem = Path(row[c.IMAGE]).stem
    return stem if np.isnan(row[c.FRAME]) else f"{stem}_frame{row[c.FRAME]:.0f}"


def mask_names(table: pd.DataFrame) -> list[str]:
    """Name the masks in the run's folder ``masks``, no two alike on any file system.

    A mask is called after its patient and its image. Where that is no safe name of a file, or two masks would be
    called the same, the number of the row stands before it.

    Parameters
    ----------
    table
        As from `segment_cohort`.
    """
    plain = [f"{row[c.PATIENT_ID]}_{picture_name(row)}_mask.png" for _, row in table.iterrows()]
    alike = Counter(_same_file(name) for name in plain)
    return [
        name if alike[_same_file(name)] == 1 and _safe(name) else _numbered(number, name)
        for number, name in enumerate(plain, start=1)
    ]


def _same_file(name: str) -> str:
    """Write a name so that names of one file are equal where a file system knows no case."""
    return unicodedata.normalize("NFC", name).casefold()


def _safe(name: str) -> bool:
    return len(name.encode()) <= MOST_BYTES and not _UNSAFE.search(name)


def _numbered(number: int, name: str) -> str:
    stem = _UNSAFE.sub("_", name.removesuffix("_mask.png"))[:MOST_LETTERS]
    return f"{number:04d}+{stem}_mask.png"


def write_segmented(table: pd.DataFrame, data: Path, out: Path) -> None:
    """Write `outlines.csv`, and the masks beside it under the names of their images.

    Parameters
    ----------
    table
        As from `segment_cohort`.
    data
        Folder to which the paths of images are relative; an image elsewhere keeps its path.
    out
        Folder of the run.
    """
    if table.empty:
        return
    names = mask_names(table)
    for name, mask, found in zip(names, table[c.MASK], table[c.FOUND], strict=True):
        if found:
            write_bytes(out / "masks" / name, Path(mask).read_bytes())
    root = data.resolve()
    places = [Path(image) for image in table[c.IMAGE]]
    images = [(one.relative_to(root) if one.is_relative_to(root) else one).as_posix() for one in places]
    listed = table.assign(**{c.IMAGE: images, c.MASK: names})
    listed[c.MASK] = listed[c.MASK].where(listed[c.FOUND], "")
    unused = [c.PROBLEM] if listed[c.FRAME].notna().any() else [c.PROBLEM, c.FRAME]
    write_table(out / "outlines.csv", listed.drop(columns=unused))
