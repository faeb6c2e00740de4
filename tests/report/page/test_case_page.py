"""The case page and the chapter of explanations: what stands there, and that nothing is loaded."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonoher2.predict.explanation import Effect, Explanation, Points
from sonoher2.predict.findings import PredictionFinding
from sonoher2.predict.heat import HeatMap
from sonoher2.predict.patient import ImageInput, PatientInput
from sonoher2.predict.prediction import Prediction, Score
from sonoher2.predict.reference_cases import Distance, Neighbour, Similar
from sonoher2.predict.views import CaseView
from sonoher2.report.page.case_figures import effects_figure, image_figure
from sonoher2.report.page.case_page import write_case_page

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


def test_a_level_and_what_was_not_given_are_told_as_they_are(tmp_path: Path, prediction: Prediction) -> None:
    [similar] = prediction.explanation.similar
    surer = replace(prediction.explanation, similar=(replace(similar, confidence=0.995),))
    write_case_page(tmp_path / "case.html", replace(prediction, explanation=surer), [], PATIENT)
    said = words((tmp_path / "case.html").read_text(encoding="utf-8"))
    assert "0.62, 99.5% interval 0.48 to 0.74" in said
    assert (
        "Not given, so counted as learned in training (numbers and grades: the median; yes/no: the commoner; a"
        " category: missing, or a rare level where few were missing): size_mm"
    ) in said


def test_clinical_data_alone_make_a_page_without_pictures(tmp_path: Path, prediction: Prediction) -> None:
    found = replace(prediction.explanation, outside=(), features={}, distances=())
    write_case_page(tmp_path / "case.html", replace(prediction, explanation=found), [], PatientInput((), {"age": "52"}))
    said = words((tmp_path / "case.html").read_text(encoding="utf-8"))
    assert "Outside" not in said
    assert "outline" not in said


def test_an_empty_value_is_not_given(tmp_path: Path, prediction: Prediction) -> None:
    patient = PatientInput((), {"size_mm": None, "age": 52})
    write_case_page(tmp_path / "case.html", prediction, [], patient)
    assert "age 52 size_mm not given" in words((tmp_path / "case.html").read_text(encoding="utf-8"))


def test_a_bundle_without_reference_still_gets_a_page(tmp_path: Path, prediction: Prediction) -> None:
    write_case_page(tmp_path / "case.html", replace(prediction, explanation=None), [], PATIENT)
    said = words((tmp_path / "case.html").read_text(encoding="utf-8"))
    assert "0.66" in said
    assert "Nearest" not in said


def bars(path: Path) -> str:
    """Rows of the table of answers."""
    text = path.read_text(encoding="utf-8")
    return words(text[text.index("<h2>All signatures</h2>") :].split("</section>")[0])


def test_rows_of_all_signatures(tmp_path: Path, prediction: Prediction) -> None:
    write_case_page(tmp_path / "case.html", prediction, [], PATIENT)
    said = bars(tmp_path / "case.html")
    assert "Clinical positive 0.410 0.500 below" in said
    assert "Combined positive 0.660 0.450 at or above 31 of 50: 0.62 (0.48–0.74)" in said
    text = words((tmp_path / "case.html").read_text(encoding="utf-8"))
    assert "What adds to Combined" in text
    assert "Within Radiomics" in text


def test_effects_are_ordered_by_their_size_and_keep_their_sign(picture: CaseView) -> None:
    axes = effects_figure(["age", "size (+1.25)"], [-0.25, 0.75], "positive").axes[0]
    assert [bar.get_width() for bar in axes.patches] == [-0.25, 0.75]
    assert axes.get_xlabel() == "added to the log-odds of positive, against the mean training patient"
    left, right, *_ = image_figure(picture).axes
    window = left.patches[0]
    # top, left and side of the window
    assert (window.get_xy(), window.get_width(), window.get_height()) == ((22.0, 10.0), 46.0, 46.0)
    assert (right.get_title() or right.get_title("left")) == "speaks for positive"
    assert len(image_figure(replace(picture, heat=None)).axes) == 1
