"""What the tests of studies share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.config.study import StudyConfig
from sonoher2.core.columns import TEST
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.scoring import predict_patient


@pytest.fixture(scope="session")
def predicted() -> Callable[[Path, StudyConfig, str], dict[str, float]]:
    """Function (bundle, study, patient) -> probability by signature, from the patient's own files and words."""

    def predict(folder: Path, study: StudyConfig, patient_id: str) -> dict[str, float]:
        bundle = load_bundle(folder)
        images = pd.read_csv(study.path("images.csv"), dtype=str).query("patient_id == @patient_id")
        clinical = pd.read_csv(study.path("clinical.csv"), dtype=str).set_index("patient_id")
        pairs = zip(images["image"], images["mask"], strict=True)
        size = float(images["mm_per_pixel"].iloc[0])
        files = tuple(ImageInput(study.path(image), (study.path(mask),), size) for image, mask in pairs)
        known = {key: clinical.loc[patient_id, key] for key in bundle.schema.clinical}
        given = {key: value for key, value in known.items() if isinstance(value, str)}
        prediction = predict_patient(bundle, PatientInput(files, given))
        return {score.signature: score.probability for score in prediction.scores}

    return predict


@pytest.fixture
def cohort() -> tuple[pd.DataFrame, pd.DataFrame]:
    """600 patients whose frozen probabilities are too extreme and too low."""
    rng = np.random.default_rng(3)
    truth = rng.normal(size=600)
    labels = (rng.random(600) < 1 / (1 + np.exp(-truth))).astype(int)
    ids = [f"p{i:03d}" for i in range(600)]
    predictions = pd.DataFrame(
        {
            "patient_id": ids,
            "set": TEST,
            "label": np.array(["benign", "malignant"])[labels],
            "outcome": "malignant",
            "signature": "Radiomics",
            "score": 1 / (1 + np.exp(1.5 - 2 * truth)),
        }
    )
    patients = pd.DataFrame({"label": labels, "group": range(600)}, index=pd.Index(ids, name="patient_id"))
    return predictions, patients
