"""Reading a second cohort as a frozen model reads."""

from __future__ import annotations

import pandas as pd

from sonoher2.bundle.load import Bundle
from sonoher2.cohort.images.pixel_size import pixel_sizes, unknown_sizes
from sonoher2.cohort.patients.clinical import NO, YES, read_number
from sonoher2.cohort.tables.all_errors import raise_errors
from sonoher2.cohort.tables.table import plain
from sonoher2.config.base import TIMINGS
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.image_networks import SegmentedRegions
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import ColumnTarget, Her2Target
from sonoher2.core.errors import Finding, InputError, Severity
from sonoher2.core.spelling import plural
from sonoher2.networks.own import ImageNetworks
from sonoher2.predict.unseen import unseen_categories
from sonoher2.study.checks.facts import whole_split
from sonoher2.study.measure.checked import Checked, checked_cohort
from sonoher2.study.measure.own_networks import networks_of_files
from sonoher2.study.results import columns as c
from sonoher2.study.steps.state import RunState


def read_second_cohort(state: RunState) -> None:
    """Read and check the patients of a second cohort; all of them are test patients.

    Raises
    ------
    InputError, FindingsError
        The cohort cannot be used, or its classes or columns are not those of the model.
    """
    bundle = state.model_bundle
    state.networks = second_networks(state.study, bundle)
    later = _later_columns(state.study, bundle)
    state.study = as_the_model_reads(state.study, bundle)
    if not state.study.clinical.columns and state.study.images is None:
        raise InputError("the cohort has none of the model's columns and no images", fix="Declare them")
    state.checked = checked = checked_cohort(state.study, state.context, state.networks)
    state.study = checked.study
    unit_findings = _in_the_models_unit(checked)
    raise_errors(list(checked.cohort.findings))
    _require_classes(checked, bundle)
    told = _other_target(checked.study, bundle)
    raise_errors(told)
    clinical = checked.cohort.patients[list(checked.cohort.clinical)]
    new_values = unseen_categories(bundle.schema.training, clinical, "clinical.columns.")
    raise_errors(new_values)
    not_known = _not_known_to_the_model(clinical, bundle)
    state.split = whole_split(checked.cohort)
    state.findings += [*checked.cohort.findings, *unit_findings, *new_values, *not_known, *told, *later]


def second_networks(study: StudyConfig, bundle: Bundle) -> ImageNetworks:
    """Find what outlines and clears a second cohort: the model's own networks, else what its study file names.

    Raises
    ------
    InputError
        The study asks for training, which a validation does not do.
    """
    own = bundle.image_networks
    if study.trained_networks:
        raise InputError(
            "a validation trains no network",
            where="regions, enhance",
            fix="Write `regions: segment`; a model with a segmenter of its own outlines with that one",
        )
    named = networks_of_files(study)
    return ImageNetworks(own.segmenter or named.segmenter, own.enhancer)


def _require_classes(checked: Checked, bundle: Bundle) -> None:
    own, known = checked.cohort.classes, bundle.schema.classes
    if own != known:
        raise InputError(
            f"the cohort's classes are {', '.join(own)}, the model's {', '.join(known)}",
            where="target",
            fix="Give the second study the same target",
        )


def _later_columns(study: StudyConfig, bundle: Bundle) -> list[Finding]:
    """Tell of clinical columns that are known later than the model was told of theirs."""
    findings = []
    for key, trained in bundle.schema.clinical.items():
        own = study.clinical.columns.get(key)
        if own is not None and TIMINGS.index(own.timing) > TIMINGS.index(trained.timing):
            what = (
                f"the column is known {own.timing}, the model's {trained.timing}: it may tell more than the model saw"
            )
            fix = f"Give the value as it was known {trained.timing}, or leave the column out"
            findings.append(Finding("warning", what, f"clinical.columns.{key}", fix))
    return findings


def _not_known_to_the_model(clinical: pd.DataFrame, bundle: Bundle) -> list[Finding]:
    """Tell of numbers that the model's own table wrote where nothing was known, such as 999, and this one counts."""
    findings = []
    for key, trained in bundle.schema.clinical.items():
        if key not in clinical or trained.kind != "number":
            continue
        codes = {read_number(spelling, trained.unit) for spelling in trained.missing} - {None}
        patients = int(clinical[key].isin(codes).sum())
        if patients:
            what = (
                f"{plural(patients, 'patient')} {'has' if patients == 1 else 'have'} a number that the model's table"
                " wrote where nothing was known, and it counts as a number here"
            )
            fix = "List it in `missing` of the column if it means the same here"
            findings.append(Finding("warning", what, f"clinical.columns.{key}", fix))
    return findings


