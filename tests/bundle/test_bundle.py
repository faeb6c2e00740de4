"""The frozen model: it predicts what the study predicted, and refuses what it must."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sonoher2.bundle.load import load_bundle
from sonoher2.bundle.model_bytes import load_model
from sonoher2.cli.common.patient import patient_of
from sonoher2.config.load import load_study
from sonoher2.core.errors import FindingsError, InputError, UsageError
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.scoring import predict_patient
from sonoher2.study.external import validate_bundle
from sonoher2.study.run import run_study
from sonoher2.study.steps.read_second import as_the_model_reads


def patient_input(study: Path, patient_id: str) -> PatientInput:
    """What the study's tables hold of one patient, as it would be typed."""
    images = pd.read_csv(study.parent / "images.csv", dtype=str)
    rows = images[images["patient_id"] == patient_id]
    clinical = pd.read_csv(study.parent / "clinical.csv", dtype=str, keep_default_na=False).set_index("patient_id")
    missing = {"", "unknown", "NA", "not available", "[Not Available]", "NC"}
    keys = load_study(study).clinical.columns
    given = [f"{key}={clinical.loc[patient_id, key]}" for key in keys if clinical.loc[patient_id, key] not in missing]
    paths = [[study.parent / path for path in rows[name]] for name in ("image", "mask")]
    return patient_of(*paths, given, [float(rows["mm_per_pixel"].iloc[0])])


def test_patients_are_predicted_as_in_the_study(finished) -> None:
    bundle = load_bundle(finished.run / "bundle")
    tested = finished.result.performance.predictions.query("set == 'test'")
    for patient_id in tested["patient_id"].unique()[:6]:
        prediction = predict_patient(bundle, patient_input(finished.file, patient_id))
        expected = tested[tested["patient_id"] == patient_id].set_index("signature")["score"]
        assert {score.signature for score in prediction.scores} == set(expected.index)
        for score in prediction.scores:
            assert score.probability == pytest.approx(expected[score.signature], abs=1e-12)
            assert score.positive == (score.probability >= score.threshold)


def test_a_training_patient_is_known_again_by_its_images(finished) -> None:
    bundle = load_bundle(finished.run / "bundle")
    key = pd.read_csv(finished.run / "reference_key.csv", dtype={"patient_id": str})
    tested = finished.result.performance.predictions.query("set == 'test'")["patient_id"].iloc[0]

    def cases(patient_id: str) -> list[object]:
        images = patient_input(finished.file, patient_id).images
        found = predict_patient(bundle, PatientInput(images, {})).findings
        return [finding.facts["case"] for finding in found if finding.code == "TRAINING_PATIENT"]

    for place in (0, 7):
        assert cases(key["patient_id"].iloc[place]) == [key["case"].iloc[place]]
    assert cases(tested) == []


def test_features_of_a_patient_are_those_of_the_study(finished) -> None:
    bundle = load_bundle(finished.run / "bundle")
    # the frozen model on the study's own table of features, against what it says from the files
    features = pd.read_csv(finished.run / "features.csv").drop(columns="image").groupby("patient_id").mean()
    names = bundle.model.fitted_["Radiomics"].search_.feature_names_in_
    patient_id = finished.result.performance.predictions.query("set == 'test'")["patient_id"].iloc[0]
    from_table = bundle.model.fitted_["Radiomics"].search_.predict_proba(features.loc[[patient_id], names])[0, 1]
    given = patient_input(finished.file, patient_id)
    only_image = PatientInput(given.images)
    [score] = predict_patient(bundle, only_image).scores
    assert score.signature == "Radiomics"
    assert score.probability == pytest.approx(from_table, abs=1e-9)


