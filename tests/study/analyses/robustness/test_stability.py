"""Changed outlines: what is measured, on whom, and that the filter learns from training patients alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sonoher2.config.evaluation import StabilityConfig
from sonoher2.config.images import ImageReading
from sonoher2.config.load import load_study
from sonoher2.core.columns import TEST
from sonoher2.engine import local_context
from sonoher2.radiomics.icc import icc_2_1
from sonoher2.signatures.feature_table import DEEP, RADIOMICS, second_reader
from sonoher2.signatures.image_based import FeatureSignature
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.study.analyses.robustness import stability as module
from sonoher2.study.analyses.robustness.stability import remeasured_signatures
from sonoher2.study.fit.scoring import training_set
from sonoher2.study.measure.checked import checked_cohort
from sonoher2.study.measure.lesion_files import lesion_files
from sonoher2.study.measure.perturbed_features import PerturbedFeatures, Way, measure_perturbed
from sonoher2.study.measure.prepare import measure_cohort
from sonoher2.study.results.parts import StudyResult
from sonoher2.study.run import run_study


def test_icc_of_every_feature(finished: SimpleNamespace) -> None:
    table = finished.result.robustness.feature_icc
    features = pd.read_csv(finished.run / "features.csv").columns[2:]
    assert table["feature"].tolist() == features.tolist()
    assert list(table.columns[2:]) == ["icc", "icc_shift", "icc_grow", "icc_shrink", "icc_contour"]
    training = finished.result.cohort.patients.query("`set` != @TEST")
    assert (table["lesions"] == training["images"].sum()).all()
    # a shift by whole pixels moves no contour against another
    shape = table["feature"].str.startswith("original_shape2D")
    assert table.loc[shape, "icc_shift"].min() > 0.999
    assert 0 < table["icc"].median() < 1


def test_given_outlines_give_the_reported_auc(finished: SimpleNamespace) -> None:
    result: StudyResult = finished.result
    given = result.robustness.perturbed.query("change == 'given'").set_index("signature")
    reported = result.performance.signatures.query("`set` == @TEST").set_index("signature")["auc"]
    assert given["auc"].to_dict() == pytest.approx(reported[given.index].to_dict())
    assert (given[["difference", "moved", "switched"]] == 0).all(axis=None)
    assert set(result.robustness.perturbed["signature"]) == {"Radiomics", "Clinical+Radiomics"}


def test_stronger_changes_overlap_less(finished: SimpleNamespace) -> None:
    overlap = finished.result.robustness.perturbed.drop_duplicates(["change", "strength"]).set_index(
        ["change", "strength"]
    )["dice"]
    assert overlap["given", 0.0] == 1
    assert 1 > overlap["redraw", 0.05] > overlap["redraw", 0.1] > 0.6
    assert finished.result.robustness.perturbed["moved"].max() > 0


def test_null_leaves_it_out(small_study_file: Path) -> None:
    text = small_study_file.read_text(encoding="utf-8") + "\nstability: null\n"
    file = small_study_file.with_name("no-stability.yaml")
    file.write_text(text, encoding="utf-8")
    assert load_study(file).stability is None


def test_the_filter_learns_from_redrawn_training_masks(small_study_file: Path, tmp_path: Path) -> None:
    text = small_study_file.read_text(encoding="utf-8")
    file = small_study_file.with_name("perturbation.yaml")
    file.write_text(text + "\nselection: {icc: 0.8, icc_from: perturbation}\nstability: null\n", encoding="utf-8")
    study = load_study(file)
    result = run_study(study, tmp_path, jobs=1)
    assert result.model.selection["step"].iloc[0] == "ICC(2,1) >= 0.8"
    context = local_context(tmp_path / "cache", 1)
    checked = checked_cohort(study, context)
    measured = measure_cohort(checked.cohort, study, checked.hashes, context)
    in_training = result.cohort.patients.loc[measured.feature_table.index, "set"].ne(TEST).to_numpy()
    X = training_set(measured, in_training).X
    icc = icc_2_1(np.stack([X[RADIOMICS].to_numpy(), X[second_reader(RADIOMICS)].to_numpy()], axis=1))
    assert result.model.selection["features_out"].iloc[0] == (np.nan_to_num(icc, nan=-1) >= 0.8).sum()


def test_a_lesion_is_redrawn_alike_in_every_run(small_study_file: Path, tmp_path: Path) -> None:
    study = load_study(small_study_file)
    context = local_context(tmp_path, 1)
    checked = checked_cohort(study, context)
    files, reading = lesion_files(checked.cohort.images)[:3], study.reading
    assert reading is not None
    runs = [
        measure_perturbed(files, ways, reading, study.radiomics, checked.hashes, 0, local_context(tmp_path / name, 1))
        for name, ways in (("a", [Way("redraw", 0.1)]), ("b", [Way("shift", 0.1), Way("redraw", 0.1)]))
    ]
    np.testing.assert_array_equal(runs[0].features[:, 0], runs[1].features[:, 1])
    np.testing.assert_array_equal(runs[0].dice[:, 0], runs[1].dice[:, 1])


def test_signatures_with_a_network_are_left_alone() -> None:
    fitted = {
        "Clinical": LogisticSignature({"age": "number"}),
        "Radiomics": FeatureSignature((RADIOMICS,)),
        "Deep": FeatureSignature((DEEP,)),
        "DLR": LogisticSignature({}, ("Radiomics", "Deep")),
        "Clinical+Radiomics": LogisticSignature({"age": "number"}, ("Radiomics",)),
    }
    assert remeasured_signatures(SimpleNamespace(fitted_=fitted)) == ["Radiomics", "Clinical+Radiomics"]  # type: ignore[arg-type]


class ByArea:
    """A frozen model by hand: the probability is the first radiomic feature."""

    def __init__(self) -> None:
        self.fitted_ = {"Radiomics": FeatureSignature((RADIOMICS,))}

    def predict_proba(self, X: pd.DataFrame, names: list[str]) -> dict[str, np.ndarray]:
        p = X[RADIOMICS, "area"].to_numpy()
        return {name: np.column_stack([1 - p, p]) for name in names}


def by_hand(area: dict[str, float]) -> Any:
    """Two training patients and four test patients, of whom the first two are cases; the last has two images."""
    names = pd.Index(list("ABCDEF"), name="patient_id")
    patients = pd.DataFrame({"label": [0, 1, 1, 1, 0, 0]}, index=names)
    images = pd.DataFrame({"patient_id": list("ABCDEFF"), "second_mask": None})
    features = pd.DataFrame({"area": [area[name] for name in images["patient_id"]]}, index=images.index)
    table = pd.DataFrame({(RADIOMICS, "area"): pd.Series(area)}).loc[names]
    return SimpleNamespace(
        measured=SimpleNamespace(cohort=SimpleNamespace(patients=patients, images=images), features=features),
        model=ByArea(),
        X=table.loc[list("CDEF")],
        study=SimpleNamespace(reading=None, stability=StabilityConfig(strengths=(0.1,), strength=0.2), seed=0),
        limits=pd.Series([0.5], index=pd.MultiIndex.from_tuples([("Radiomics", "yes")])),
        classes=("no", "yes"),
        confidence=0.95,
        in_training=np.array([True, True, False, False, False, False]),
    )


def test_worse_masks_have_a_negative_difference_and_better_ones_a_positive_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As given three of four pairs are right; redrawn masks turn all round, larger ones put all right."""
    scored = by_hand({"A": 0.5, "B": 0.5, "C": 0.9, "D": 0.4, "E": 0.6, "F": 0.1})
    # images of C, D, E and twice F, under redrawn, larger and smaller masks
    ways = np.array([[0.1, 0.9, 0.9], [0.2, 0.8, 0.4], [0.8, 0.2, 0.6], [0.9, 0.0, 0.1], [0.9, 0.2, 0.1]])
    asked = []

    def perturbed(scored: Any, images: pd.DataFrame, how: list[Way]) -> PerturbedFeatures:
        asked.append((images["patient_id"].tolist(), how))
        return PerturbedFeatures(ways[:, :, None], np.array([[0.8, 0.9, 1.0]] * 5))

    monkeypatch.setattr(module, "_perturbed", perturbed)
    table = module.perturbed_results(scored).set_index("change")
    # the test patients alone, and each way in its own place
    assert asked == [(list("CDEFF"), [Way("redraw", 0.1), Way("grow", 0.2), Way("shrink", 0.2)])]
    assert table["auc"].to_dict() == pytest.approx({"given": 0.75, "redraw": 0.0, "grow": 1.0, "shrink": 0.75})
    assert table["difference"].to_dict() == pytest.approx({"given": 0, "redraw": -0.75, "grow": 0.25, "shrink": 0})
    assert table["dice"].to_dict() == pytest.approx({"given": 1, "redraw": 0.8, "grow": 0.9, "shrink": 1})
    assert table["strength"].to_dict() == {"given": 0, "redraw": 0.1, "grow": 0.2, "shrink": 0.2}
    # C and F change sides when redrawn, D and E under larger masks
    assert table["switched"].to_dict() == {"given": 0, "redraw": 0.5, "grow": 0.5, "shrink": 0}
    assert (table["n"].tolist(), table["events"].tolist()) == ([4] * 4, [2] * 4)


