"""The synthetic cohort on disk: a whole study with a HER2 signal of known strength, to try SonoHER2 and to test it."""

from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from pydantic import JsonValue

from sonoher2.cohort.tables import columns as c
from sonoher2.core.errors import InputError, UsageError
from sonoher2.core.files import write_bytes, write_json, write_text
from sonoher2.core.progress import track
from sonoher2.core.table_files import write_table
from sonoher2.engine import Workers, local_executor
from sonoher2.synthetic.clinical import clinical_table
from sonoher2.synthetic.images import Picture, patient_pictures
from sonoher2.synthetic.lesion import LesionTraits, draw_lesion
from sonoher2.synthetic.signal import (
    CLINICAL_CORRELATION,
    COEFFICIENTS,
    INTERCEPT,
    MARKS,
    SIGNATURE_PARTS,
    best_possible_auc,
    latent_signal,
    patient_generator,
    prevalence,
)

__all__ = ["best_possible_auc", "latent_signal", "write_demo_cohort"]

SMALLEST_SIZE = 64
_WRITTEN_BY = "sonoher2 demo"

_STUDY = """\
# A SYNTHETIC study, written by `sonoher2 demo`: see README.txt beside this file.
title: SYNTHETIC cohort, simulated patients
synthetic: true
seed: 0

images:
  table: images.csv
  mask: mask
  view: view
  site: site
  mm_per_pixel: mm_per_pixel

clinical:
  table: clinical.csv
  missing: [unknown]
  columns:
    age: {kind: number, timing: pre-biopsy, unit: years, low: 18, high: 110}
    menopause: {kind: yes/no, timing: pre-biopsy, levels: ["no", "yes"]}
    symptom_weeks: {kind: number, timing: pre-biopsy, unit: weeks, low: 0}
    size_mm: {kind: number, timing: pre-biopsy, unit: mm, low: 1, high: 150}
    nodes: {kind: ordered, timing: pre-biopsy, levels: [cN0, cN1, cN2]}
    family_history: {kind: yes/no, timing: pre-biopsy, levels: ["no", "yes"]}

target:
  ihc: her2_ihc
  ish: her2_ish
  rule: ASCO/CAP 2018
  task: positive-vs-negative

timing: pre-biopsy
split: {kind: random, test_share: 0.3}
"""

_DEEP = """
# deep features from EfficientNet-Lite0 with ImageNet weights: the signatures Deep, DLR and Combined
deep: {}

# every model and the network by themselves, in a chapter of their own; nothing is chosen by it
comparison: true

# how often each feature would be kept on other patients
selection: {bootstraps: 100}
"""

_README = """\
SYNTHETIC DATA. No patient is behind any row or picture in this folder.

`sonoher2 demo` simulated it to show and to test the software. The pictures come from a model of ultrasound speckle,
the HER2 status from a formula. A result on it says nothing about breast cancer.

  study.yaml     the study, to be given to `sonoher2 run`
  images.csv     one row per picture; images/ and masks/ hold the PNG files
  clinical.csv   one row per patient
  truth.json     the formula and the largest AUC that it allows; no study reads it
  truth.csv      the hidden variables behind each patient; no study reads it

This folder may be written anew at any time: keep nothing of your own in it.
"""


def write_demo_cohort(
    folder: str | Path,
    *,
    patients: int = 120,
    seed: int = 0,
    size: tuple[int, int] = (256, 256),
    deep: bool = False,
    jobs: Workers = 1,
) -> Path:
    """Write a synthetic cohort with its study file.

    A cohort of fewer patients is the beginning of a larger one of the same seed and size. The study file is written
    last, so that it stands only beside a whole cohort.

    Parameters
    ----------
    folder
        Where to; made when missing. An earlier synthetic cohort in it is replaced.
    patients
        How many, at least 1.
    seed
        Seed of every random step, at least 0.
    size
        (rows, columns) of the pictures: at least 64, and not much narrower than they are deep.
    deep
        Whether the study uses deep features, which need a network's ImageNet weights.
    jobs
        Processes that draw pictures; all processors when None.

    Returns
    -------
    Path of the study file.

    Raises
    ------
    InputError
        The folder holds something else, or cannot be written.
    UsageError
        `patients`, `seed` or `size` is out of range.

    Examples
    --------
    >>> import sonoher2
    >>> sonoher2.write_demo_cohort("demo", patients=2, size=(64, 64)).as_posix()
    'demo/study.yaml'
    """
    folder = Path(folder)
    _check_request(patients, seed, size)
    _clear_earlier(folder)
    # first of all files: by it a later call knows an unfinished cohort for its own
    write_json(folder / "truth.json", _truth(patients, seed))
    write_text(folder / "README.txt", _README)
    signal = latent_signal(patients, seed)
    lesions = _lesions(signal, seed)
    _write_table(folder / "truth.csv", signal)
    _write_table(folder / "clinical.csv", clinical_table(signal, lesions, seed))
    todo = list(zip(range(patients), signal[c.PATIENT_ID], lesions, strict=True))
    done = local_executor(jobs).run(partial(_write_patient, folder, seed, size), todo)
    rows = [row for _, rows in sorted(track(done, "Synthetic patients", patients)) for row in rows]
    _write_table(folder / "images.csv", pd.DataFrame(rows))
    write_text(folder / "study.yaml", _STUDY + (_DEEP if deep else ""))
    return folder / "study.yaml"


