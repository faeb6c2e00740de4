"""From a study file to a cohort: who the patients are, what is known of them, and who is left out and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sonoher2.cohort.images.table import COLUMNS, image_rows
from sonoher2.cohort.labels import Labels, patient_labels
from sonoher2.cohort.patients.clinical import clinical_values
from sonoher2.cohort.patients.cohort import Cohort, FlowStep
from sonoher2.cohort.patients.groups import joined_groups
from sonoher2.cohort.patients.identity import alias_findings, alias_pairs
from sonoher2.cohort.patients.patient_rows import damaged_ids, without_summaries, would_match
from sonoher2.cohort.split import SPLIT_BY, split_values
from sonoher2.cohort.tables import columns as c
from sonoher2.cohort.tables.all_errors import collected, raise_errors
from sonoher2.cohort.tables.table import keep_rows, none_if_missing, place, read_joined, resolve
from sonoher2.config.clinical import ClinicalConfig
from sonoher2.config.images import ImagesConfig
from sonoher2.config.split import GivenSplit, RandomSplit, SiteSplit
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import ColumnTarget, Her2Target
from sonoher2.core.errors import Finding, InputError


@dataclass(frozen=True)
class _Table:
    """A table of a study and the patient of each row.

    Attributes
    ----------
    frame
        Rows that `where` keeps.
    patient_ids
        (rows,) of str.
    everyone
        All patients of the table, also those that `where` leaves out, sorted.
    name
        Of the table, for messages.
    """

    frame: pd.DataFrame
    patient_ids: pd.Series
    everyone: list[str]
    name: str


def load_cohort(config: StudyConfig) -> Cohort:
    """Read a study's tables into a cohort that satisfies the data contract.

    Parameters
    ----------
    config
        The study, its `data` folder absolute.

    Returns
    -------
    The cohort; patients whose identifiers mean one person are in one group (`cohort.identity`). Those who share a
    picture follow in `image_findings`.

    Raises
    ------
    FindingsError
        Something in the tables is wrong; all of it is listed at once.
    """
    findings: list[Finding] = []
    clinical, image_table = _read(config, findings)
    images = _images(config, clinical, image_table, findings)
    labels = _labels(config, clinical, findings)
    where = clinical.name
    values, problems = clinical_values(clinical.frame, clinical.patient_ids, config.clinical.columns, where)
    findings += problems
    extra = _extra_columns(config, clinical, image_table, images, findings)
    raise_errors(findings)
    kept, images, flow = _flow(_reasons(clinical, labels, config), images, config)
    codes = labels.names.loc[kept].map({name: code for code, name in enumerate(labels.classes)}).astype(np.int64)
    patients = pd.DataFrame({c.LABEL: codes}, index=pd.Index(kept, name=c.PATIENT_ID))
    patients.insert(1, c.GROUP, joined_groups(kept, alias_pairs(kept)))
    findings += alias_findings(patients)
    patients = patients.join(values).join(extra)
    objects = [name for name in patients.columns if patients[name].dtype == object]
    return Cohort(
        patients=patients.assign(**{name: none_if_missing(patients[name]) for name in objects}),
        images=images,
        classes=labels.classes,
        clinical=config.clinical.columns,
        flow=flow,
        # one table may serve for images and clinical data, and is warned of once
        findings=tuple(dict.fromkeys(findings)),
        rule_counts=labels.rule_counts,
        conflicts=labels.conflicts,
    )


def with_groups(cohort: Cohort, groups: pd.Series) -> Cohort:
    """Put patients who share a picture or an identifier into one group.

    Parameters
    ----------
    cohort
        As from `load_cohort`.
    groups
        (patients,) int, index `patient_id`, as from `image_findings`.
    """
    group = groups.reindex(cohort.patients.index).astype(np.int64)
    return replace(cohort, patients=cohort.patients.assign(**{c.GROUP: group}))


def _read(config: StudyConfig, findings: list[Finding]) -> tuple[_Table, _Table | None]:
    """Read both tables; without them nothing more can be said."""
    clinical = image_table = None
    with collected(findings):
        clinical = _read_one(config.clinical, config, findings)
    if config.images is not None:
        with collected(findings):
            image_table = _read_one(config.images, config, findings)
    raise_errors(findings)
    if clinical is None:
        raise RuntimeError("the clinical table is missing and no error says why")
    return clinical, image_table


def _read_one(part: ClinicalConfig | ImagesConfig, config: StudyConfig, findings: list[Finding]) -> _Table:
    missing, as_written = list[str](), list[str]()
    if isinstance(part, ClinicalConfig):
        missing = part.missing
        # whoever reads these columns knows what a dash or `none` means there
        as_written = [declared.column or key for key, declared in part.columns.items()]
        as_written += config.target.columns if isinstance(config.target, Her2Target) else ()
    table, named = config.path(part.table), _named(part, config)
    read = read_joined(table, part, part.join, config.data, missing, [], as_written, named)
    where = read.where
    findings += read.findings
    patient_ids = resolve(read.frame, part.patient_id, where)
    whole, left_out = without_summaries(read.frame, patient_ids, where)
    findings += left_out
    patient_ids = patient_ids.loc[whole.index]
    without = patient_ids.index[patient_ids.isna()]
    if len(without):
        raise InputError("a row without a patient", where=place(where, without), fix="Fill in the patient or remove it")
    findings += damaged_ids(patient_ids, where)
    kept = keep_rows(whole, part.where, where)
    return _Table(kept, patient_ids.loc[kept.index], sorted(patient_ids.unique()), where)


def _images(config: StudyConfig, clinical: _Table, image_table: _Table | None, findings: list[Finding]) -> pd.DataFrame:
    if config.images is None or image_table is None:
        return pd.DataFrame(columns=list(COLUMNS), dtype=object).astype(
            {c.FRAME: np.float64, c.MM_PER_PIXEL: np.float64}
        )
    masks_needed = config.regions == "given"
    images, problems = image_rows(
        image_table.frame, config.images, config.data, masks_needed=masks_needed, where=image_table.name
    )
    findings += problems
    findings += _strangers(image_table, clinical, config)
    return images


def _labels(config: StudyConfig, clinical: _Table, findings: list[Finding]) -> Labels:
    """Label the patients; after an error that `findings` lists, nobody has a label."""
    nobody = pd.Series(dtype=object)
    labels = Labels((), nobody, nobody, [])
    with collected(findings):
        labels = patient_labels(clinical.frame, clinical.patient_ids, config.target, clinical.name)
        findings += labels.findings
    return labels


def _named(part: ClinicalConfig | ImagesConfig, config: StudyConfig) -> dict[str, list[str]]:
    """Values by column that the study file names: in their column they are values even where they look missing.

    Levels of clinical columns are not among them, since these columns are read as they are written.
    """
    named = {name: list(values) for name, values in part.where.items()}
    if isinstance(config.split, SiteSplit | GivenSplit):
        named.setdefault(config.split.column, []).extend(config.split.test)
    if isinstance(config.target, ColumnTarget):
        for given in (config.target.positive, config.target.negative or []):
            named.setdefault(config.target.column, []).extend([given] if isinstance(given, str) else given)
    return named


def _strangers(image_table: _Table, clinical: _Table, config: StudyConfig) -> list[Finding]:
    known = set(clinical.everyone)
    strangers = [patient for patient in image_table.everyone if patient not in known]
    if not strangers:
        return []
    where = image_table.name
    hint = would_match(strangers, clinical.everyone)
    examples = f"such as {', '.join(strangers[:3])}"
    if len(strangers) == len(image_table.everyone):
        what = f"none of its patients ({examples}) is in {config.clinical.table.name}"
        fix = f"Write patients alike in both tables; there they are such as {', '.join(clinical.everyone[:3])}"
        what = f"{what}; {hint}" if hint else what
        return [Finding("error", what, where, fix)]
    what = f"{len(strangers)} patients ({examples}) are not in {config.clinical.table.name}"
    if hint:
        return [Finding("warning", f"{what}; {hint}", where, "Write them alike in both tables, or they are left out")]
    return [Finding("warning", what, where, "Their images are left out")]


def _extra_columns(
    config: StudyConfig,
    clinical: _Table,
    image_table: _Table | None,
    images: pd.DataFrame,
    findings: list[Finding],
) -> pd.DataFrame:
    """Site, scanner and date of each patient where the images table has them, and what the split needs."""
    extra = {}
    if config.images and config.images.site is not None:
        extra[c.SITE] = images.groupby(c.PATIENT_ID)[c.SITE].first()
    if config.images and config.images.scanner is not None:
        extra[c.SCANNER] = images.groupby(c.PATIENT_ID)[c.SCANNER].first()
    if config.images and config.images.date is not None:
        extra[c.DATE] = images.dropna(subset=c.DATE).groupby(c.PATIENT_ID)[c.DATE].min()
    if not isinstance(config.split, RandomSplit):
        tables = [(clinical.frame, clinical.patient_ids, config.clinical.table.name)]
        if config.images is not None and image_table is not None:
            own = images[[name for name in (c.SITE, c.DATE) if images[name].notna().any()]]
            tables.append((image_table.frame, image_table.patient_ids, config.images.table.name))
            tables.append((own, image_table.patient_ids, config.images.table.name))
        with collected(findings):
            extra[SPLIT_BY] = split_values(config.split, tables)
            if config.split.kind != "given":
                # without another one in the images table, it is also the site or date of all that asks for one
                extra.setdefault(config.split.kind, extra[SPLIT_BY])
    return pd.DataFrame(extra, dtype=object)


def _reasons(clinical: _Table, labels: Labels, config: StudyConfig) -> pd.Series:
    """Why each patient of the clinical table is left out; "" for those who stay."""
    conditions = [f"{name} is not {' or '.join(values)}" for name, values in config.clinical.where.items()]
    outside = "; ".join(conditions) or "outside the study"
    return labels.reasons.reindex(clinical.everyone).fillna(outside)


def _flow(
    reasons: pd.Series, images: pd.DataFrame, config: StudyConfig
) -> tuple[list[str], pd.DataFrame, tuple[FlowStep, ...]]:
    """Leave out patients reason by reason, the commonest first; then those without an image or a mask."""
    staying = list(reasons.index)
    images = images[images[c.PATIENT_ID].isin(staying) & images[c.IMAGE].notna()]
    steps = [FlowStep("", 0, len(staying), len(images))]

    def leave_out(reason: str, gone: Iterable[str]) -> None:
        nonlocal staying, images
        lost = set(gone)
        staying = [patient for patient in staying if patient not in lost]
        images = images[images[c.PATIENT_ID].isin(staying)]
        if lost:
            steps.append(FlowStep(reason, len(lost), len(staying), len(images)))

    for reason in _commonest_first(reasons[reasons != ""]):
        leave_out(reason, reasons.index[reasons == reason])
    if config.images is not None:
        leave_out("no image", set(staying) - set(images[c.PATIENT_ID]))
        if config.regions == "given":
            images = images[images[c.MASKS].map(len) > 0]
            leave_out("no mask", set(staying) - set(images[c.PATIENT_ID]))
    steps.append(FlowStep("", 0, len(staying), len(images)))
    return staying, images.reset_index(drop=True), tuple(steps)


def _commonest_first(reasons: pd.Series) -> list[str]:
    counts = reasons.value_counts()
    return sorted(counts.index, key=lambda reason: (-int(counts[reason]), str(reason)))
