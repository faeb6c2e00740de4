"""Simulated results, as a study of ultrasound and clinical data would leave them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.config.clinical import ClinicalColumn, ClinicalConfig
from sonoher2.config.images import ImagesConfig
from sonoher2.config.study import StudyConfig
from sonoher2.config.target import ColumnTarget, Her2Target
from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.core.errors import Finding
from sonoher2.selection.lasso import LassoPath
from sonoher2.signatures.nomogram import NomogramTerm, build_nomogram
from sonoher2.study.analyses.comparisons import comparison_table
from sonoher2.study.analyses.signatures import main_signature, signature_table
from sonoher2.study.analyses.subgroups import subgroup_table
from sonoher2.study.predictions import learn_thresholds, long_predictions
from sonoher2.study.results import About, CheckResult, CohortResult, ModelResult, Performance, StudyResult
from study_results import changed

CLINICAL = {
    "age": ClinicalColumn(kind="number", timing="pre-biopsy", unit="years"),
    "largest diameter": ClinicalColumn(kind="number", timing="pre-biopsy", unit="mm"),
    "menopausal": ClinicalColumn(kind="yes/no", timing="pre-biopsy", levels=["no", "yes"]),
    "BI-RADS": ClinicalColumn(kind="ordered", timing="pre-biopsy", levels=["3", "4A", "4B", "4C", "5"]),
    "quadrant": ClinicalColumn(kind="category", timing="pre-biopsy"),
}
STRENGTH = {"Clinical": 0.5, "Radiomics": 0.9, "Clinical+Radiomics": 1.1}
FILTERS = ("original", "wavelet-LH", "wavelet-HH", "log-sigma-3-0-mm-3D", "gradient", "lbp-2D", "exponential")
KINDS = ("glcm_Idmn", "glszm_SmallAreaEmphasis", "firstorder_Skewness", "gldm_DependenceVariance", "ngtdm_Coarseness")


def study_config(**changes: object) -> StudyConfig:
    values: dict[str, object] = {
        "title": "HER2 status from B-mode ultrasound, two hospitals",
        "seed": 7,
        "images": ImagesConfig(table=Path("images.csv")),
        "clinical": ClinicalConfig(table=Path("clinical.csv"), columns=CLINICAL),
        "target": Her2Target(ihc="ihc", ish="ish", status="her2", rule="ASCO/CAP 2018"),
        "evaluation": {"bootstrap": 200, "subgroups": ["age", "menopausal", "BI-RADS"]},
    }
    return StudyConfig.model_validate(values | changes)


def simulate_patients(rng: np.random.Generator, n: int, classes: tuple[str, ...], shares: list[float]) -> pd.DataFrame:
    label = rng.choice(len(classes), n, p=shares)
    patients = pd.DataFrame(
        {
            "set": np.where(rng.random(n) < 0.7, TRAIN_OOF, TEST),
            "label": np.array(classes, dtype=object)[label],
            "images": rng.integers(1, 4, n),
            "age": rng.normal(54, 11, n).round(),
            "largest diameter": (rng.gamma(4, 6, n) + 3 * label).round(1),
            "menopausal": rng.integers(0, 2, n).astype(float),
            "BI-RADS": rng.integers(0, 5, n).astype(float),
            "quadrant": rng.choice(["upper outer", "upper inner", "lower outer", "lower inner", "central"], n),
        },
        index=pd.Index([f"P{i:04d}" for i in range(n)], name="patient_id"),
    )
    patients.loc[rng.random(n) < 0.06, "largest diameter"] = np.nan
    return patients


def simulate_probabilities(
    rng: np.random.Generator, label: np.ndarray, classes: int, strengths: dict[str, float]
) -> dict[str, np.ndarray]:
    truth = np.eye(classes)[label]
    shared = rng.normal(0, 1, truth.shape)
    result = {}
    for name, strength in strengths.items():
        logit = strength * truth + 0.6 * shared + rng.normal(0, 0.3, truth.shape) - 0.4 * np.arange(classes)
        result[name] = np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)
    return result


def simulate_lasso(rng: np.random.Generator, names: tuple[str, ...]) -> LassoPath:
    alphas = np.geomspace(0.3, 0.003, 60)
    limits = rng.normal(0, 0.09, len(names))
    shrunk = np.sign(limits)[:, None] * np.maximum(np.abs(limits)[:, None] - alphas[None, :] * 0.6, 0) * 4
    error = 1.18 + 0.04 * (np.log(alphas / 0.04)) ** 2 / 2
    return LassoPath(names, alphas, shrunk, error, np.full(60, 0.03), int(error.argmin()))


def simulate_zoo(rng: np.random.Generator, signatures: list[str]) -> pd.DataFrame:
    models = ["logistic", "svm", "random-forest", "xgboost", "lightgbm", "knn"]
    rows = [
        {
            "signature": s,
            "model": m,
            "parameters": {"C": 0.1} if m in ("logistic", "svm") else {},
            "cv_auc": a,
            "cv_auc_sd": 0.05,
        }
        for s in signatures
        for m, a in zip(models, rng.uniform(0.6, 0.8, len(models)), strict=True)
    ]
    zoo = pd.DataFrame(rows)
    return zoo.assign(chosen=zoo.groupby("signature")["cv_auc"].transform("max") == zoo["cv_auc"])


def simulate_result(
    classes: tuple[str, ...] = ("HER2-negative", "HER2-positive"),
    n: int = 300,
    seed: int = 1,
    strengths: dict[str, float] = STRENGTH,
    **changes: object,
) -> StudyResult:
    rng = np.random.default_rng(seed)
    config = study_config(**changes)
    shares = [0.7, 0.3] if len(classes) == 2 else [0.3, 0.4, 0.3]
    patients = simulate_patients(rng, n, classes, shares)
    labels = patients["label"].map({name: i for i, name in enumerate(classes)})
    probabilities = simulate_probabilities(rng, labels.to_numpy(), len(classes), strengths)
    predictions = pd.concat(
        [
            long_predictions({s: p[rows] for s, p in probabilities.items()}, labels[rows], classes, subset)
            for subset in (TRAIN_OOF, TEST)
            for rows in [(patients["set"] == subset).to_numpy()]
        ],
        ignore_index=True,
    )
    thresholds = learn_thresholds(predictions[predictions["set"] == TRAIN_OOF], config.evaluation)
    signatures = signature_table(predictions, thresholds, config.evaluation, config.seed)
    names = tuple(f"{a}_{b}" for a in FILTERS for b in KINDS)
    lasso = simulate_lasso(rng, names)
    kept = pd.DataFrame({"feature": names, "coefficient": lasso.coefficients[:, lasso.chosen]}).query(
        "coefficient != 0"
    )
    kept = kept.sort_values("coefficient", key=abs, ascending=False, ignore_index=True)
    heatmap = pd.DataFrame(rng.normal(0, 1, (n, len(kept))), index=patients.index, columns=kept["feature"].to_list())
    heatmap += np.outer(labels - labels.mean(), np.sign(kept["coefficient"]))
    images = config.images is not None
    terms = [
        NomogramTerm("age", "years", ("20", "30", "40", "50", "60", "70", "80"), np.linspace(0.9, 0.0, 7)),
        NomogramTerm("BI-RADS", "", ("3", "4A", "4B", "4C", "5"), np.array([0.0, 0.2, 0.3, 0.6, 0.7])),
        NomogramTerm("Radiomics score", "", tuple(f"{x:g}" for x in np.arange(0, 1.01, 0.1)), np.linspace(0, 4, 11)),
    ]
    empty = pd.DataFrame()
    return StudyResult(
        about=About(
            config=config,
            kind="study",
            classes=classes,
            main=main_signature(signatures),
            seconds={"cohort": 1.2, "features": 83.0, "signatures": 412.0},
            record={
                "started": "2026-11-23T08:00:00+00:00",
                "finished": "2026-11-23T08:09:31+00:00",
                "seed": 7,
                "machine": {
                    "sonoher2": "0.1.0",
                    "system": "Linux",
                    "processor": "x86_64",
                    "python": "3.11.2",
                    "numpy": "2.4.6",
                },
                "inputs": {"images.csv": "ab" * 32, "clinical.csv": "cd" * 32},
                "settings": config.model_dump(mode="json", exclude={"data"}),
                "ledger": [{"model": "ef" * 32, "opened": "2026-11-23T08:09:00+00:00"}],
            },
        ),
        cohort=CohortResult(
            patients=patients,
            flow=(
                FlowStep("", 0, n + 41, 2 * n + 90),
                FlowStep("HER2 indeterminate: IHC 2+ without ISH", 29, n + 12, 2 * n + 20),
                FlowStep("no lesion mask", 12, n, 2 * n),
                FlowStep("", 0, n, 2 * n),
            ),
            rule_counts=pd.DataFrame(
                {
                    "branch": ["IHC 0", "IHC 1+", "IHC 2+, ISH not amplified", "IHC 3+"],
                    "status": ["negative", "negative", "negative", "positive"],
                    "patients": [90, 80, 40, 90],
                }
            ),
            conflicts=pd.DataFrame(
                {"patient_id": ["P0003"], "derived": ["positive"], "reported": ["negative"], "branch": ["IHC 3+"]}
            ),
        ),
        performance=Performance(
            predictions=predictions,
            thresholds=thresholds,
            signatures=signatures,
            comparisons=comparison_table(predictions, 0.95),
            subgroups=subgroup_table(predictions, patients, config.evaluation, config.clinical.columns),
        ),
        model=ModelResult(
            candidates=simulate_zoo(rng, list(strengths)),
            selection=pd.DataFrame(
                {
                    "step": ["variance", "Mann–Whitney U", "Spearman", "mRMR", "LASSO"],
                    "features_in": [1497, 1480, 412, 96, 30],
                    "features_out": [1480, 412, 96, 30, len(kept)],
                }
            )
            if images
            else empty,
            lasso=lasso if images else None,
            coefficients=kept if images else empty,
            heatmap=heatmap if images else empty,
            nomograms={"Clinical+Radiomics": build_nomogram(terms, -3.2)} if "Clinical+Radiomics" in strengths else {},
        ),
        checks=CheckResult(
            findings=(
                Finding("note", "12 images have no pixel size", "images.csv", "Shape features are in pixels for these"),
                Finding(
                    "warning",
                    "two patients share one picture",
                    "images.csv, rows 12 and 80",
                    "They were kept on one side",
                ),
            )
        ),
    )


def as_validation(result: StudyResult) -> StudyResult:
    """What `validate` would have made of the test patients."""

    def test(table: pd.DataFrame) -> pd.DataFrame:
        return table[table["set"] == TEST] if "set" in table else table.iloc[:0]

    return changed(
        result,
        kind="validation",
        patients=test(result.cohort.patients),
        predictions=test(result.performance.predictions),
        signatures=test(result.performance.signatures),
        comparisons=test(result.performance.comparisons),
        subgroups=test(result.performance.subgroups),
        candidates=result.model.candidates.iloc[:0],
        selection=result.model.selection.iloc[:0],
        lasso=None,
        coefficients=result.model.coefficients.iloc[:0],
        heatmap=result.model.heatmap.iloc[:0],
        nomograms={},
    )


def clinical_only() -> StudyResult:
    target = ColumnTarget(column="her2", positive="yes")
    evaluation = {"bootstrap": 100, "subgroups": ["menopausal"]}
    return simulate_result(n=80, strengths={"Clinical": 0.6}, images=None, target=target, evaluation=evaluation)


@pytest.fixture(scope="session")
def two_class() -> StudyResult:
    return simulate_result()


@pytest.fixture(scope="session")
def three_class() -> StudyResult:
    return simulate_result(("zero", "low", "positive"), n=240, synthetic=True)


@pytest.fixture(scope="session")
def clinical() -> StudyResult:
    return clinical_only()


@pytest.fixture(scope="session")
def validation(two_class: StudyResult) -> StudyResult:
    return as_validation(two_class)
