"""Predicting one patient with a frozen model, by the very functions that the study used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sonoher2.bundle.load import Bundle, load_bundle
from sonoher2.bundle.reference import model_spaces
from sonoher2.core.errors import InputError, UsageError
from sonoher2.predict.case import Case
from sonoher2.predict.clinical import known_clinical, values_not_known
from sonoher2.predict.explanation import explain_patient
from sonoher2.predict.features import image_features
from sonoher2.predict.noticed import measured_findings, network_findings, site_findings, training_patient
from sonoher2.predict.patient import PatientInput
from sonoher2.predict.prediction import Prediction, Score
from sonoher2.signatures.feature_table import CLINICAL, join_feature_groups


def predict_patient(bundle: Bundle | str | Path, patient: PatientInput | Case) -> Prediction:
    """Read, measure and score one patient.

    A lesion without a mask is outlined by the shipped segmenter, and a finding says so.

    Parameters
    ----------
    bundle
        The model, or its folder.
    patient
        What is known; or the same as a `Case` of this model, to go on with what was read.

    Raises
    ------
    InputError, FindingsError
        A file or a value cannot be used, no lesion is found in an image without a mask, or what is given suffices for
        no signature.
    UsageError
        The case was opened for another model.

    Examples
    --------
    >>> import sonoher2
    >>> bundle = sonoher2.load_bundle("run/bundle")
    >>> image = sonoher2.ImageInput("images/SYN0001_radial.png", ("masks/SYN0001_radial.png",), mm_per_pixel=0.4)
    >>> patient = sonoher2.PatientInput((image,), clinical={"age": "52", "menopause": "yes"})
    >>> prediction = sonoher2.predict_patient(bundle, patient)
    >>> [(score.signature, 0 < score.probability < 1) for score in prediction.scores]
    [('Clinical', True), ('Radiomics', True), ('Clinical+Radiomics', True)]
    """
    bundle = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    case = patient if isinstance(patient, Case) else Case(bundle, patient)
    if case.bundle is not bundle:
        raise UsageError("the case was opened for another model.")
    schema, of_site = bundle.schema, site_findings(case)
    clinical = known_clinical(schema, case.patient.clinical)
    given = [key for key in schema.clinical if clinical[key].notna().all()]
    groups = {CLINICAL: clinical, **image_features(case)}
    names = bundle.model.usable(given, bool(case.images))
    if not names:
        raise InputError(
            "what is given suffices for none of the model's signatures",
            fix=f"Give an image, or clinical data ({', '.join(schema.clinical)})",
        )
    X = join_feature_groups(groups)
    probabilities = bundle.model.predict_proba(X, names)
    seen = {} if bundle.reference is None else model_spaces(bundle.model, X)
    return Prediction(
        title=schema.title,
        notice=schema.notice,
        synthetic=schema.synthetic,
        bundle=bundle.sha256,
        images=len(case.images),
        scores=tuple(
            score(bundle, name, outcome, float(probability[0, label]), given)
            for name, probability in probabilities.items()
            for outcome, label in schema.outcomes.items()
        ),
        findings=(
            *network_findings(case),
            *of_site,
            *values_not_known(schema, case.patient.clinical, clinical),
            *measured_findings(case),
            *training_patient(bundle, seen),
        ),
        answers={
            name: limits.answer(schema.classes, list(probabilities[name][0]))
            for name, limits in schema.uncertainty.items()
            if name in probabilities
        },
        explanation=None
        if bundle.reference is None
        else explain_patient(schema, bundle.model, bundle.reference, X, probabilities, given, seen),
        masks=tuple(image.mask for image in case.images),
    )


def score(bundle: Bundle, name: str, outcome: str, probability: float, given: Sequence[str]) -> Score:
    """Compare a probability with the frozen threshold, which it may equal.

    Parameters
    ----------
    bundle
        The model.
    name, outcome
        Which signature's probability of which class.
    probability
        Calibrated.
    given
        Clinical columns that are known.
    """
    threshold = bundle.schema.thresholds[name][outcome]
    filled = tuple(key for key in bundle.model.fitted_[name].clinical_kinds if key not in given)
    return Score(name, outcome, probability, threshold, bool(np.greater_equal(probability, threshold)), filled)
