"""The model card: what the frozen model is, in figures by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import report_by_hand as by
from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.config.images import ImagesConfig
from sonoher2.config.target import Her2Target
from sonoher2.report.writing.model_card import model_card, write_model_card
from sonoher2.study.results.parts import StudyResult

RECORD = {"machine": {"sonoher2": "9.8"}, "finished": "yesterday"}


def test_facts() -> None:
    lines = model_card(by.view(record=RECORD), "ab" * 32).splitlines()
    for line in (
        "# Model card: A small study",
        "**Research software, not for clinical use.**",
        "- Signatures: Clinical and Radiomics; the one to use is Radiomics.",
        "- Output: probability of HER2-positive, one per patient, calibrated on training patients.",
        "- Threshold of Radiomics for HER2-positive: 0.500, frozen.",
        "- A clinical value that is not given is counted as learned in training (numbers and grades: the median;"
        " yes/no: the commoner; a category: missing, or a rare level where few were missing).",
        "- Input: clinical data and a B-mode image with the outline of the lesion.",
        "  - age: number, years, known pre-biopsy",
        "  - BI-RADS: ordered, known biopsy",
        "- Made by SonoHER2 9.8, finished yesterday, seed 11.",
        f"- Sha256 of the bundle's manifest: `{'ab' * 32}`",
        "- For: research on predicting the column “her2”, at the time “biopsy”.",
        "- Training: 7 patients, 10 images (5 HER2-negative, 2 HER2-positive)",
        "- Test, locked away: 5 patients, 8 images (2 HER2-negative, 3 HER2-positive)",
        # of 40, 45, 50, 55, 60 and 70
        "- age in training: 5th to 95th percentile 41.2 to 67.5 years",
        "Brackets: 90% intervals. Training patients were scored out of fold.",
        "- The outline of the lesion matters; see “Stability” in the report.",
    ):
        assert line in lines, line


def test_performance_of_each_set() -> None:
    rows = [line for line in model_card(by.view(signatures=full())).splitlines() if line.startswith("| Radiomics")]
    assert rows == [
        "| Radiomics | HER2-positive | Training | 1007 | 1002 | 0.72 (0.62–0.92) | 0.52 (0.42–0.72) |"
        " 0.72 (0.67–0.82) | 1.22 (1.12–1.42) |",
        "| Radiomics | HER2-positive | Test | 5 | 3 | 0.74 (0.64–0.94) | 0.54 (0.44–0.74) | 0.74 (0.69–0.84) |"
        " 0.94 (0.84–1.14) |",
    ]


def full() -> object:
    return by.with_ends(by.signatures(), 0.05, "specificity")


def test_kinds_of_study() -> None:
    her2 = by.configured(by.study(), target=Her2Target(ihc="ihc", rule="ASCO/CAP 2023"), synthetic=True)
    card = model_card(by.view(her2))
    assert "HER2 status (positive-vs-negative, ASCO/CAP 2023)" in card
    assert "every patient behind this model is simulated" in card
    plain = model_card(by.view(by.configured(by.study(), images=None)))
    assert "- Input: clinical data." in plain
    assert "outline of the lesion matters" not in plain
    assert "simulated" not in plain
    assert "- Sites: 2" in model_card(by.view(patients=by.PATIENTS.assign(site=["A"] * 6 + ["B"] * 6)))


def test_lesions_that_it_is_not_for_are_those_outlined_otherwise() -> None:
    def named(result: StudyResult, **settings: object) -> str:
        lines = model_card(by.view(by.configured(result, **settings))).splitlines()
        [line] = [line for line in lines if line.startswith("- Not for: ")]
        return line.removeprefix("- Not for: decisions on any patient; anything but the input above")

    def outlined(found: int, images: int) -> StudyResult:
        # one more image, in which no lesion was found
        table = pd.DataFrame({"found": [True] * found + [False]})
        return by.study(segmented=table, flow=(FlowStep("", 0, 12, images),))

    assert named(by.study()) == "; lesions without an outline by a reader."
    assert named(by.study(), images=None, stability=None) == "."
    drawn = "; lesions without an outline by the shipped segmenter."
    assert named(outlined(8, 8), regions="segment") == drawn
    assert named(outlined(8, 8), regions="segment-missing") == drawn
    both = "; lesions without an outline by a reader or by the shipped segmenter."
    assert named(outlined(8, 9), regions="segment-missing") == both
    own = outlined(8, 8)
    own = by.view(own, record={"networks": {"segmenter": [{}]}}).result
    images = ImagesConfig(table=Path("images.csv"), mask="mask")
    told = named(own, regions={"segment": "trained"}, images=images)
    assert told == "; lesions without an outline by the segmenter of this study."


def test_how_the_outline_matters_is_told_where_it_was_measured() -> None:
    card = model_card(by.view(by.configured(by.study(), stability=None)))
    assert "- The outline of the lesion matters; how much was not measured." in card.splitlines()
    assert "Stability" not in card


def test_card_goes_into_the_bundle_that_it_names(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "manifest.json").write_text("{}", encoding="utf-8")
    write_model_card(by.view(), tmp_path)
    cards = [(folder / "model-card.md").read_text(encoding="utf-8") for folder in (tmp_path, tmp_path / "bundle")]
    assert cards[0] == cards[1]
    # sha256 of the two letters of the manifest
    assert "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" in cards[0]


def test_without_a_bundle_none_is_named(tmp_path: Path) -> None:
    write_model_card(by.view(), tmp_path)
    assert "Sha256" not in (tmp_path / "model-card.md").read_text(encoding="utf-8")


def test_a_validation_has_no_card(tmp_path: Path) -> None:
    write_model_card(by.view(by.validation()), tmp_path)
    assert not list(tmp_path.iterdir())
