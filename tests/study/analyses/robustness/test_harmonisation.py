"""How far the site explains the features before and after harmonising, by hand, in each set."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from sonoher2.signatures.feature_table import RADIOMICS
from sonoher2.study.analyses.robustness import harmonisation
from sonoher2.study.analyses.robustness.harmonisation import HARMONISED, SITE_EFFECTS, site_effects

SITES = ["A", "A", "B", "B", "A", "A", "B", "B", None]
# in training 0, 1 at A and 2, 3 at B: between the sites lies 4 of 5; in the test set nearly all
VALUES = [0.0, 1.0, 2.0, 3.0, 0.0, 0.1, 10.0, 10.1, 50.0]


class Halved:
    """A model whose harmoniser moves site B by 2."""

    @staticmethod
    def harmonised(table: pd.DataFrame) -> pd.DataFrame:
        moved = np.array([2.0 if site == "B" else 0.0 for site in SITES])
        return table.sub(moved, axis=0)


def scored() -> SimpleNamespace:
    table = pd.DataFrame({(RADIOMICS, "f"): VALUES})
    cohort = SimpleNamespace(patients=pd.DataFrame({"site": SITES}))
    study = SimpleNamespace(harmonise=object())
    return SimpleNamespace(
        study=study,
        bundle=None,
        measured=SimpleNamespace(cohort=cohort, feature_table=table),
        in_training=np.arange(9) < 4,
        model=Halved(),
    )


def test_sites_explain_less_after_harmonising_and_sets_are_told_apart() -> None:
    table = site_effects(scored()).set_index(["set", "harmonised"])
    training, test = table.loc[("train_oof", False)], table.loc[("test", False)]
    assert training["explained"] == pytest.approx(0.8)
    # F = 8 with 1 and 2 degrees of freedom: p 0.106
    assert training["differing"] == 0
    assert table.loc[("train_oof", True), "explained"] == pytest.approx(0, abs=1e-12)
    assert test["explained"] == pytest.approx(100 / 100.01)
    assert test["differing"] == 1
    assert (training["patients"], test["patients"]) == (4, 5)
    assert (training["sites"], test["sites"]) == (2, 2)
    assert table["features"].tolist() == [1, 1, 1, 1]


def test_each_model_judges_by_the_threshold_of_its_own_training_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without harmonising all scores are lower by 0.4, and so is the threshold: nobody changes sides."""
    rows = [("train_oof", "yes", 0.9), ("train_oof", "yes", 0.8), ("train_oof", "no", 0.6), ("train_oof", "no", 0.5)]
    rows += [("test", "yes", 0.85), ("test", "no", 0.82), ("test", "no", 0.55)]
    given = pd.DataFrame(rows, columns=["set", "label", "score"]).assign(outcome="yes", signature="Radiomics")
    given["patient_id"] = [f"P{i}" for i in range(7)]
    without = given.assign(score=given["score"] - 0.4)
    for name in ("build_signatures", "training_set", "fit_signatures"):
        monkeypatch.setattr(harmonisation, name, lambda *_, **__: None)
    monkeypatch.setattr(harmonisation, "score_patients", lambda *_: without)
    plain = SimpleNamespace(evaluation=SimpleNamespace(threshold="youden", threshold_at=0.9))
    study = scored()
    study.study.model_copy = lambda **_: plain
    study.measured.cohort.clinical = {}
    study.predictions, study.context, study.confidence = given, None, 0.95
    study.limits = pd.Series([0.8], index=pd.MultiIndex.from_tuples([("Radiomics", "yes")]))
    found = harmonisation.harmonised_results(study).set_index("set")
    assert found["switched"].to_dict() == {"train_oof": 0, "test": 0}
    assert found["moved"].to_dict() == pytest.approx({"train_oof": 0.4, "test": 0.4})


def test_only_a_study_that_harmonises_has_such_tables() -> None:
    for analysis in (SITE_EFFECTS, HARMONISED):
        assert analysis.applies(scored())
        plain = scored()
        plain.study.harmonise = None
        assert not analysis.applies(plain)
        second = scored()
        second.bundle = object()
        assert not analysis.applies(second)
        clinical = scored()
        clinical.measured.feature_table = pd.DataFrame({("clinical", "age"): VALUES})
        assert not analysis.applies(clinical)


def test_without_harmonising_all_is_learned_anew_with_images(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        harmonisation, "build_signatures", lambda *given, **how: asked.append((given, how)) or "unfitted"
    )
    monkeypatch.setattr(harmonisation, "training_set", lambda measured, in_training: "training")
    monkeypatch.setattr(harmonisation, "fit_signatures", lambda *given: asked.append(given) or "fitted")
    monkeypatch.setattr(harmonisation, "score_patients", lambda *given: asked.append(given) or pd.DataFrame())

    class EndedError(Exception):
        pass

    def end(*_: object) -> None:
        raise EndedError

    monkeypatch.setattr(harmonisation, "_of", end)
    study = scored()
    study.study.model_copy = lambda update: update
    study.measured.cohort.clinical, study.context = "clinical", "context"
    with pytest.raises(EndedError):
        harmonisation.harmonised_results(study)
    plain = {"harmonise": None}
    assert asked[0] == ((plain, "clinical"), {"has_images": True})
    assert asked[1] == ("unfitted", "training", plain, "context")
    assert asked[2][:2] == (study.measured, "fitted")


def test_features_that_do_not_vary_are_not_counted() -> None:
    """A second feature of one value says nothing; alone, nothing is explained."""
    study = scored()
    study.measured.feature_table[RADIOMICS, "same"] = 1.0
    study.model.harmonised = lambda table: table
    found = site_effects(study)
    assert found["features"].tolist() == [1, 1, 1, 1]
    assert found["explained"].iloc[0] == pytest.approx(0.8)
    study.measured.feature_table = study.measured.feature_table[[(RADIOMICS, "same")]]
    found = site_effects(study)
    assert found["features"].tolist() == [0, 0, 0, 0]
    assert found[["explained", "differing"]].isna().all(axis=None)
    assert harmonisation.SITE_SCHEMA.names[:2] == ("set", "harmonised")
