"""A study that leaves one site out and harmonises the others towards a reference site."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonoher2.bundle.load import load_bundle
from sonoher2.cohort.demo import write_demo_cohort
from sonoher2.config import load_study
from sonoher2.errors import FindingsError
from sonoher2.study.run import run_study
from sonoher2.study.validate import validate_bundle

SITES = """
radiomics: {filters: [original], bin_count: 16}
models: [logistic]
stability: null
validation: {by: site, inner_folds: 3}
evaluation: {bootstrap: 100}
harmonise: {reference: Scanner A}
"""


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = write_demo_cohort(tmp_path_factory.mktemp("cohort"), patients=60, seed=1, size=(80, 80))
    file.write_text(file.read_text(encoding="utf-8") + SITES, encoding="utf-8")
    return file


def test_the_study_runs_and_its_bundle_scores_patients_of_known_sites_alike(study_file: Path, tmp_path: Path) -> None:
    pytest.importorskip("combatlearn", reason="the extra `harmonise` is not installed")
    study = load_study(study_file)
    result = run_study(study, tmp_path / "run", jobs=1)
    bundle = load_bundle(tmp_path / "run" / "bundle")
    assert list(bundle.model.harmoniser_.sites_) == ["Scanner A", "Scanner B"]
    np.testing.assert_array_equal(bundle.model.harmoniser_.scale_[0], 1)
    again = validate_bundle(bundle, study, tmp_path / "validation", jobs=1)
    key = ["patient_id", "signature"]
    tested = result.predictions.query("set == 'test'").set_index(key)["score"]
    found = again.predictions.set_index(key)["score"].loc[tested.index]
    np.testing.assert_allclose(found, tested, atol=1e-9)
    assert set(result.sites["site"]) >= {"Scanner A", "Scanner B"}


def test_sites_must_be_named(study_file: Path, tmp_path: Path) -> None:
    text = study_file.read_text(encoding="utf-8").replace("  site: site\n", "")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(FindingsError, match=r"harmonise and validation.by: site needs sites"):
        load_study(tmp_path / "study.yaml", study_file.parent)