def test_clinical_data_alone_give_the_clinical_signature(finished) -> None:
    prediction = predict_patient(load_bundle(finished.run / "bundle"), PatientInput((), {"age": "61"}))
    [score] = prediction.scores
    assert score.signature == "Clinical"
    assert "age" not in score.filled
    assert "size_mm" in score.filled
    assert "not for clinical use" in prediction.text()
    assert json.loads(prediction.json())["scores"][0]["signature"] == "Clinical"


@pytest.mark.parametrize(
    ("clinical", "message"),
    [
        ({"agee": "61"}, "Did you mean 'age'"),
        ({"age": "610"}, "largest possible"),
        ({"age": "old"}, "clinical value 'age': not one number"),
        ({"age": "", "size_mm": "unknown"}, "suffices for none"),
        ({}, "suffices for none"),
    ],
)
def test_impossible_clinical_data_are_refused(finished, clinical: dict[str, str], message: str) -> None:
    with pytest.raises((InputError, FindingsError), match=message):
        predict_patient(load_bundle(finished.run / "bundle"), PatientInput((), clinical))


def test_a_site_is_refused_by_a_model_that_harmonises_none(finished) -> None:
    with pytest.raises(InputError, match="does not harmonise sites"):
        predict_patient(load_bundle(finished.run / "bundle"), PatientInput((), {"age": "61"}, site="Scanner A"))


def test_a_missing_value_is_filled_in_and_named(finished) -> None:
    bundle = load_bundle(finished.run / "bundle")
    [said] = predict_patient(bundle, PatientInput((), {"age": "61", "size_mm": "NA"})).scores
    assert "size_mm" in said.filled
    assert said == predict_patient(bundle, PatientInput((), {"age": "61"})).scores[0]


