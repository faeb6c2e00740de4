"""Answering the questions, explaining the model, and putting everything together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sonoher2.core.errors import Finding, InputError
from sonoher2.selection.lasso import LassoPath
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.signatures.feature_table import RADIOMICS
from sonoher2.signatures.registry import RADIOMICS_SIGNATURE
from sonoher2.signatures.set import SignatureSet
from sonoher2.study.analyses.performance.signatures import main_signature
from sonoher2.study.analyses.performance.updating import update_predictions
from sonoher2.study.analyses.robustness.shift import training_summary
from sonoher2.study.checks.finished import FoldRecord
from sonoher2.study.checks.run import with_checks
from sonoher2.study.explain.explain import explain_test_set, explainable_patients, study_reference
from sonoher2.study.explain.segmented_lesions import doubtful_lesions, listed_lesions
from sonoher2.study.measure.trained_on import network_hashes
from sonoher2.study.results import columns as c
from sonoher2.study.results.audits import load_audits
from sonoher2.study.results.manifest import RunRecord, described_networks, run_record
from sonoher2.study.results.parts import (
    About,
    CheckResult,
    CohortResult,
    ExternalResult,
    ModelResult,
    Performance,
    Robustness,
    StudyResult,
    UncertaintyResult,
)
from sonoher2.study.steps.analyses import analyse
from sonoher2.study.steps.state import RunState
from sonoher2.study.steps.tables import check_tables


def answer(state: RunState) -> None:
    """Answer every question that applies; the training patients alone say which signature is the main one."""
    state.tables = analyse(state.scored)
    if state.bundle is not None:
        state.main = state.bundle.schema.main
    else:
        state.main = main_signature(state.tables["performance"]["signatures"])


def explain(state: RunState) -> None:
    """Say what the signatures rest on in the test patients; a bundle without its training cases cannot."""
    measured, scored = state.measured, state.scored
    if state.bundle is None:
        state.reference, state.cases = study_reference(measured, state.in_training, state.fitted)
        reference, sha256 = state.reference, state.fitted.sha256
    elif state.bundle.reference is None:
        return
    else:
        reference, sha256 = state.bundle.reference, state.bundle.sha256
    tested = explainable_patients(scored.model, sha256, measured, scored.X, scored.probabilities, scored.thresholds)
    state.explanations = explain_test_set(tested, reference, state.main, state.context)


def conclude(state: RunState) -> None:
    """Put everything that was found together, and judge it by the coded checks."""
    scored, cohort, tables = state.scored, state.measured.cohort, state.tables
    kind = "study" if state.bundle is None else "validation"
    model = _fitted_model(state) if state.bundle is None else _frozen_model(state)
    segmented = state.checked.segmented
    result = StudyResult(
        about=About(
            state.study,
            kind,
            cohort.classes,
            state.main,
            dict(state.watch.seconds),
            _record(state),
            () if state.bundle is None else tuple(state.bundle.model.names),
        ),
        cohort=CohortResult(
            patients=scored.patients,
            flow=cohort.flow,
            rule_counts=cohort.rule_counts,
            conflicts=cohort.conflicts,
            segmented=listed_lesions(segmented),
            doubtful=doubtful_lesions(segmented),
        ),
        performance=Performance(scored.predictions, scored.thresholds, **tables["performance"]),
        model=model,
        uncertainty=UncertaintyResult(dict(scored.learned), **tables["uncertainty"]),
        robustness=Robustness(**tables["robustness"]),
        external=ExternalResult(updated=None, **tables["external"]),
        checks=CheckResult(tuple(state.findings)),
        explanations=state.explanations,
        audits=load_audits(scored.predictions, state.out),
        extra=tables["extra"],
    )
    state.result = with_checks(result, state.cohort_checks, _fold_record(state))
    check_tables(state.result)


def update(state: RunState) -> None:
    """Update the probabilities of a validation, where that is asked for."""
    if state.recalibrate is not None:
        state.result = with_update(state.result, state.measured.cohort.patients, state.recalibrate)


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


def _record(state: RunState) -> RunRecord:
    own = {"split": state.split.sha256, "model": state.fitted.sha256} if state.bundle is None else {}
    parts = own or {"bundle": state.model_bundle.sha256}
    checked, networks = state.checked, state.checked.networks
    parts |= network_hashes(state.study, checked.segmented, networks)
    entries = state.ledger.entries
    record = run_record(state.study, state.started, dict(state.watch.seconds), checked.hashes, parts, entries)
    if networks.own:
        record["networks"] = described_networks(networks)
    return record


def _fitted_model(state: RunState) -> ModelResult:
    measured, fitted = state.measured, state.fitted
    radiomics = fitted.model.fitted_.get(RADIOMICS_SIGNATURE)
    selection = None if radiomics is None else radiomics.final_selection
    state.findings += _fallback_findings(selection)
    names = [] if selection is None else list(map(str, selection.get_feature_names_out()))
    trained = measured.feature_table.index[state.in_training]
    none = pd.DataFrame(columns=[c.STEP, c.FEATURES_IN, c.FEATURES_OUT])
    return ModelResult(
        candidates=fitted.model.candidates_,
        selection=none if selection is None else selection.log_,
        lasso=None if selection is None else selection.lasso_path_,
        coefficients=lasso_coefficients(None if selection is None else selection.lasso_path_),
        heatmap=_selected(selection, fitted.model.harmonised(measured.feature_table)),
        nomograms=fitted.model.nomograms_,
        training=training_summary(measured, state.checked.records, trained, names),
        reference_site=_reference_site(fitted.model),
    )


def _frozen_model(state: RunState) -> ModelResult:
    bundle, names = state.model_bundle, state.scored.probabilities
    nomograms = {name: nomogram for name, nomogram in bundle.model.nomograms_.items() if name in names}
    reference = _reference_site(bundle.model)
    return ModelResult(nomograms=nomograms, training=bundle.schema.training, reference_site=reference)


def _reference_site(model: SignatureSet) -> str:
    return "" if model.harmoniser_ is None else str(model.harmoniser_.reference)


def _fold_record(state: RunState) -> FoldRecord | None:
    """Lay out-of-fold scores beside those of the final model, which has seen the patients; None in a validation."""
    if state.bundle is not None:
        return None
    fitted, rows = state.fitted, state.in_training
    groups = state.measured.cohort.patients[c.GROUP].to_numpy(np.int64)[rows]
    seen = fitted.model.predict_proba(state.measured.feature_table[rows])
    return FoldRecord(fitted.folds, groups, fitted.oof, seen)


def _selected(selection: SelectionPipeline | None, feature_table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame() if selection is None else pd.DataFrame(selection.transform(feature_table[RADIOMICS]))


def lasso_coefficients(path: LassoPath | None) -> pd.DataFrame:
    """List the features that the LASSO kept, by the size of their coefficients: `feature, coefficient`."""
    if path is None:
        return pd.DataFrame(columns=[c.FEATURE, c.COEFFICIENT])
    table = pd.DataFrame({c.FEATURE: path.features, c.COEFFICIENT: path.coefficients[:, path.chosen]})
    table = table[table[c.COEFFICIENT] != 0]
    return table.sort_values(c.COEFFICIENT, key=abs, ascending=False, kind="stable", ignore_index=True)


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
        for step in selection.log_.loc[selection.log_[c.FALLBACK], c.STEP]
    ]