def _other_target(study: StudyConfig, bundle: Bundle) -> list[Finding]:
    """Tell where the cohort's label follows another rule than the model's, or its values speak for the other class."""
    own, known, found = study.target, bundle.schema.target, list[Finding]()
    if isinstance(own, Her2Target) and isinstance(known, Her2Target):
        if own.rule != known.rule:
            what = f"the cohort's labels follow {own.rule}, the model's {known.rule}"
            found.append(Finding("warning", what, "target.rule", "Use the model's rule if you can"))
    elif isinstance(own, ColumnTarget):
        positive, negative = (_spellings(values) for values in (own.positive, own.negative))
        yes, no = set(map(plain, YES)), set(map(plain, NO))
        if isinstance(known, ColumnTarget):
            yes, no = _spellings(known.positive), _spellings(known.negative)
        if positive & (no - yes) or negative & (yes - no):
            what = "a value that means one class in the model's study means the other class here"
            found.append(Finding("error", what, "target", "Name the values of each class as in the first study"))
        if not isinstance(known, ColumnTarget) or own.column != known.column:
            theirs = (
                f"the column '{known.column}'" if isinstance(known, ColumnTarget) else f"HER2 status by {known.rule}"
            )
            what = f"the model predicts {theirs}, and the cohort's label is the column '{own.column}'"
            severity: Severity = "note" if isinstance(known, ColumnTarget) else "warning"
            found.append(Finding(severity, what, "target", "Make sure that both mean the same"))
    if study.timing != bundle.schema.timing:
        what = f"the model predicts {bundle.schema.timing}, and the cohort is said to be {study.timing}"
        found.append(Finding("warning", what, "timing", "Use the model where it was made for"))
    return found


def _spellings(values: str | list[str] | None) -> set[str]:
    return {plain(value) for value in ([values] if isinstance(values, str) else values or [])}


def as_the_model_reads(study: StudyConfig, bundle: Bundle) -> StudyConfig:
    """Give a study the model's way of reading images, measuring lesions and coding clinical columns.

    Raises
    ------
    InputError
        A clinical column is of another kind than the model's.
    """
    schema = bundle.schema
    images = None
    if study.images is not None and schema.reading is not None and schema.radiomics is not None:
        images = study.images.model_copy(update=schema.reading.model_dump(exclude={"enhance", "mask_label"}))
    columns = {
        key: _as_trained(key, study.clinical.columns[key], trained)
        for key, trained in schema.clinical.items()
        if key in study.clinical.columns
    }
    # clinical columns are kept where the model has them; site comes with the images
    subgroups = [
        name
        for name in study.evaluation.subgroups
        if name in columns or (images is not None and name not in study.clinical.columns)
    ]
    own = isinstance(study.regions, SegmentedRegions) and bundle.image_networks.segmenter is not None
    return study.model_copy(
        update={
            "images": images,
            "regions": "segment" if own else study.regions,
            "enhance": schema.reading.enhance if schema.reading else "none",
            "radiomics": schema.radiomics or study.radiomics,
            "deep": schema.deep,
            # a validation has none
            "ablation": False,
            "clinical": study.clinical.model_copy(update={c.COLUMNS: columns}),
            "evaluation": study.evaluation.model_copy(update={"subgroups": subgroups}),
        }
    )


def _in_the_models_unit(checked: Checked) -> list[Finding]:
    """Say where known pixel sizes are not used, because the model was trained in pixels.

    Raises
    ------
    InputError
        The model measures in mm, and the pixel size of some images is not known.
    """
    sizes = pixel_sizes(checked.cohort.images[c.IMAGE], checked.records)
    missing = unknown_sizes(sizes)
    if checked.study.radiomics.unit == "mm" and missing:
        raise InputError(
            f"the model measures lesions in mm, and {missing}",
            where="images",
            fix="Give `mm_per_pixel` for these images, or leave them out",
        )
    known = sum(size is not None for _, size in sizes)
    if checked.study.radiomics.unit == "mm" or not known:
        return []
    what = f"the model measures lesions in pixels, so the known pixel sizes of {known} images were not used"
    return [Finding("note", what, "images", "A model of images with known pixel sizes would measure in mm")]


def _as_trained(key: str, own: ClinicalColumn, trained: ClinicalColumn) -> ClinicalColumn:
    if own.kind != trained.kind:
        raise InputError(
            f"the column is of kind {own.kind}, the model's of kind {trained.kind}",
            where=f"clinical.columns.{key}",
            fix="Declare it as in the first study, or leave it out",
        )
    if own.unit and trained.unit and own.unit != trained.unit:
        raise InputError(
            f"the column is in {own.unit}, the model's in {trained.unit}",
            where=f"clinical.columns.{key}",
            fix=f"Give the values in {trained.unit}",
        )
    if not _same_scale(own, trained):
        scale = trained.levels or ["no", "yes"]
        raise InputError(
            f"the levels are {', '.join(own.levels)}, the model's {', '.join(scale)}",
            where=f"clinical.columns.{key}",
            fix="Write the values as in the first study, and declare its levels",
        )
    reading = {"column": own.column or key, "several": own.several, "contains": own.contains, "missing": own.missing}
    return trained.model_copy(update=reading)


def _same_scale(own: ClinicalColumn, trained: ClinicalColumn) -> bool:
    """Whether a word means the same in both scales: the model codes it by its own, whatever is declared."""
    levels, known = list(map(plain, own.levels)), list(map(plain, trained.levels))
    if not levels or own.kind not in ("ordered", "yes/no"):
        return True
    if own.kind == "yes/no":
        return levels == known if known else levels[0] in NO and levels[1] in YES
    # a scale may have further levels, but no others in between or in another order
    short, long = sorted((levels, known), key=len)
    return [level for level in long if level in short] == short