def test_bundle_that_was_changed_is_refused(finished, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(finished.run / "bundle", copy)
    schema = json.loads((copy / "model.json").read_text())
    schema["thresholds"]["Radiomics"]["positive"] = 0.01
    (copy / "model.json").write_text(json.dumps(schema))
    with pytest.raises(InputError, match="changed since"):
        load_bundle(copy)
    with pytest.raises(InputError, match="no bundle"):
        load_bundle(tmp_path)


def test_model_file_of_other_types_is_refused() -> None:
    import skops.io
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import FunctionTransformer

    with pytest.raises(InputError, match="no signatures"):
        load_model(skops.io.dumps(LogisticRegression()))
    with pytest.raises(InputError, match="no model of SonoHER2"):
        load_model(skops.io.dumps(FunctionTransformer(shutil.rmtree)))


def test_bundle_holds_no_path_and_no_patient(finished) -> None:
    folder = finished.run / "bundle"
    for file in folder.iterdir():
        content = file.read_bytes()
        assert str(finished.file.parent).encode() not in content
        assert b"SYN00" not in content


def test_validation_on_the_same_cohort_gives_the_same_scores(finished, tmp_path: Path) -> None:
    bundle = load_bundle(finished.run / "bundle")
    result = validate_bundle(bundle, load_study(finished.file), tmp_path / "validation", jobs=1)
    assert result.about.kind == "validation"
    key = ["patient_id", "signature"]
    before = finished.result.performance.predictions.query("set == 'test'").set_index(key)["score"].sort_index()
    after = result.performance.predictions.set_index(key)["score"].loc[before.index]
    np.testing.assert_allclose(after, before, atol=1e-12)
    frozen = finished.result.performance.thresholds.set_index("signature")["threshold"]
    assert result.performance.thresholds.set_index("signature")["threshold"].to_dict() == pytest.approx(
        frozen.to_dict()
    )
    assert set(result.performance.signatures["set"]) == {"test"}
    # most of them are no new patients, and it is said
    training = (finished.result.cohort.patients["set"] != "test").sum()
    told = [found.what for found in result.checks.findings if "measure exactly as training patients" in found.what]
    assert [one.split(" patients")[0] for one in told] == [f"{training} of {len(result.cohort.patients)}"]


def test_what_a_second_study_declares_meets_what_the_model_knows(finished) -> None:
    bundle, study = load_bundle(finished.run / "bundle"), load_study(finished.file)
    columns = dict(study.clinical.columns)
    columns["size_mm"] = columns["size_mm"].model_copy(update={"missing": ["-9"]})
    columns["unknown_to_the_model"] = columns["age"].model_copy(update={"column": "age"})
    clinical = study.clinical.model_copy(update={"columns": columns})
    evaluation = study.evaluation.model_copy(update={"subgroups": ["age", "unknown_to_the_model", "site"]})
    read = as_the_model_reads(study.model_copy(update={"clinical": clinical, "evaluation": evaluation}), bundle)
    assert read.clinical.columns["size_mm"].missing == ["-9"]
    assert read.evaluation.subgroups == ["age", "site"]
    columns["size_mm"] = columns["size_mm"].model_copy(update={"unit": "cm"})
    clinical = clinical.model_copy(update={"columns": columns})
    with pytest.raises(InputError, match="in cm, the model's in mm"):
        as_the_model_reads(study.model_copy(update={"clinical": clinical}), bundle)


def test_validation_without_anything_to_score_is_refused(finished, tmp_path: Path) -> None:
    bundle, study = load_bundle(finished.run / "bundle"), load_study(finished.file)
    with pytest.raises(UsageError, match=r"holds a study.*[Cc]hoose another folder"):
        validate_bundle(bundle, study, finished.run, jobs=1)
    with pytest.raises(UsageError, match="lies in a model's bundle"):
        validate_bundle(bundle, study, finished.run / "bundle" / "validation", jobs=1)
    assert not (finished.run / "bundle" / "validation").exists()
    empty = study.model_copy(update={"images": None, "clinical": study.clinical.model_copy(update={"columns": {}})})
    with pytest.raises(InputError, match="none of the model's columns"):
        validate_bundle(bundle, empty, tmp_path / "out", jobs=1)


def test_validation_of_another_target_is_refused(finished, tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    text = finished.file.read_text(encoding="utf-8").replace("positive-vs-negative", "low-vs-zero")
    study.write_text(text, encoding="utf-8")
    bundle = load_bundle(finished.run / "bundle")
    with pytest.raises(InputError, match="the same target"):
        validate_bundle(bundle, load_study(study, finished.file.parent), tmp_path / "out", jobs=1)


def test_model_without_images_leaves_out_what_comes_with_them(finished, tmp_path: Path) -> None:
    study = load_study(finished.file)
    assert study.evaluation.subgroups == ["site"]
    plain = study.model_copy(
        update={"images": None, "evaluation": study.evaluation.model_copy(update={"subgroups": []})}
    )
    run_study(plain, tmp_path / "run", jobs=1)
    result = validate_bundle(load_bundle(tmp_path / "run" / "bundle"), study, tmp_path / "validation", jobs=1)
    assert set(result.performance.signatures["signature"]) == {"Clinical"}
    assert result.performance.subgroups.empty


def test_a_lesion_without_a_mask_is_outlined_and_the_answer_says_so(finished) -> None:
    bundle = load_bundle(finished.run / "bundle")
    images = pd.read_csv(finished.file.parent / "images.csv", dtype=str)
    image, spacing = finished.file.parent / images["image"].iloc[0], float(images["mm_per_pixel"].iloc[0])
    prediction = predict_patient(bundle, PatientInput((ImageInput(image, (), spacing),)))
    assert any("outlined automatically" in warning for warning in prediction.warnings)
    assert "Radiomics" in {score.signature for score in prediction.scores}


def test_no_lesion_in_an_image_without_a_mask_is_an_error(finished, tmp_path: Path) -> None:
    black = tmp_path / "black.png"
    Image.fromarray(np.zeros((96, 96), np.uint8)).save(black)
    with pytest.raises(InputError, match="no lesion was found"):
        predict_patient(load_bundle(finished.run / "bundle"), PatientInput((ImageInput(black),)))
