"""Whose networks outlined and cleared the images, and on whom they learned."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import report_by_hand as by
from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.config.images import ImagesConfig
from sonoher2.report.content.image_networks import (
    enhancer_words,
    given_outlines,
    own_networks,
    segmenter_name,
    segmenter_words,
)
from sonoher2.study.results.parts import StudyResult

SHA = {"segmenter": "ab" * 32, "enhancer": "cd" * 32}
IMAGES = ImagesConfig(table=Path("images.csv"), mask="mask")


def weights(*trained: tuple[int | None, int, int]) -> list[dict[str, object]]:
    return [{"sha256": "x", "without_fold": fold, "patients": p, "images": n} for fold, p, n in trained]


def own(result: StudyResult, networks: list[dict[str, object]], **settings: object) -> StudyResult:
    record = {"sha256": SHA, "networks": {"segmenter": networks, "enhancer": networks}}
    return by.configured(by.view(result, record=record).result, images=IMAGES, **settings)


def test_the_shipped_networks() -> None:
    view = by.view(record={"sha256": SHA})
    assert own_networks(view, "segmenter") == []
    assert segmenter_name(view) == "the shipped segmenter"
    assert segmenter_words(view) == (
        "the segmenter that SonoHER2 ships (weights sha256 abababababab): a U-Net trained on BUS-BRA (folds 1 to 4) and"
        " BrEaST (four in five cases), which saw no label"
    )
    assert enhancer_words(by.view()) == (
        "the network that SonoHER2 ships: it removes speckle and sharpens at the same size, and was trained on BUS-BRA"
        " (folds 1 to 4) and BrEaST (four in five cases)"
    )


def test_networks_that_were_trained_in_the_study() -> None:
    three = weights((None, 40, 1), (1, 20, 0), (2, 20, 0))
    view = by.view(own(by.study(), three, regions={"segment": "trained"}, enhance={"gan": "trained"}))
    assert segmenter_name(view) == "the segmenter of this study"
    learned = (
        "it learned without labels from 40 training patients{} (1 image). The images of test patients went through the"
        " network that was trained on all of these, those of each training patient through one of 2 that were trained"
        " without the patient's fold and so never saw the patient"
    )
    assert segmenter_words(view) == (
        "a segmenter that was trained in this study (weights sha256 abababababab), a U-Net with the encoder"
        f" EfficientNet-Lite0 and a PatchGAN discriminator; {learned.format(' with a given mask')}"
    )
    assert enhancer_words(view) == (
        "a network that was trained in this study (weights sha256 cdcdcdcdcdcd): it removes speckle and sharpens at the"
        f" same size; {learned.format('')}"
    )
    # a second cohort did not train them
    second = by.view(own(by.validation(), three, regions={"segment": "trained"}, enhance={"gan": "trained"}))
    assert segmenter_name(second).startswith("the segmenter of ")
    assert "trained in this study" not in segmenter_words(second) + enhancer_words(second)


def test_weights_of_a_file_and_of_a_model(tmp_path: Path) -> None:
    files = {"regions": {"segment": str(tmp_path / "s.st")}, "enhance": {"gan": str(tmp_path / "e.st")}}
    for name in ("s.st", "e.st"):
        (tmp_path / name).touch()
    view = by.view(own(by.study(), weights((None, 0, 0)), **files))
    assert segmenter_name(view) == "the segmenter of s.st"
    assert segmenter_words(view) == "the segmenter of s.st (weights sha256 abababababab)"
    assert enhancer_words(view) == (
        "the enhancer of e.st (weights sha256 cdcdcdcdcdcd): it removes speckle and sharpens at the same size"
    )
    model = by.view(own(by.study(), weights((None, 0, 0))))
    assert segmenter_name(model) == "the segmenter of the model"
    assert enhancer_words(model).startswith("the enhancer of the model (weights")


def test_images_of_the_last_step_that_no_segmenter_outlined() -> None:
    flow = (FlowStep("", 0, 9, 50), FlowStep("", 0, 8, 40))
    assert given_outlines(by.view(flow=flow)) == 40
    assert given_outlines(by.view(flow=flow, segmented=pd.DataFrame({"found": [True, True, False]}))) == 38
