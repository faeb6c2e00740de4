"""A study whose network is fine-tuned by folds: nothing of a patient's label reaches their own description."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.config.deep import DeepConfig
from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import FindingsError
from sonoher2.engine import ExecutionContext, local_context
from sonoher2.study.external import validate_bundle
from sonoher2.study.fit.scoring import training_set
from sonoher2.study.fit.training_set import training_folds
from sonoher2.study.fit.tuned import with_tuned_networks
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.measured import Measured
from sonoher2.study.measure.prepare import measure_cohort
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.run import run_study
from sonoher2.study.steps.measure import study_networks

NETWORK = "resnet10t"
BLOCKS = [f"deep {NETWORK}", f"deep score {NETWORK}"]


@pytest.fixture(scope="module")
def study(small_study_file: Path, tmp_path_factory: pytest.TempPathFactory) -> StudyConfig:
    from safetensors.torch import save_file

    from sonoher2.networks.weights import build_body

    weights = tmp_path_factory.mktemp("weights") / "start.safetensors"
    save_file(build_body(NETWORK, "none", size=32, seed=3).state_dict(), weights)
    deep = DeepConfig(network=NETWORK, weights=str(weights), size=32, training="fine-tuned", epochs=1)
    return load_study(small_study_file).model_copy(update={"deep": deep, "stability": None})


@pytest.fixture(scope="module")
def run(study: StudyConfig, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudyResult]:
    folder = tmp_path_factory.mktemp("tuned-run")
    return folder, run_study(study, folder, jobs=1)


@pytest.fixture(scope="module")
def context(run: tuple[Path, StudyResult]) -> ExecutionContext:
    return local_context(run[0] / "cache", 1)


@pytest.fixture(scope="module")
def untuned(study: StudyConfig, context: ExecutionContext) -> Measured:
    checked = checked_cohort(study, context)
    return measure_cohort(checked.cohort, study, checked.hashes, context, study_networks(study, context))


@pytest.fixture(scope="module")
def in_training(run: tuple[Path, StudyResult], untuned: Measured) -> np.ndarray:
    return (run[1].cohort.patients["set"].loc[untuned.feature_table.index] != "test").to_numpy()


@pytest.fixture(scope="module")
def tuned(untuned: Measured, in_training: np.ndarray, study: StudyConfig, context: ExecutionContext) -> Measured:
    return with_tuned_networks(untuned, in_training, study, context)


def test_before_training_there_are_no_deep_features(untuned: Measured) -> None:
    assert list(untuned.feature_table.columns.unique(0)) == ["clinical", "radiomics"]


def test_the_signatures_and_the_zoo_name_the_network(run: tuple[Path, StudyResult]) -> None:
    result = run[1]
    assert {"Deep", "DLR (early)", "DLR", "Combined", "Combined (zoo)"} <= set(
        result.performance.signatures["signature"]
    )
    assert result.model.candidates.set_index("signature").loc["Deep", "model"] == "fine-tuned network"


def relabelled(
    measured: Measured, rows: np.ndarray, in_training: np.ndarray, study: StudyConfig, folder: Path
) -> Measured:
    """The tuned cohort when some training patients have the other label, in the very same folds."""
    patients = measured.cohort.patients.copy()
    training = patients.index[in_training]
    patients.loc[training[rows], "label"] = 1 - patients.loc[training[rows], "label"]
    other = replace(measured, cohort=replace(measured.cohort, patients=patients))
    return with_tuned_networks(other, in_training, study, local_context(folder, 1))


def test_a_label_touches_neither_its_own_description_nor_what_its_outer_fold_sees(
    untuned: Measured,
    tuned: Measured,
    in_training: np.ndarray,
    study: StudyConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folds = training_folds(training_set(untuned, in_training), study)
    # other labels would draw other folds: these stay, so that only the labels differ
    monkeypatch.setattr("sonoher2.study.fit.networks.training_folds", lambda *_: folds)
    other = relabelled(untuned, folds == 0, in_training, study, tmp_path)
    own, rest = folds == 0, folds != 0
    before, after = tuned.feature_table.loc[in_training, BLOCKS], other.feature_table.loc[in_training, BLOCKS]
    pd.testing.assert_frame_equal(before[own], after[own])
    assert (before[rest] != after[rest]).any(axis=1).all()
    pd.testing.assert_frame_equal(tuned.by_fold[0], other.by_fold[0])
    for outer in (1, 2):
        pd.testing.assert_frame_equal(tuned.by_fold[outer][own], other.by_fold[outer][own])
        assert (tuned.by_fold[outer] != other.by_fold[outer]).any(axis=None)
    tested = ~in_training
    assert (tuned.feature_table.loc[tested, BLOCKS] != other.feature_table.loc[tested, BLOCKS]).any(axis=1).all()


def test_an_outer_fold_is_described_as_new_patients_are(
    tuned: Measured, in_training: np.ndarray, study: StudyConfig
) -> None:
    training = training_set(tuned, in_training)
    folds = training_folds(training, study)
    for outer in range(3):
        shown = training.in_fold(outer).X
        assert set(shown.columns) == set(training.X.columns)
        # without the outer fold the network is the same, whether it describes that fold in the final fit or here
        own = folds == outer
        pd.testing.assert_frame_equal(shown.loc[own, BLOCKS], training.X.loc[own, BLOCKS])
        assert (shown.loc[~own, BLOCKS] != training.X.loc[~own, BLOCKS]).any(axis=1).all()


def test_patients_are_predicted_as_in_the_study(
    run: tuple[Path, StudyResult], tuned: Measured, in_training: np.ndarray, study: StudyConfig, predicted
) -> None:
    folder, result = run
    tested = result.performance.predictions.query("set == 'test'")
    patient_id = str(tested["patient_id"].iloc[0])
    expected = tested[tested["patient_id"] == patient_id].set_index("signature")["score"]
    assert predicted(folder / "bundle", study, patient_id) == pytest.approx(expected.to_dict(), abs=1e-6)


def test_a_training_patient_meets_the_final_network_and_model(
    run: tuple[Path, StudyResult], untuned: Measured, in_training: np.ndarray, study: StudyConfig, context, predicted
) -> None:
    bundle = load_bundle(run[0] / "bundle")
    checked = checked_cohort(study, context)
    described = measure_cohort(checked.cohort, study, checked.hashes, context, bundle.networks).feature_table
    patient_id = str(described.index[in_training][0])
    expected = bundle.model.predict_proba(described.loc[[patient_id]])
    found = predicted(run[0] / "bundle", study, patient_id)
    assert found == pytest.approx({name: p[0, 1] for name, p in expected.items()}, abs=1e-6)


def test_the_bundle_holds_the_final_network_and_no_path(run: tuple[Path, StudyResult]) -> None:
    bundle = load_bundle(run[0] / "bundle")
    (network,) = bundle.networks
    assert (network.network, network.weights) == (NETWORK, "none")
    assert b"start.safetensors" not in b"".join(path.read_bytes() for path in (run[0] / "bundle").iterdir())


def test_validation_meets_the_test_patients_as_the_study_did(
    run: tuple[Path, StudyResult], study: StudyConfig, tmp_path: Path
) -> None:
    folder, result = run
    validated = validate_bundle(load_bundle(folder / "bundle"), study, tmp_path / "validation", jobs=1)
    key = ["patient_id", "signature"]
    before = result.performance.predictions.query("set == 'test'").set_index(key)["score"].sort_index()
    np.testing.assert_allclose(
        validated.performance.predictions.set_index(key)["score"].loc[before.index], before, atol=1e-9
    )


def test_a_second_run_trains_nothing(run: tuple[Path, StudyResult], study: StudyConfig) -> None:
    folder, result = run
    steps = ("networks", "activated", "crops", "embeddings", "fits")
    files = [path for step in steps for path in (folder / "cache" / step).rglob("*") if path.is_file()]
    assert {path.relative_to(folder / "cache").parts[0] for path in files} == set(steps)
    before = {path: path.stat().st_mtime_ns for path in files}
    again = run_study(study, folder, jobs=1)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert again.performance.predictions.equals(result.performance.predictions)
    # three folds: three networks without two folds, three without one, and the final one
    networks = folder / "cache" / "networks"
    assert len(list(networks.rglob("*.network"))) == 7
    # what was unfinished on the way is gone
    assert not [path for path in networks.rglob("*") if path.is_file() and path.suffix != ".network"]


def test_two_folds_are_too_few(small_study_file: Path) -> None:
    text = small_study_file.read_text(encoding="utf-8").replace("outer_folds: 3", "outer_folds: 2")
    file = small_study_file.with_name("two-folds.yaml")
    file.write_text(text + "\ndeep: {training: fine-tuned}\n", encoding="utf-8")
    with pytest.raises(FindingsError, match="outer_folds of 3 or more"):
        load_study(file)
