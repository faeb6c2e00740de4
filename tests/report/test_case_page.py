"""The case page and the chapter of explanations: what stands there, and that nothing is loaded."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sonoher2.predict.explanation import Effect, Explanation, Points
from sonoher2.predict.findings import PredictionFinding
from sonoher2.predict.heat import HeatMap
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.prediction import Prediction, Score
from sonoher2.predict.reference_cases import Distance, Neighbour, Similar
from sonoher2.predict.views import CaseView
from sonoher2.report.figures.model.effects import swarm
from sonoher2.report.page.case_page import write_case_page
from sonoher2.report.page.html import write_report
from sonoher2.study.analyses.explanations import Attribution, Explanations, HeatCase, HeatFindings
from sonoher2.study.analyses.heat_maps import share_summary, spread_patients, surest_patients
from sonoher2.study.results import StudyResult
from study_results import changed

EVIL = "<script>alert(1)</script> & co"
PATIENT = PatientInput(
    (ImageInput(Path("folder/scan_07.dcm"), (Path("folder/scan_07_mask.png"),), 0.08, frame=3),),
    {"age": "52", "menopause": EVIL},
    patient_id="P-104",
)


def heat_picture(seed: int, size: int = 40) -> HeatMap:
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    lesion = (rows - size / 2) ** 2 + (columns - size / 2) ** 2 < (size / 4) ** 2
    return HeatMap(rng.integers(0, 255, (size, size), dtype=np.uint8), lesion, rng.random((size, size)))


@pytest.fixture
def prediction() -> Prediction:
    explanation = Explanation(
        signature="Combined",
        outcome="positive",
        parts=(Effect("age", -0.2, "clinical"), Effect(EVIL, 0.4, "clinical"), Effect("Deep", 0.9, "Deep")),
        features={"Radiomics": (Effect("original_glcm_Idn", 0.3, "Radiomics", 1.25),)},
        points=(Points("age", 12.0), Points("DLR score", 61.5)),
        total_points=73.5,
        similar=(Similar("Combined", "positive", 50, 31, 0.62, 0.48, 0.74),),
        neighbours=(Neighbour(17, 0.61, "positive", 0.7), Neighbour(4, 0.66, "negative", 0.4)),
        distances=(Distance("Radiomics", 2.5, 1.5),),
        outside=(PredictionFinding("FAR_FROM_TRAINING", {"space": "Radiomics", "distance": 2.5, "limit": 1.5}),),
    )
    scores = (
        Score("Clinical", "positive", 0.41, 0.5, False, ("size_mm",)),
        Score("Combined", "positive", 0.66, 0.45, True, ("size_mm",)),
    )
    return Prediction(EVIL, "Research software, not for clinical use.", False, "ab" * 32, 1, scores, (), explanation)


@pytest.fixture
def picture() -> CaseView:
    pixels = np.random.default_rng(0).uniform(0, 255, (60, 80)).astype(np.float32)
    lesion = np.zeros((60, 80), bool)
    lesion[20:40, 30:60] = True
    return CaseView(pixels, lesion, (10.0, 22.0, 46.0), heat_picture(1), "positive")


def words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<svg.*?</svg>|<style>.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL))


def test_page_says_everything_and_loads_nothing(tmp_path: Path, prediction: Prediction, picture: CaseView) -> None:
    path = tmp_path / "case.html"
    write_case_page(path, prediction, [picture], PATIENT, made="2026-11-27 09:30+08:00")
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert all(found.startswith(("#", "data:image/png;base64,")) for found in re.findall(r'(?:href|src)="(.*?)"', text))
    assert all(target.startswith("#") for target in re.findall(r"url\((.*?)\)", text))
    assert len(text) < 3e6
    said = words(text)
    for fact in (
        "Research software, not for clinical use",
        "0.66",
        "at or above the threshold 0.45",
        "Of the 50 training patients with the most similar score 31 were positive: 0.62, 95% interval 0.48 to 0.74",
        "Outside what this model has seen",
        "the features of Radiomics lie 2.50 SD from the nearest training cases, 99 of 100 of which keep within 1.50 of",
        "size_mm",
        "clinical data +0.20, Deep +0.90",
        "DLR score 61.5",
        "Total 73.5",
        "17 positive 0.70 0.61",
        "speaks for positive",
        "Patient P-104 Made 2026-11-27 09:30+08:00 Image scan_07.dcm, frame 3 Image, lesion scan_07_mask.png",
        "Pixel size 0.08 mm age 52 menopause &lt;script&gt;alert(1)&lt;/script&gt; &amp; co size_mm not given",
    ):
        assert fact in said
    assert text.count("<svg") == 3


def test_clinical_data_alone_make_a_page_without_pictures(tmp_path: Path, prediction: Prediction) -> None:
    found = replace(prediction.explanation, outside=(), features={}, distances=())
    write_case_page(tmp_path / "case.html", replace(prediction, explanation=found), [], PatientInput((), {"age": "52"}))
    said = words((tmp_path / "case.html").read_text(encoding="utf-8"))
    assert "Outside" not in said
    assert "outline" not in said


def test_a_bundle_without_reference_still_gets_a_page(tmp_path: Path, prediction: Prediction) -> None:
    write_case_page(tmp_path / "case.html", replace(prediction, explanation=None), [], PATIENT)
    said = words((tmp_path / "case.html").read_text(encoding="utf-8"))
    assert "0.66" in said
    assert "Nearest" not in said


@pytest.fixture
def explained(two_class: StudyResult) -> StudyResult:
    rng = np.random.default_rng(0)
    tested = two_class.cohort.patients[two_class.cohort.patients["set"] == "test"]
    patients = list(tested.index)
    parts = rng.dirichlet([4, 2, 4], len(patients))
    shares = pd.DataFrame(parts, columns=["lesion", "ring", "elsewhere"]).assign(lesion_area=0.3, ring_area=0.15)
    shares = shares.assign(patient_id=patients, label=tested["label"].to_numpy(), called=tested["label"].to_numpy())
    cases = tuple(
        HeatCase(patients[i], label, called, 0.7, heat_picture(i))
        for i, (label, called) in enumerate([("HER2-positive",) * 2, ("HER2-positive", "HER2-negative")])
    )
    steps = pd.DataFrame({"share": np.arange(3) / 2, "by_heat": [2.0, 0.5, 0.0], "by_chance": [2.0, 1.0, 0.0]})
    deletion = pd.concat([steps.assign(patient_id=patient) for patient in patients[:4]])
    stages = pd.DataFrame({"stage": [0, 1, 2], "correlation": [0.4, np.nan, 0.1]})
    randomised = pd.concat([stages.assign(patient_id=patient) for patient in patients[:4]])
    effects = pd.DataFrame(
        rng.normal(size=(len(patients), 3)), index=patients, columns=["age", "quadrant", "Radiomics"]
    )
    points = pd.DataFrame(
        [(p, "x", "Clinical+Radiomics", v, 10.0) for p in patients for v in ("age", "total")],
        columns=["patient_id", "label", "signature", "variable", "points"],
    )
    attribution = Attribution(effects, effects.assign(quadrant=np.nan))
    found = Explanations(points, {"Clinical+Radiomics": attribution}, HeatFindings(shares, cases, deletion, randomised))
    return changed(two_class, explanations=found)


def test_report_has_a_chapter_of_explanations(tmp_path: Path, explained: StudyResult) -> None:
    text = write_report(explained, tmp_path).read_text(encoding="utf-8")
    assert 'id="explanations"' in text
    for name in ("heat_cases", "heat_shares", "heat_trust", "effects_1"):
        assert f'id="fig-{name}"' in text
        assert (tmp_path / "figures" / f"{name}.png").stat().st_size > 5000
    assert len(text) < 8e6
    points = pd.read_csv(tmp_path / "tables" / "nomogram_points.csv")
    assert set(points["patient_id"]) == set(explained.explanations.heat.shares["patient_id"])
    shares = pd.read_csv(tmp_path / "tables" / "heat_shares.csv").set_index("region")
    assert shares["heat"].sum() == pytest.approx(1)
    assert shares.loc["elsewhere", "area"] == pytest.approx(0.55)


def test_intervals_of_shares_hold_the_mean_and_leave_out_empty_maps(explained: StudyResult) -> None:
    shares = explained.explanations.heat.shares
    empty = shares.assign(lesion=np.where(np.arange(len(shares)) < 3, np.nan, shares["lesion"]))
    summary = share_summary(empty, 0.95, 0)
    assert (summary["patients"] == len(shares) - 3).all()
    assert (summary["heat_low"] < summary["heat"]).all()
    assert (summary["heat"] < summary["heat_high"]).all()
    standard_error = shares["lesion"][3:].std() / np.sqrt(len(shares) - 3)
    width = summary.loc[0, "heat_high"] - summary.loc[0, "heat_low"]
    assert width == pytest.approx(2 * 1.96 * standard_error, rel=0.1)


def test_surest_patients_are_right_and_wrong_ones_of_each_class() -> None:
    table = pd.DataFrame(
        {"label": [1, 1, 1, 0, 0, 1], "called": [1, 1, 0, 0, 1, 1], "sureness": [0.1, 3.0, 2.0, 1.0, 0.5, 2.5]},
        index=list("abcdef"),
    )
    assert surest_patients(table, 2) == ["b", "f", "c", "d", "e"]


def test_patients_are_spread_over_the_range_of_scores() -> None:
    score = pd.Series(np.arange(100)[::-1] / 100, index=[f"p{i}" for i in range(100)])
    chosen = spread_patients(score, 5)
    assert chosen[0] == "p99"
    assert chosen[-1] == "p0"
    assert np.diff(score[chosen]).max() < 0.27
    assert len(spread_patients(score[:3], 24)) == 3


def test_dots_that_are_close_lie_beside_each_other() -> None:
    x = np.array([0.0, 0.01, 0.02, 5.0])
    offsets = swarm(x, 1.0)
    assert offsets[3] == 0
    assert len(set(offsets[:3])) == 3
    assert np.abs(swarm(np.zeros(500), 1.0)).max() <= 0.38
