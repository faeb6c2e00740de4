"""Sentences of the methods about the label, the outlines and the enhancement."""

from __future__ import annotations

import pandas as pd

from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.config.target import Her2Target
from sonoher2.report.content.view import View
from sonoher2.report.writing.methods import _enhancement, _label, _outlines
from sonoher2.study.results import StudyResult
from study_results import changed


def test_declared_spellings_and_the_guideline_of_words_are_told() -> None:
    given = {"ihc": "a", "rule": "ASCO/CAP 2023"}
    plain = _label(Her2Target.model_validate(given), ("negative", "positive"), lambda _: "")  # type: ignore[arg-type]
    assert "spelling" not in plain
    declared = {"values": {"9": "missing", "ish": {"1": "positive", "0": "negative"}}, "ish_rule": "ASCO/CAP 2018"}
    told = _label(Her2Target.model_validate(given | declared), ("negative", "positive"), lambda _: "")  # type: ignore[arg-type]
    assert "The study file says what 3 spellings of these results mean." in told
    assert "follow ASCO/CAP 2018, as declared" in told


def _with_outlines(result: StudyResult, outlined: int, found: int, images: int) -> StudyResult:
    table = pd.DataFrame({"found": [True] * found + [False] * (outlined - found)})
    flow = (*result.cohort.flow[:-1], FlowStep("", 0, images, images))
    return changed(
        result, segmented=table, flow=flow, record={"sha256": {"segmenter": "ab" * 32, "enhancer": "cd" * 32}}
    )


def test_whose_outlines_the_features_rest_on(two_class: StudyResult) -> None:
    given = _outlines(View(changed(two_class, segmented=pd.DataFrame())))
    assert given == "The lesions were outlined by the masks that were given; SonoHER2 drew none."
    drawn = _outlines(View(_with_outlines(two_class, 30, 28, 28)))
    assert "30 images had the lesion outlined automatically" in drawn
    assert "(weights sha256 abababababab)" in drawn
    assert "found in 28 of them; no given mask was used." in drawn
    both = _outlines(View(_with_outlines(two_class, 30, 28, 40)))
    assert both.endswith("found in 28 of them, and 12 images had a given mask.")


def test_enhancement_is_told(two_class: StudyResult) -> None:
    assert not _enhancement(View(two_class))
    cleared = changed(two_class, config=two_class.about.config.model_copy(update={"enhance": "gan"}))
    told = _enhancement(View(_with_outlines(cleared, 1, 1, 1)))
    assert "all images were enhanced by the network that SonoHER2 ships (weights sha256 cdcdcdcdcdcd)" in told
