"""What a study file means for its tables: pairs of images and rows, columns, classes."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sonoher2.cohort.images.table import image_rows
from sonoher2.cohort.labels import patient_labels
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.all_errors import collected
from sonoher2.cohort.tables.table import read_joined, resolve
from sonoher2.config.clinical import ClinicalConfig
from sonoher2.config.images import ImagesConfig
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import Her2Target
from sonoher2.core.errors import Finding
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
    with collected(made.findings):
        frame = _table(config, config.clinical, made.findings)
        made.columns += clinical_views(config, frame)
        owners = resolve(frame, config.clinical.patient_id, config.clinical.table.name)
        made.patients = int(owners.nunique())
    made.target = _target(config, frame, owners, made.findings)
    if config.images is not None:
        with collected(made.findings):
            images = _table(config, config.images, made.findings)
            if config.images.table != config.clinical.table:
                made.columns += image_views(config, images)
            made.images = _pairs(config, config.images, images, set(owners.dropna()), made.findings)
    made.findings = list(dict.fromkeys(made.findings))
    return made


def _table(config: StudyConfig, part: ClinicalConfig | ImagesConfig, findings: list[Finding]) -> pd.DataFrame:
    """Read a table of the study, HER2 and clinical columns as they are written."""
    missing, as_written = list[str](), list[str]()
    if isinstance(part, ClinicalConfig):
        missing = part.missing
        as_written = [declared.column or key for key, declared in part.columns.items()]
        as_written += config.target.columns if isinstance(config.target, Her2Target) else ()
    read = read_joined(config.path(part.table), part, part.join, config.data, missing, [], as_written)
    findings += read.findings
    return read.frame


def _pairs(
    config: StudyConfig, images: ImagesConfig, table: pd.DataFrame, known: set[str], findings: list[Finding]
) -> Images:
    rows, problems = image_rows(table, images, config.data, masks_needed=False)
    findings += problems
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


def _target(config: StudyConfig, frame: pd.DataFrame, owners: pd.Series, findings: list[Finding]) -> TargetView:
    view = _declared(config)
    if frame.empty:
        return view
    with collected(findings):
        kept = owners.notna()
        labels = patient_labels(frame[kept], owners[kept], config.target, config.clinical.table.name)
        findings += labels.findings
        classes = labels.names.dropna().value_counts()
        view = view.model_copy(
            update={
                "classes": [Count(value=name, count=int(classes.get(name, 0))) for name in labels.classes],
                "left_out": counts(labels.reasons[labels.reasons != ""].value_counts(), MOST_LISTED),
                "statuses": [
                    Count(value=f"{row.branch}: {row.status}", count=int(row.patients))
                    for row in labels.rule_counts.itertuples()
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
            kind="her2", rule=target.rule, task=target.task, columns=columns, values=values | ({"": flat} if flat else {})
        )
    return TargetView(
        kind="column",
        columns={"outcome": target.column},
        positive=_several(target.positive),
        negative=None if target.negative is None else _several(target.negative),
    )


def _several(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)
