"""A study with deep features: the signatures they bring, and the same network in study, prediction and validation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from sonoher2.bundle.load import load_bundle
from sonoher2.config.load import load_study
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import InputError
from sonoher2.study.external import validate_bundle
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.run import run_study

DEEP = "\ndeep: {network: resnet10t, weights: none, size: 48}\n"


@pytest.fixture(scope="module")
def study(small_study_file: Path) -> StudyConfig:
    file = small_study_file.with_name("deep.yaml")
    file.write_text(small_study_file.read_text(encoding="utf-8") + DEEP, encoding="utf-8")
    return load_study(file)


@pytest.fixture(scope="module")
def run(study: StudyConfig, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudyResult]:
    folder = tmp_path_factory.mktemp("deep-run")
    return folder, run_study(study, folder, jobs=1)


def test_deep_features_bring_their_signatures(run: tuple[Path, StudyResult]) -> None:
    names = list(run[1].performance.signatures["signature"].drop_duplicates())
    assert names == [
        "Clinical", "Radiomics", "Deep", "DLR (early)", "DLR", "Clinical+Radiomics", "Combined", "Combined (zoo)",
    ]  # fmt: skip


def test_the_parts_are_those_of_the_study_without_deep_features(run, finished) -> None:
    key = ["patient_id", "signature"]
    plain = finished.result.performance.predictions.set_index(key)["score"]
    with_deep = run[1].performance.predictions.set_index(key)["score"]
    np.testing.assert_array_equal(with_deep.loc[plain.index], plain)


def test_a_patient_is_predicted_as_in_the_study(run, study: StudyConfig, predicted) -> None:
    folder, result = run
    tested = result.performance.predictions.query("set == 'test'")
    for patient_id in tested["patient_id"].unique()[:3]:
        expected = tested[tested["patient_id"] == patient_id].set_index("signature")["score"]
        assert predicted(folder / "bundle", study, patient_id) == pytest.approx(expected.to_dict(), abs=1e-6)


def test_heat_maps_explain_the_deep_scores_of_the_test_patients(run) -> None:
    _, result = run
    heat = result.explanations.heat
    deep = result.performance.predictions.query("set == 'test' and signature == 'Deep'").set_index("patient_id")
    threshold = result.performance.thresholds.set_index("signature")["threshold"]["Deep"]
    shares = heat.shares.set_index("patient_id").loc[deep.index]
    assert ((deep["score"] >= threshold) == (shares["called"] == result.about.classes[1])).all()
    parts = shares[["lesion", "ring", "elsewhere"]].sum(axis=1)[shares["lesion"].notna()]
    np.testing.assert_allclose(parts, 1)
    # nothing is blurred at first: the score is that of the signature
    first = heat.deletion[heat.deletion["share"] == 0].set_index("patient_id")
    score = deep["score"].loc[first.index]
    sign = np.where(shares.loc[first.index, "called"] == result.about.classes[1], 1, -1)
    np.testing.assert_allclose(expit(sign * first["by_heat"]), score, rtol=1e-4)
    # a probability of 1 - 1e-14 has lost the digits that its log-odds would need
    exact = np.minimum(score, 1 - score) > 1e-10
    assert exact.sum() > len(score) / 2
    np.testing.assert_allclose((sign * first["by_heat"])[exact], logit(score[exact]), atol=1e-4)
    assert set(heat.randomised["patient_id"]) == set(first.index)
    assert {(case.label, case.predicted) for case in heat.cases} == set(
        shares[["label", "called"]].itertuples(index=False, name=None)
    )


def test_validation_uses_the_bundles_own_network(run, study: StudyConfig, tmp_path: Path) -> None:
    folder, result = run
    validated = validate_bundle(load_bundle(folder / "bundle"), study, tmp_path / "validation", jobs=1)
    key = ["patient_id", "signature"]
    before = result.performance.predictions.query("set == 'test'").set_index(key)["score"].sort_index()
    np.testing.assert_allclose(
        validated.performance.predictions.set_index(key)["score"].loc[before.index], before, atol=1e-9
    )


def test_second_run_embeds_nothing_again(run, study: StudyConfig) -> None:
    folder, result = run
    before = {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*.*")}
    again = run_study(study, folder, jobs=1)
    assert {path: path.stat().st_mtime_ns for path in (folder / "cache").rglob("*.*")} == before
    assert again.performance.predictions.equals(result.performance.predictions)


def test_bundle_names_no_weights_file(run) -> None:
    bundle = load_bundle(run[0] / "bundle")
    assert [network.weights for network in bundle.networks] == ["none"]
    assert bundle.schema.deep is not None
    assert bundle.schema.deep.weights == "none"


def test_unknown_network_is_named(study: StudyConfig, tmp_path: Path) -> None:
    wrong = study.model_copy(update={"deep": study.deep.model_copy(update={"network": ["resnet1001"]})})
    with pytest.raises(InputError, match="unknown network"):
        run_study(wrong, tmp_path / "run", jobs=1)
