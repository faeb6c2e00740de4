"""A whole study: from the study file to the tables of the report and the frozen model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.bundle.model_bytes import dump_networks
from sonoher2.bundle.reference import Reference, dump_reference
from sonoher2.bundle.save import save_bundle
from sonoher2.bundle.schema import schema_of
from sonoher2.cohort.split import draw_or_reload
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST, TRAIN, TRAIN_OOF
from sonoher2.core.errors import Finding
from sonoher2.core.table_files import write_table
from sonoher2.core.version import __version__
from sonoher2.engine import ExecutionContext, local_context
from sonoher2.selection.lasso import LassoPath
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.signatures.feature_table import RADIOMICS
from sonoher2.signatures.registry import RADIOMICS_SIGNATURE, build_signatures
from sonoher2.study.analyses.ablation import reading_ablation
from sonoher2.study.analyses.explain import explain_test_set, explainable_patients, study_reference
from sonoher2.study.analyses.harmonisation import harmonisation_effect
from sonoher2.study.analyses.lesion_size import lesion_diameter
from sonoher2.study.analyses.performance import assess, learn_thresholds, main_signature
from sonoher2.study.analyses.segmented_lesions import doubtful_lesions, listed_lesions
from sonoher2.study.analyses.shift import training_summary
from sonoher2.study.analyses.stability import feature_stability, redrawn_results
from sonoher2.study.analyses.with_uncertainty import with_uncertainty
from sonoher2.study.audits import load_audits
from sonoher2.study.checks.folds import FoldRecord
from sonoher2.study.checks.run import check_facts, with_checks
from sonoher2.study.fit.signatures import Fitted, fit_signatures
from sonoher2.study.fit.tuned import with_tuned_networks
from sonoher2.study.ledger import Ledger, enter, new_entry, settings_key
from sonoher2.study.manifest import now, run_record
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.measured import Measured
from sonoher2.study.measure.prepare import Stopwatch, measure_cohort
from sonoher2.study.measure.segmented import write_outlines
from sonoher2.study.measure.trained_on import network_hashes
from sonoher2.study.results import (
    About,
    CheckResult,
    CohortResult,
    ModelResult,
    Performance,
    Robustness,
    StudyResult,
    write_result,
)
from sonoher2.study.saved import save_result
from sonoher2.study.scoring import score_patients, training_set

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder


def run_study(study: StudyConfig, out: Path, jobs: int | None = None) -> StudyResult:
    """Run a study; whatever is finished already is taken from `out/cache`.

    Parameters
    ----------
    study
        The study.
    out
        Folder for everything that the run writes.
    jobs
        Processes; all processors unless told.

    Returns
    -------
    The tables of the report; written to `out` too, with the frozen model.

    Raises
    ------
    InputError, FindingsError
        The study cannot be run as it is.
    """
    started, watch = now(), Stopwatch()
    context = local_context(out / "cache", jobs)
    with watch.step("cohort"):
        checked = checked_cohort(study, context)
        study = checked.study
        split = draw_or_reload(checked.cohort, study, out / "split.json")
        report = checked.report(split)
        report.raise_errors()
        cohort_checks = check_facts(checked.facts(split))
    with watch.step("features"):
        measured = measure_cohort(checked.cohort, study, checked.hashes, context, study_networks(study))
    in_training = (split.sets.loc[measured.feature_table.index] == TRAIN).to_numpy()
    with watch.step("networks"):
        measured = with_tuned_networks(measured, in_training, study, context)
    signatures = build_signatures(study, measured.cohort.clinical, RADIOMICS in measured.feature_table.columns)
    with watch.step("models"):
        fitted = fit_signatures(signatures, training_set(measured, in_training), study, context)
    with watch.step("evaluation"):
        predictions = score_patients(measured, fitted, in_training)
        thresholds = learn_thresholds(predictions[predictions["set"] == TRAIN_OOF], study.evaluation)
        ledger = _open_test_set(measured, in_training, study, checked.hashes, context, out)
        patients = patient_table(measured, np.where(in_training, TRAIN_OOF, TEST))
        patients = patients.join(lesion_diameter(measured, checked.records, study.radiomics.unit))
        tables = assess(predictions, thresholds, patients, study, context)
    with watch.step("harmonisation"):
        site_effects, harmonised = harmonisation_effect(
            measured, in_training, fitted.model, predictions, thresholds, study, context
        )
    with watch.step("stability"):
        feature_icc = feature_stability(measured, in_training, study, checked.hashes, context)
        perturbed = redrawn_results(measured, in_training, fitted.model, thresholds, study, checked.hashes, context)
        ablation = reading_ablation(measured, in_training, fitted.model, thresholds, study, context)
    main = main_signature(tables["signatures"])
    with watch.step("explanations"):
        reference, cases = study_reference(measured, in_training, fitted)
        X = measured.feature_table[~in_training]
        scored = fitted.model.predict_proba(X)
        tested = explainable_patients(fitted.model, fitted.sha256, measured, X, scored, thresholds)
        explanations = explain_test_set(tested, reference, main, context)
    selection = radiomics_selection(fitted)
    parts = {"split": split.sha256, "model": fitted.sha256} | network_hashes(study, checked.outlines)
    record = run_record(study, started, watch.seconds, checked.hashes, parts, ledger.entries)
    result = StudyResult(
        about=About(study, "study", measured.cohort.classes, main, watch.seconds, record),
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
            candidates=fitted.model.candidates_,
            selection=selection.log_ if selection else pd.DataFrame(columns=["step", "features_in", "features_out"]),
            lasso=selection.lasso_path_ if selection else None,
            coefficients=lasso_coefficients(selection.lasso_path_ if selection else None),
            heatmap=_selected(selection, fitted.model.harmonised(measured.feature_table)),
            nomograms=fitted.model.nomograms_,
            training=training_summary(
                measured, checked.records, measured.feature_table.index[in_training], selected_names(selection)
            ),
        ),
        robustness=Robustness(feature_icc, perturbed, ablation, site_effects, harmonised),
        checks=CheckResult((*report.findings, *measured.findings, *ledger.findings, *_fallback_findings(selection))),
        explanations=explanations,
        audits=load_audits(predictions, out),
    )
    result = with_checks(result, cohort_checks, fold_record(fitted, measured, in_training))
    result = with_uncertainty(result)
    checked.require_unchanged()
    write_result(result, measured.cohort.images[["patient_id", "image"]], measured.features, out, context.store)
    write_outlines(checked.outlines, out)
    write_table(out / "reference_key.csv", cases)
    freeze(result, fitted, measured.networks, reference, out / "bundle")
    save_result(result, out)
    return result


def patient_table(measured: Measured, subset: NDArray[Any]) -> pd.DataFrame:
    """List the patients with set, class, count of images and clinical columns."""
    patients = measured.cohort.patients
    names = np.asarray(measured.cohort.classes, dtype=object)[patients["label"].to_numpy()]
    counts = measured.cohort.images["patient_id"].value_counts()
    first = pd.DataFrame(
        {"set": subset, "label": names, "images": counts.reindex(patients.index, fill_value=0)}, index=patients.index
    )
    return first.join(patients.drop(columns=["label", "group"]))


def _open_test_set(
    measured: Measured,
    in_training: NDArray[np.bool_],
    study: StudyConfig,
    hashes: Mapping[str, str],
    context: ExecutionContext,
    out: Path,
) -> Ledger:
    """Enter the opening of the test set before anybody sees a figure of it."""
    names = measured.feature_table.index
    model = settings_key(study, measured.cohort, list(names[in_training]), hashes)
    entry = new_entry(study, measured.cohort, list(names[~in_training]), hashes, model)
    return enter(entry, study, out, context.store, now())


def radiomics_selection(fitted: Fitted) -> SelectionPipeline | None:
    """Find the selection that was fitted on all training patients; None without images."""
    radiomics = fitted.model.fitted_.get(RADIOMICS_SIGNATURE)
    return None if radiomics is None else radiomics.final_selection


def fold_record(fitted: Fitted, measured: Measured, in_training: NDArray[np.bool_]) -> FoldRecord:
    """Lay the out-of-fold scores beside those of the final model, which has seen the training patients."""
    groups = measured.cohort.patients["group"].to_numpy(np.int64)[in_training]
    return FoldRecord(fitted.folds, groups, fitted.oof, fitted.model.predict_proba(measured.feature_table[in_training]))


def selected_names(selection: SelectionPipeline | None) -> list[str]:
    """Names of the selected features; none without images."""
    return [] if selection is None else list(map(str, selection.get_feature_names_out()))


def _selected(selection: SelectionPipeline | None, feature_table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame() if selection is None else pd.DataFrame(selection.transform(feature_table[RADIOMICS]))


def lasso_coefficients(path: LassoPath | None) -> pd.DataFrame:
    """List the features that the LASSO kept, by the size of their coefficients: `feature, coefficient`."""
    if path is None:
        return pd.DataFrame(columns=["feature", "coefficient"])
    table = pd.DataFrame({"feature": path.features, "coefficient": path.coefficients[:, path.chosen]})
    table = table[table["coefficient"] != 0]
    return table.sort_values("coefficient", key=abs, ascending=False, kind="stable", ignore_index=True)


def _fallback_findings(selection: SelectionPipeline | None) -> list[Finding]:
    if selection is None:
        return []
    return [
        Finding(
            "warning",
            f"no feature passed the step '{step}' on the training patients; the best ones were kept",
            "selection",
            "Expect little of the radiomics signature",
        )
        for step in selection.log_.loc[selection.log_["fallback"], "step"]
    ]


def study_networks(study: StudyConfig) -> tuple[FrozenEncoder, ...]:
    """Fetch the networks of a study that may describe any patient: the frozen ones.

    None when they are to be fine-tuned; their weights are fetched all the same, so that a lack of them shows at once.

    Raises
    ------
    InputError
        No such network, or its weights cannot be had.
    """
    if study.images is None or study.deep is None:
        return ()
    # networks are slow to import, and most commands need none
    from sonoher2.deep.lesion import frozen_networks

    networks = frozen_networks(study.deep)
    return networks if study.deep.training == "frozen" else ()


def freeze(
    result: StudyResult, fitted: Fitted, networks: tuple[FrozenEncoder, ...], reference: Reference, folder: Path
) -> None:
    """Write the bundle of a finished study."""
    thresholds: dict[str, dict[str, float]] = {}
    for row in result.performance.thresholds.to_dict("records"):
        thresholds.setdefault(row["signature"], {})[row["outcome"]] = float(row["threshold"])
    trained = result.cohort.patients.loc[result.cohort.patients["set"] == TRAIN_OOF, "label"].value_counts()
    schema = schema_of(
        result.about.config,
        version=__version__,
        classes=result.about.classes,
        signatures=tuple(thresholds),
        main=result.about.main,
        thresholds=thresholds,
        threshold_rule=str(result.performance.thresholds["rule"].iloc[0]),
        training_patients={name: int(trained.get(name, 0)) for name in result.about.classes},
    ).model_copy(update={"uncertainty": result.uncertainty.learned, "training": result.model.training})
    network = dump_networks(networks) if networks else None
    save_bundle(folder, fitted.data, schema, network, dump_reference(reference))
