"""Studies that leave one site out, and studies that harmonise the sites towards a reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.bundle.load import Bundle, load_bundle
from sonoher2.config.load import load_study
from sonoher2.core.errors import FindingsError
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.scoring import predict_patient
from sonoher2.report.page.html import write_report
from sonoher2.server.work.bundles import place_of
from sonoher2.server.work.fields import facts_of
from sonoher2.server.work.models import Question
from sonoher2.server.work.tasks import _predicted
from sonoher2.study.external import validate_bundle
from sonoher2.study.run import run_study
from sonoher2.synthetic.demo import write_demo_cohort

SITES = """
radiomics: {filters: [original], bin_count: 16}
models: [logistic]
stability: null
validation: {outer_folds: 3, inner_folds: 3}
evaluation: {bootstrap: 100}
harmonise: {reference: Scanner A}
"""


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = write_demo_cohort(tmp_path_factory.mktemp("cohort"), patients=60, seed=0, size=(80, 80))
    file.write_text(file.read_text(encoding="utf-8") + SITES, encoding="utf-8")
    return file


def test_the_study_runs_and_its_bundle_scores_patients_of_known_sites_alike(study_file: Path, tmp_path: Path) -> None:
    pytest.importorskip("combatlearn", reason="the extra `harmonise` is not installed")
    study = load_study(study_file)
    result = run_study(study, tmp_path / "run", jobs=1)
    bundle = load_bundle(tmp_path / "run" / "bundle")
    assert list(bundle.model.harmoniser_.sites_) == ["Scanner A", "Scanner B"]
    np.testing.assert_allclose(bundle.model.harmoniser_.scale_[0], 1, rtol=1e-12)
    again = validate_bundle(bundle, study, tmp_path / "validation", jobs=1)
    assert (result.model.reference_site, again.model.reference_site) == ("Scanner A", "Scanner A")
    key = ["patient_id", "signature"]
    tested = result.performance.predictions.query("set == 'test'").set_index(key)["score"]
    found = again.performance.predictions.set_index(key)["score"].loc[tested.index]
    np.testing.assert_allclose(found, tested, atol=1e-9)
    assert set(result.performance.sites["site"]) >= {"Scanner A", "Scanner B"}
    _one_patient_is_harmonised_too(study_file.parent, bundle, tested)
    _the_server_asks_for_the_site(study_file.parent, bundle, tmp_path / "run" / "bundle")
    # the two scanners differ in resolution: ComBat takes that out of the patients it was learned on
    effect = result.robustness.site_effects.set_index(["set", "harmonised"])
    assert effect.loc[("train_oof", True), "explained"] < 0.5 * effect.loc[("train_oof", False), "explained"]
    assert effect.loc[("test", True), "differing"] < effect.loc[("test", False), "differing"]
    # what knows nothing of the features is the same without harmonisation; what rests on them is not
    results = result.robustness.harmonised.set_index(["set", "signature"])
    assert (results.loc[[("train_oof", "Clinical"), ("test", "Clinical")], "moved"] == 0).all()
    assert (results.loc[[("train_oof", "Radiomics"), ("test", "Radiomics")], "moved"] > 0).all()
    page = write_report(result, tmp_path / "run").read_text(encoding="utf-8")
    assert "What harmonisation does to the results" in page
    assert (tmp_path / "run" / "tables" / "harmonisation.csv").is_file()


def _one_patient_is_harmonised_too(folder: Path, bundle: Bundle, tested: pd.Series) -> None:
    images = pd.read_csv(folder / "images.csv").query("site == 'Scanner B'")
    patient = images[images["patient_id"].isin(tested.index.get_level_values(0))].iloc[0]
    rows = images[images["patient_id"] == patient["patient_id"]]
    size = patient["mm_per_pixel"]
    images = tuple(
        ImageInput(folder / image, (folder / mask,), size)
        for image, mask in zip(rows["image"], rows["mask"], strict=True)
    )

    def radiomics(site: str | None) -> tuple[float, tuple[str, ...]]:
        prediction = predict_patient(bundle, PatientInput(images, {}, site))
        return next(s.probability for s in prediction.scores if s.signature == "Radiomics"), prediction.warnings

    expected = tested[patient["patient_id"], "Radiomics"]
    score, warned = radiomics("Scanner B")
    assert score == pytest.approx(expected, abs=1e-9)
    assert not any("Scanner A" in warning for warning in warned)
    for site, told in ((None, "no site is given"), ("Scanner C", "'Scanner C' was not in training")):
        score, warned = radiomics(site)
        assert score != pytest.approx(expected, abs=1e-6)
        assert f"{told}, so features count as measured at Scanner A" in warned[0]


def _the_server_asks_for_the_site(folder: Path, bundle: Bundle, place: Path) -> None:
    asked = facts_of(bundle).clinical[-1]
    assert (asked.key, asked.kind, asked.choices) == ("(site)", "category", ("Scanner A", "Scanner B"))
    row = pd.read_csv(folder / "images.csv").query("site == 'Scanner B'").iloc[0]
    image, mask, size = folder / row["image"], folder / row["mask"], row["mm_per_pixel"]
    given = (("age", "52"), (asked.key, "Scanner B"))
    question = Question(place_of(place), str(image), "a.png", 1, size, mask.read_bytes(), None, given, "", "")
    prediction, _ = _predicted(question)
    alike = predict_patient(bundle, PatientInput((ImageInput(image, (mask,), size),), {"age": "52"}, "Scanner B"))
    assert prediction.scores == alike.scores
    assert not [one for one in prediction.findings if one.code.startswith("SITE")]


def test_harmonisation_cannot_leave_its_reference_out(study_file: Path, tmp_path: Path) -> None:
    text = study_file.read_text(encoding="utf-8").replace("{outer_folds: 3,", "{by: site,")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(FindingsError, match="leaves the reference site out"):
        load_study(tmp_path / "study.yaml", study_file.parent)


def test_each_site_is_left_out_in_turn(study_file: Path, tmp_path: Path) -> None:
    text = study_file.read_text(encoding="utf-8").replace("{outer_folds: 3,", "{by: site,")
    (tmp_path / "study.yaml").write_text(text.replace("harmonise: {reference: Scanner A}", ""), encoding="utf-8")
    result = run_study(load_study(tmp_path / "study.yaml", study_file.parent), tmp_path / "run", jobs=1)
    assert {"Scanner A", "Scanner B"} <= set(result.performance.sites.query("`set` == 'train_oof'")["site"])


def test_sites_must_be_named(study_file: Path, tmp_path: Path) -> None:
    text = study_file.read_text(encoding="utf-8").replace("  site: site\n", "")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(FindingsError, match="harmonise needs sites"):
        load_study(tmp_path / "study.yaml", study_file.parent)