def _check_request(patients: int, seed: int, size: tuple[int, int]) -> None:
    if patients < 1:
        raise UsageError(f"a synthetic cohort of {patients} patients was asked for; ask for at least 1.")
    if seed < 0:
        raise UsageError(f"the seed {seed} is negative; give 0 or more.")
    rows, columns = size
    if rows < SMALLEST_SIZE or columns < 0.8 * rows:
        raise UsageError(
            f"pictures of {rows} rows and {columns} columns cannot hold the simulated breast; "
            f"give at least {SMALLEST_SIZE} rows and at least 0.8 times as many columns."
        )


def _clear_earlier(folder: Path) -> None:
    """Remove the study file and the pictures of an earlier synthetic cohort; refuse a folder of anything else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not _is_synthetic_cohort(folder):
        raise InputError(
            "this is not an empty folder, nor one with an earlier synthetic cohort",
            where=str(folder),
            fix="Choose another folder",
            hint="output",
        )
    for path in (folder / "study.yaml", *folder.glob("images/SYN*.png"), *folder.glob("masks/SYN*.png")):
        path.unlink(missing_ok=True)


def _is_synthetic_cohort(folder: Path) -> bool:
    try:
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(truth, dict) and truth.get("written_by") == _WRITTEN_BY


def _truth(patients: int, seed: int) -> dict[str, JsonValue]:
    """Say the formula of the signal and the largest AUC that it allows, by signature."""
    return {
        "written_by": _WRITTEN_BY,
        "synthetic": True,
        "patients": patients,
        "seed": seed,
        "intercept": INTERCEPT,
        "coefficients": dict(COEFFICIENTS),
        "marks": dict(MARKS),
        "clinical_correlation": CLINICAL_CORRELATION,
        "prevalence": round(prevalence(), 4),
        "best_auc": {name: round(best_possible_auc(parts), 4) for name, parts in SIGNATURE_PARTS.items()},
    }


def _lesions(signal: pd.DataFrame, seed: int) -> list[LesionTraits]:
    latents = zip(signal["z_shape"], signal["z_texture"], signal["z_pattern"], strict=True)
    return [
        draw_lesion(shape, texture, pattern, patient_generator(seed, patient, 2))
        for patient, (shape, texture, pattern) in enumerate(latents)
    ]


def _write_patient(
    folder: Path, seed: int, size: tuple[int, int], known: tuple[int, str, LesionTraits]
) -> list[dict[str, str]]:
    """Write the pictures and masks of a patient, given by place, id and lesion; give the rows of the images table."""
    patient, patient_id, lesion = known
    return [_write_picture(folder, patient_id, picture) for picture in patient_pictures(lesion, patient, seed, size)]


def _write_picture(folder: Path, patient_id: str, picture: Picture) -> dict[str, str]:
    name = f"{patient_id}_{picture.view}.png"
    write_bytes(folder / "images" / name, _png(picture.pixels))
    write_bytes(folder / "masks" / name, _png(picture.mask.astype(np.uint8) * 255))
    return {
        c.PATIENT_ID: patient_id,
        c.IMAGE: f"images/{name}",
        c.MASK: f"masks/{name}",
        c.VIEW: picture.view,
        c.SITE: picture.site,
        c.MM_PER_PIXEL: f"{picture.mm_per_pixel:.6g}",
    }


def _png(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def _write_table(path: Path, table: pd.DataFrame) -> None:
    write_table(path, table)
