"""Scoring the patients; the opening of the test set is entered before anybody sees a figure of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sonoher2.bundle.load import Bundle
from sonoher2.bundle.reference import image_spaces, model_spaces, training_cases
from sonoher2.cohort.reading.sheet import listed
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.core.errors import Finding, InputError
from sonoher2.core.spelling import FILLED
from sonoher2.signatures.feature_table import CLINICAL, SITE
from sonoher2.study.analyses.analysis import Scored
from sonoher2.study.analyses.performance.lesion_size import lesion_diameter
from sonoher2.study.analyses.performance.uncertainty import learn_uncertainty
from sonoher2.study.checks.sites import unharmonised_sites
from sonoher2.study.fit.scoring import score_models, score_patients
from sonoher2.study.measure.measured import Measured
from sonoher2.study.results import columns as c
from sonoher2.study.results.ledger import bundle_key, enter, new_entry, settings_key
from sonoher2.study.results.manifest import now
from sonoher2.study.results.predictions import learn_thresholds, long_predictions
from sonoher2.study.steps.state import RunState


def score_study(state: RunState) -> None:
    """Score training patients out of fold and test patients by the final model, and learn what is to be frozen."""
    study, measured, fitted = state.study, state.measured, state.fitted
    X = measured.feature_table[~state.in_training]
    predictions = score_patients(measured, fitted, state.in_training)
    training = predictions[predictions[c.SET] == TRAIN_OOF]
    names = measured.feature_table.index
    model = settings_key(study, measured.cohort, list(names[state.in_training]), state.checked.hashes, _files(state))
    _open_test_set(state, model, list(names[~state.in_training]))
    state.scored = Scored(
        study=study,
        measured=measured,
        in_training=state.in_training,
        model=fitted.model,
        X=X,
        probabilities=fitted.model.predict_proba(X),
        predictions=predictions,
        thresholds=learn_thresholds(training, study.evaluation),
        patients=patient_table(state),
        learned=learn_uncertainty(training, measured.cohort.classes, study.evaluation),
        records=state.checked.records,
        hashes=state.checked.hashes,
        context=state.context,
        models=score_models(measured, fitted, state.in_training),
        networks=state.checked.networks,
    )


def _files(state: RunState) -> dict[str, str]:
    """Sha256 of weights that the study file names; those that it trains follow from settings and patients."""
    trained = state.study.trained_networks
    own = state.checked.networks.own
    return {name: network.final.sha256 for name, network in own.items() if name not in trained}


def score_second_cohort(state: RunState) -> None:
    """Score every patient with the frozen model.

    Raises
    ------
    InputError
        The cohort has nothing that the model needs.
    """
    study, measured, bundle = state.study, state.measured, state.model_bundle
    given = list(measured.cohort.clinical)
    names = bundle.model.usable(given, study.images is not None)
    if not names:
        raise InputError("the cohort has none of the model's columns and no images", fix="Declare them")
    X = _as_the_model_sees(measured, bundle)
    labels, schema = measured.cohort.patients[c.LABEL], bundle.schema
    probabilities = bundle.model.predict_proba(X, names)
    model = bundle_key(schema, given, study.images is not None, state.recalibrate)
    _open_test_set(state, model, list(labels.index))
    state.findings += [
        *_absent_columns(bundle, given),
        *_empty_columns(measured),
        *_new_sites(bundle, measured.cohort.patients),
        *_training_patients(bundle, X),
    ]
    state.scored = Scored(
        study=study,
        measured=measured,
        in_training=state.in_training,
        model=bundle.model,
        X=X,
        probabilities=probabilities,
        predictions=long_predictions(probabilities, labels, schema.classes, TEST),
        thresholds=frozen_thresholds(bundle, names),
        patients=patient_table(state),
        learned={name: found for name, found in schema.uncertainty.items() if name in names},
        records=state.checked.records,
        hashes=state.checked.hashes,
        context=state.context,
        networks=state.checked.networks,
        bundle=bundle,
    )


def _open_test_set(state: RunState, model: str, tested: list[str]) -> None:
    made = frozenset(state.checked.segmented[c.MASK].astype(str))
    entry = new_entry(state.study, state.measured.cohort, tested, state.checked.hashes, model, made)
    state.ledger = enter(entry, state.study, state.out, state.context.store, now())
    state.findings += state.ledger.findings


def patient_table(state: RunState) -> pd.DataFrame:
    """List the patients with set, class, count of images, clinical columns and the size of the lesion."""
    cohort = state.measured.cohort
    patients, counts = cohort.patients, cohort.images[c.PATIENT_ID].value_counts()
    names = np.asarray(cohort.classes, dtype=object)[patients[c.LABEL].to_numpy()]
    subset = np.where(state.in_training, TRAIN_OOF, TEST)
    first = pd.DataFrame(
        {c.SET: subset, c.LABEL: names, c.IMAGES: counts.reindex(patients.index, fill_value=0)}, index=patients.index
    )
    size = lesion_diameter(state.measured, state.checked.records, state.study.radiomics.unit)
    return first.join(patients.drop(columns=[c.LABEL, c.GROUP])).join(size)


def _as_the_model_sees(measured: Measured, bundle: Bundle) -> pd.DataFrame:
    """Feature table of a second cohort, with the clinical columns that it lacks as missing."""
    X = measured.feature_table.copy()
    for key in [key for key in bundle.schema.clinical if key not in measured.cohort.clinical]:
        X[CLINICAL, key] = np.nan if bundle.schema.clinical[key].kind != "category" else None
    if bundle.model.harmoniser_ is not None and c.SITE in measured.cohort.patients:
        X[SITE, SITE] = measured.cohort.patients[c.SITE].astype(object)
    return X


def frozen_thresholds(bundle: Bundle, names: list[str]) -> pd.DataFrame:
    """Thresholds that the bundle carries: `signature, outcome, threshold, rule`."""
    return pd.DataFrame(
        [
            {c.SIGNATURE: name, c.OUTCOME: outcome, c.THRESHOLD: threshold, c.RULE: bundle.schema.threshold_rule}
            for name in names
            for outcome, threshold in bundle.schema.thresholds[name].items()
        ]
    )


def _new_sites(bundle: Bundle, patients: pd.DataFrame) -> list[Finding]:
    """Say whose features are left as they are, because harmonising did not learn their site."""
    harmoniser = bundle.model.harmoniser_
    if harmoniser is None:
        return []
    sites = patients[c.SITE] if c.SITE in patients else pd.Series(None, index=patients.index, dtype=object)
    told = unharmonised_sites(sites, [str(site) for site in harmoniser.sites_])
    fix = f"Read their features as measured at {harmoniser.reference}"
    return [Finding("warning", what, "images.site", fix) for what in told]


def _training_patients(bundle: Bundle, X: pd.DataFrame) -> list[Finding]:
    """Find patients whose images measure as those of a training patient do, to the last digit that is kept."""
    if bundle.reference is None:
        return []
    spaces = image_spaces(bundle.schema, bundle.model, model_spaces(bundle.model, X))
    cases = training_cases(bundle.reference, spaces)
    again = [str(X.index[place]) for place in np.flatnonzero(cases).tolist()]
    if not again:
        return []
    what = f"{len(again)} of {len(X)} patients measure exactly as training patients of the model: {listed(again)}"
    fix = "Leave them out: the model knows them, and does better on them than on others"
    return [Finding("error", what, "images", fix)]


def _empty_columns(measured: Measured) -> list[Finding]:
    empty = [key for key in measured.cohort.clinical if measured.cohort.patients[key].isna().all()]
    if not empty:
        return []
    what = f"the cohort has no value of {', '.join(empty)}; for every patient they are {FILLED}"
    return [Finding("warning", what, "clinical.columns", "Look whether the column is the right one")]


def _absent_columns(bundle: Bundle, given: list[str]) -> list[Finding]:
    absent = [key for key in bundle.schema.clinical if key not in given]
    if not absent:
        return []
    what = f"the cohort lacks {', '.join(absent)}; for every patient they are {FILLED}"
    return [Finding("warning", what, "clinical.columns", "Declare these columns if the cohort has them")]
