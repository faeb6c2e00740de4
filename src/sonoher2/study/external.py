"""`sonoher2 validate`: a frozen model meets a second cohort; nothing is fitted, no threshold is moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.bundle.load import Bundle
from sonoher2.cohort.images.pixel_size import pixel_sizes, unknown_sizes
from sonoher2.cohort.tables.all_errors import raise_errors
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST
from sonoher2.core.errors import Finding, InputError, UsageError
from sonoher2.engine import local_context
from sonoher2.predict.unseen import unseen_categories
from sonoher2.signatures.feature_table import CLINICAL, SITE
from sonoher2.study.analyses.explain import explain_test_set, explainable_patients
from sonoher2.study.analyses.lesion_size import lesion_diameter
from sonoher2.study.analyses.performance import assess, long_predictions
from sonoher2.study.analyses.segmented_lesions import doubtful_lesions, listed_lesions
from sonoher2.study.analyses.shift import domain_table, shift_table
from sonoher2.study.analyses.updating import update_predictions
from sonoher2.study.analyses.with_uncertainty import with_uncertainty
from sonoher2.study.checks.facts import whole_split
from sonoher2.study.checks.run import check_facts, with_checks
from sonoher2.study.checks.sites import unharmonised_sites
from sonoher2.study.ledger import bundle_key, enter, new_entry
from sonoher2.study.manifest import now, run_record
from sonoher2.study.measure.checked import Checked, checked_cohort
from sonoher2.study.measure.prepare import Stopwatch, measure_cohort
from sonoher2.study.measure.trained_on import network_hashes
from sonoher2.study.pipeline import patient_table
from sonoher2.study.results import (
    About,
    CheckResult,
    CohortResult,
    ExternalResult,
    ModelResult,
    Performance,
    StudyResult,
    write_result,
)
from sonoher2.study.saved import save_result


def validate_bundle(
    bundle: Bundle, study: StudyConfig, out: Path, jobs: int | None = None, recalibrate: float | None = None
) -> StudyResult:
    """Score every patient of a second cohort with a frozen model and evaluate at its frozen thresholds.

    Parameters
    ----------
    bundle
        The frozen model.
    study
        The second cohort: its tables, target and clinical columns. Images are read and measured as the bundle says.
    out
        Folder for everything that the validation writes.
    jobs
        Processes; all processors unless told.
    recalibrate
        Also update the probabilities on this share of the cohort and judge the update on the rest. The frozen result
        stays what it is, of all patients.

    Raises
    ------
    InputError, FindingsError
        The cohort cannot be used, or its classes or columns are not those of the model.
    """
    started, watch = now(), Stopwatch()
    context = local_context(out / "cache", jobs)
    study = as_the_model_reads(study, bundle)
    if not study.clinical.columns and study.images is None:
        raise InputError("the cohort has none of the model's columns and no images", fix="Declare them")
    if (out / "split.json").exists():
        raise UsageError(f"{out} holds a study", fix="Choose another folder", hint="output")
    with watch.step("cohort"):
        checked = checked_cohort(study, context)
        study = checked.study
        unit_findings = _in_the_models_unit(checked)
        raise_errors(list(checked.cohort.findings))
        if checked.cohort.classes != bundle.schema.classes:
            raise InputError(
                f"the cohort's classes are {', '.join(checked.cohort.classes)}, "
                f"the model's {', '.join(bundle.schema.classes)}",
                where="target",
                fix="Give the second study the same target",
            )
        clinical = checked.cohort.patients[list(checked.cohort.clinical)]
        new_values = unseen_categories(bundle.schema.training, clinical, "clinical.columns.")
        raise_errors(new_values)
    with watch.step("features"):
        measured = measure_cohort(checked.cohort, study, checked.hashes, context, bundle.networks)
    with watch.step("evaluation"):
        given = list(measured.cohort.clinical)
        names = bundle.model.usable(given, study.images is not None)
        if not names:
            raise InputError("the cohort has none of the model's columns and no images", fix="Declare them")
        X = measured.feature_table.copy()
        for key in [key for key in bundle.schema.clinical if key not in given]:
            X[CLINICAL, key] = np.nan if bundle.schema.clinical[key].kind != "category" else None
        if bundle.model.harmoniser_ is not None and "site" in measured.cohort.patients:
            X[SITE, SITE] = measured.cohort.patients["site"].astype(object)
        labels = measured.cohort.patients["label"]
        probabilities = bundle.model.predict_proba(X, names)
        predictions = long_predictions(probabilities, labels, bundle.schema.classes, TEST)
        thresholds = frozen_thresholds(bundle, names)
        patients = patient_table(measured, np.full(len(labels), TEST, dtype=object))
        patients = patients.join(lesion_diameter(measured, checked.records, checked.study.radiomics.unit))
        tables = assess(predictions, thresholds, patients, study, context)
        model = bundle_key(bundle.schema, given, study.images is not None, recalibrate)
        entry = new_entry(study, measured.cohort, list(labels.index), checked.hashes, model)
        ledger = enter(entry, study, out, context.store, now())
    explanations = None
    if bundle.reference is not None:
        with watch.step("explanations"):
            tested = explainable_patients(bundle.model, bundle.sha256, measured, X, probabilities, thresholds)
            explanations = explain_test_set(tested, bundle.reference, bundle.schema.main, context)
    parts = {"bundle": bundle.sha256} | network_hashes(study, checked.outlines)
    record = run_record(study, started, watch.seconds, checked.hashes, parts, ledger.entries)
    columns = {key: column for key, column in bundle.schema.clinical.items() if key in given}
    result = StudyResult(
        about=About(study, "validation", bundle.schema.classes, bundle.schema.main, watch.seconds, record),
        cohort=CohortResult(
            patients,
            measured.cohort.flow,
            measured.cohort.rule_counts,
            measured.cohort.conflicts,
            listed_lesions(checked.outlines),
            doubtful_lesions(checked.outlines),
        ),
        performance=Performance(predictions, thresholds, **tables),
        model=ModelResult(
            nomograms={name: nomogram for name, nomogram in bundle.model.nomograms_.items() if name in names},
            training=bundle.schema.training,
        ),
        external=ExternalResult(
            shift_table(bundle.schema.training, measured, checked.records, columns),
            domain_table(bundle.reference, bundle.model, X, study.seed, study.evaluation.confidence),
        ),
        checks=CheckResult(
            (
                *checked.cohort.findings,
                *unit_findings,
                *measured.findings,
                *ledger.findings,
                *_absent_columns(bundle, given),
                *_new_sites(bundle, measured.cohort.patients),
                *new_values,
            )
        ),
        explanations=explanations,
    )
    result = with_checks(result, check_facts(checked.facts(whole_split(checked.cohort))))
    limits = {name: found for name, found in bundle.schema.uncertainty.items() if name in names}
    result = with_uncertainty(result, limits)
    checked.require_unchanged()
    write_result(result, measured.cohort.images[["patient_id", "image"]], measured.features, out, context.store)
    if recalibrate is not None:
        result = with_update(result, measured.cohort.patients, recalibrate)
    save_result(result, out)
    return result


def with_update(result: StudyResult, patients: pd.DataFrame, share: float) -> StudyResult:
    """Add the probabilities recalibrated on a share of the cohort; a warning when it holds too few patients for that.

    Parameters
    ----------
    result
        Of the frozen model.
    patients
        As `Cohort.patients`.
    share
        In (0, 1).
    """
    try:
        confidence = result.about.config.evaluation.confidence
        updated = update_predictions(
            result.performance.predictions, patients, share, result.about.config.seed, confidence
        )
    except InputError as error:
        finding = Finding("warning", f"no recalibration: {error}".rstrip("."), "recalibration")
        return replace(result, checks=replace(result.checks, findings=(*result.checks.findings, finding)))
    return replace(result, external=replace(result.external, updated=updated))


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
    return study.model_copy(
        update={
            "images": images,
            "enhance": schema.reading.enhance if schema.reading else "none",
            "radiomics": schema.radiomics or study.radiomics,
            "deep": schema.deep,
            "clinical": study.clinical.model_copy(update={"columns": columns}),
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
    sizes = pixel_sizes(checked.cohort.images["image"], checked.records)
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
    reading = {"column": own.column or key, "several": own.several, "contains": own.contains, "missing": own.missing}
    return trained.model_copy(update=reading)


def frozen_thresholds(bundle: Bundle, names: list[str]) -> pd.DataFrame:
    """Thresholds that the bundle carries: `signature, outcome, threshold, rule`."""
    return pd.DataFrame(
        [
            {"signature": name, "outcome": outcome, "threshold": threshold, "rule": bundle.schema.threshold_rule}
            for name in names
            for outcome, threshold in bundle.schema.thresholds[name].items()
        ]
    )


def _new_sites(bundle: Bundle, patients: pd.DataFrame) -> list[Finding]:
    """Say whose features are left as they are, because harmonising did not learn their site."""
    harmoniser = bundle.model.harmoniser_
    if harmoniser is None:
        return []
    sites = patients["site"] if "site" in patients else pd.Series(None, index=patients.index, dtype=object)
    told = unharmonised_sites(sites, [str(site) for site in harmoniser.sites_])
    fix = f"Read their features as measured at {harmoniser.reference}"
    return [Finding("warning", what, "images.site", fix) for what in told]


def _absent_columns(bundle: Bundle, given: list[str]) -> list[Finding]:
    absent = [key for key in bundle.schema.clinical if key not in given]
    if not absent:
        return []
    what = f"the cohort lacks {', '.join(absent)}; every patient counts as the training median there"
    return [Finding("warning", what, "clinical.columns", "Declare these columns if the cohort has them")]