def test_agreement_is_measured_on_training_lesions_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    scored = by_hand({"A": 0.5, "B": 0.7, "C": 0.9, "D": 0.4, "E": 0.6, "F": 0.1})
    asked = []

    def perturbed(scored: Any, images: pd.DataFrame, how: list[Way]) -> PerturbedFeatures:
        asked.append(images["patient_id"].tolist())
        # all changed masks but the shrunk ones, which turn the order round, measure the same as the given ones
        given = np.array([0.5, 0.7])
        return PerturbedFeatures(np.stack([given, given, given[::-1], given], axis=1)[:, :, None], np.ones((2, 4)))

    monkeypatch.setattr(module, "_perturbed", perturbed)
    [row] = module.feature_stability(scored).to_dict("records")
    assert asked == [["A", "B"]]
    assert (row["feature"], row["lesions"]) == ("area", 2)
    assert [row[f"icc_{change}"] for change in ("shift", "grow", "contour")] == pytest.approx([1, 1, 1])
    assert row["icc_shrink"] < 0
    assert row["icc"] < 1


def test_agreement_with_a_second_reader_is_that_of_the_lesions_that_both_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A, B and C train; the second reader outlined B and C, and turns their order round."""
    scored = by_hand({"A": 0.5, "B": 0.7, "C": 0.9, "D": 0.4, "E": 0.6, "F": 0.1})
    scored.in_training = np.array([True, True, True, False, False, False])
    scored.study.radiomics, scored.hashes, scored.context = "radiomics", {}, "context"
    images = scored.measured.cohort.images
    images["second_mask"] = [None, "b.png", "c.png", "d.png", None, None, None]
    monkeypatch.setattr(
        module, "_perturbed", lambda scored, images, how: PerturbedFeatures(np.zeros((3, 4, 1)), np.ones((3, 4)))
    )
    monkeypatch.setattr(module, "lesion_files", lambda images, column: (images[column].tolist(), column))
    asked: list[Any] = []
    monkeypatch.setattr(
        module, "measure_lesions", lambda *given: asked.append(given) or (np.array([[0.9], [0.7]]), None)
    )
    [row] = module.feature_stability(scored).to_dict("records")
    assert row["lesions"] == 3
    assert row["icc_second_reader"] < 0
    [(files, reading, *rest)] = asked
    assert files == (["b.png", "c.png"], "second_mask")
    assert (reading, rest) == (ImageReading(), ["radiomics", {}, "context"])
    # of one lesion there is no agreement
    images.loc[2, "second_mask"] = None
    assert "icc_second_reader" not in module.feature_stability(scored)


def test_a_sample_is_of_patients_and_all_images_of_theirs() -> None:
    names = pd.Index([f"P{i}" for i in range(8)], name="patient_id")
    images = pd.DataFrame({"patient_id": [f"P{i // 2}" for i in range(16)]})
    cohort = SimpleNamespace(patients=pd.DataFrame(index=names), images=images)
    measured: Any = SimpleNamespace(cohort=cohort)
    training = np.arange(8) < 6
    for most in (6, 7):
        assert module._sample(measured, training, most, 0)["patient_id"].tolist() == [f"P{i // 2}" for i in range(12)]
    drawn = [tuple(module._sample(measured, training, 3, seed)["patient_id"].unique()) for seed in range(20)]
    assert {len(one) for one in drawn} == {3}
    assert len(set(drawn)) > 5
    assert {name for one in drawn for name in one} == {f"P{i}" for i in range(6)}
    assert len(module._sample(measured, training, 3, 0)) == 6
    assert module._sample(measured, training, 3, 0).equals(module._sample(measured, training, 3, 0))


def test_settings_that_are_left_out_are_the_usual_ones() -> None:
    study = SimpleNamespace(reading=None, stability=None)
    assert module._settings(SimpleNamespace(study=study)) == (ImageReading(), StabilityConfig())  # type: ignore[arg-type]
    own = SimpleNamespace(reading="reading", stability="stability")
    assert module._settings(SimpleNamespace(study=own)) == ("reading", "stability")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "icc", "perturbed"),
    [
        ({}, True, True),
        ({"bundle": "a model"}, False, False),
        ({"study": SimpleNamespace(reading=None, stability="s")}, False, False),
        ({"study": SimpleNamespace(reading="r", stability=None)}, False, False),
        ({"model": SimpleNamespace(fitted_={"Deep": FeatureSignature((DEEP,))})}, True, False),
    ],
)
def test_only_a_study_of_images_that_asks_for_it_changes_outlines(
    change: dict[str, Any], icc: bool, perturbed: bool
) -> None:
    study = SimpleNamespace(reading="reading", stability="stability")
    scored: Any = SimpleNamespace(**{"bundle": None, "study": study, "model": ByArea(), **change})
    assert module.FEATURE_ICC.applies(scored) is icc
    assert module.PERTURBED.applies(scored) is perturbed


def test_columns_of_both_tables() -> None:
    assert " ".join(module.ICC_SCHEMA.names) == (
        "feature lesions icc icc_shift icc_grow icc_shrink icc_contour icc_second_reader"
    )
    assert module.ICC_SCHEMA.optional == {"icc_second_reader"}
    assert " ".join(module.PERTURBED_SCHEMA.names) == (
        "change strength dice signature outcome n events auc auc_low auc_high difference low high moved switched"
    )


def test_changed_masks_are_measured_as_the_study_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "lesion_files", lambda images: ("files of", images))
    monkeypatch.setattr(module, "measure_perturbed", lambda *given: given)
    study = SimpleNamespace(reading="reading", stability="stability", radiomics="radiomics", seed=7)
    scored: Any = SimpleNamespace(study=study, hashes="hashes", context="context")
    assert module._perturbed(scored, "images", ["ways"]) == (  # type: ignore[arg-type,list-item,comparison-overlap]
        ("files of", "images"), ["ways"], "reading", "radiomics", "hashes", 7, "context",
    )  # fmt: skip
