"""What a study file means for its tables: pairs of images and rows, columns, classes."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sonoher2.cohort.images.table import image_rows
from sonoher2.cohort.labels import patient_labels
from sonoher2.cohort.load import load_cohort
from sonoher2.cohort.patients.patient_rows import without_summaries
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.table import read_joined, resolve
from sonoher2.config.images import ImagesConfig
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import Her2Target
from sonoher2.core.errors import Finding, InputError
from sonoher2.server.studies.drafts.columns import clinical_views, counts, image_views
from sonoher2.server.studies.drafts.schemas import ColumnView, Count, Images, Pair, TargetView, Unpaired

MOST_PAIRS = 200
MOST_LISTED = 200


@dataclass
class Preview:
    """What a study file means for its tables.

    Attributes
    ----------
    images, columns, target, patients
        As in the answer about a draft.
    findings
        What stands in the way.
    """

    images: Images = field(default_factory=Images)
    columns: list[ColumnView] = field(default_factory=list)
    target: TargetView | None = None
    patients: int = 0
    findings: list[Finding] = field(default_factory=list)


def preview(config: StudyConfig) -> Preview:
    """Look at the tables of a study; no image is opened.

    Parameters
    ----------
    config
        The study, its `data` folder absolute.
    """
    made = Preview()
    frame, owners = pd.DataFrame(), pd.Series(dtype=object)
    # what is wrong here is said by reading the cohort, below
    with suppress(InputError):
        frame = _clinical_table(config)
        made.columns += clinical_views(config, frame)
        owners = resolve(frame, config.clinical.patient_id, config.clinical.table.name)
        frame = without_summaries(frame, owners, "")[0]
        owners = owners.loc[frame.index].dropna()
        made.patients = int(owners.nunique())
    made.target = _target(config, frame, owners)
    if config.images is not None:
        with suppress(InputError):
            images = read_joined(
                config.path(config.images.table), config.images, config.images.join, config.data, [], []
            )
            if config.images.table != config.clinical.table:
                made.columns += image_views(config, images.frame)
            made.images = _pairs(config, config.images, images.frame, set(owners))
    try:
        made.findings = list(load_cohort(config).findings)
    except InputError as error:
        made.findings = error.findings
    return made


def _clinical_table(config: StudyConfig) -> pd.DataFrame:
    """Read the clinical table as it is written, but for the column of the patients, where a dash names nobody."""
    clinical = config.clinical
    path, missing = config.path(clinical.table), clinical.missing
    names = read_joined(path, clinical, clinical.join, config.data, missing, []).frame.columns
    as_written = [str(name) for name in names if str(name) != clinical.patient_id]
    return read_joined(path, clinical, clinical.join, config.data, missing, [], as_written).frame


def _pairs(config: StudyConfig, images: ImagesConfig, table: pd.DataFrame, known: set[str]) -> Images:
    rows = image_rows(table, images, config.data, masks_needed=False)[0]
    rows = rows[rows[c.IMAGE].notna()]
    needed = config.regions == "given"
    pairs = [
        Pair(
            patient=patient,
            image=_relative(str(image), config.data),
            masks=[_relative(mask, config.data) for mask in masks],
            problem=_problem(patient, masks, known, needed),
        )
        for patient, image, masks in zip(rows[c.PATIENT_ID], rows[c.IMAGE], rows[c.MASKS], strict=True)
    ]
    numbers = Counter(pair.problem for pair in pairs)
    with_image = {pair.patient for pair in pairs}
    # those with a problem first: they are what a user looks for
    shown = sorted(pairs, key=lambda pair: not pair.problem)[:MOST_PAIRS]
    return Images(
        count=len(pairs),
        patients=len(with_image & known),
        masks=sum(bool(pair.masks) for pair in pairs),
        pairs=shown,
        unpaired=Unpaired(
            images_without_patient=numbers["no_patient"],
            images_of_unknown_patients=numbers["unknown_patient"],
            images_without_mask=sum(not pair.masks for pair in pairs),
            patients_without_image=len(known - with_image),
        ),
    )


def _problem(patient: str | None, masks: tuple[str, ...], known: set[str], needed: bool) -> str:
    if not patient:
        return "no_patient"
    if patient not in known:
        return "unknown_patient"
    return "no_mask" if needed and not masks else ""


def _relative(path: str, folder: Path) -> str:
    shown = os.path.relpath(path, folder)
    return Path(path if shown.startswith("..") else shown).as_posix()


def _target(config: StudyConfig, frame: pd.DataFrame, owners: pd.Series) -> TargetView:
    view = _declared(config)
    if not len(owners):
        return view
    with suppress(InputError):
        labels = patient_labels(frame.loc[owners.index], owners, config.target, config.clinical.table.name)
        classes = labels.names.dropna().value_counts()
        view = view.model_copy(
            update={
                "classes": [Count(value=name, count=int(classes.get(name, 0))) for name in labels.classes],
                "left_out": counts(labels.reasons[labels.reasons != ""].value_counts(), MOST_LISTED),
                "statuses": [
                    Count(value=f"{row[c.BRANCH]}: {row[c.STATUS]}", count=int(row[c.PATIENTS]))
                    for row in labels.rule_counts.to_dict("records")
                ],
            }
        )
    return view


def _declared(config: StudyConfig) -> TargetView:
    target = config.target
    if isinstance(target, Her2Target):
        named = {"ihc": target.ihc, "ish": target.ish, "ratio": target.ratio, "copies": target.copies}
        columns = {role: name for role, name in (named | {"status": target.status}).items() if name}
        flat = {spelling: meaning for spelling, meaning in target.values.items() if isinstance(meaning, str)}
        values = {role: dict(own) for role, own in target.values.items() if isinstance(own, dict)}
        return TargetView(
            kind="her2",
            rule=target.rule,
            task=target.task,
            columns=columns,
            values=values | ({"": flat} if flat else {}),
        )
    return TargetView(
        kind="column",
        columns={"outcome": target.column},
        positive=_several(target.positive),
        negative=None if target.negative is None else _several(target.negative),
    )


def _several(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)
