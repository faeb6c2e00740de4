"""The networks that a study names for its images: spellings that mean the same, and those that mean nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sonoher2.config.load import settings_from
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import FindingsError

PLAIN: dict[str, Any] = {
    "clinical": {"table": "c.csv"},
    "target": {"column": "a", "positive": "x"},
    "images": {"table": "i.csv", "mask": "m"},
}


def study(**changes: Any) -> StudyConfig:
    return settings_from(StudyConfig, PLAIN | changes)


def test_todays_words_and_their_long_form_are_one_setting() -> None:
    assert study().regions == "given"
    assert study(regions={"segment": "shipped"}) == study(regions="segment")
    assert study(enhance={"gan": "shipped"}) == study(enhance="gan")
    assert study(regions="segment-missing", enhance="gan").trained_networks == ()


def test_what_is_trained_and_what_is_read_from_a_file() -> None:
    assert study(regions={"segment": "trained"}).trained_networks == ("segmenter",)
    both = study(regions={"segment": "trained", "training": {"epochs": 7}}, enhance={"gan": "trained"})
    assert both.trained_networks == ("segmenter", "enhancer")
    assert both.regions.training.epochs == 7
    assert both.reading is not None
    assert both.reading.enhance == "gan"
    named = study(regions={"segment": "own/segmenter.safetensors"}, enhance={"gan": "own/enhancer.safetensors"})
    assert named.trained_networks == ()
    assert named.regions.segment == Path("own/segmenter.safetensors")


@pytest.mark.parametrize("how", [{"segment": "trained"}, {"segment": "a.safetensors"}])
def test_settings_are_read_back_from_a_run(how: dict[str, str]) -> None:
    asked = study(regions=how, enhance={"gan": "trained", "training": {"steps": 3}})
    assert StudyConfig.model_validate(asked.model_dump(mode="json")) == asked


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"regions": "segmentt"}, "regions: input should be 'given', 'segment' or 'segment-missing'"),
        ({"regions": {"segment": "trained", "training": {"epoch": 3}}}, r"unknown key 'epoch'. Did you mean 'epochs'"),
        ({"regions": {"segment": "a.safetensors", "training": {}}}, "`training` belongs to `segment: trained`"),
        ({"regions": {"segment": "shipped", "training": {}}}, "`training` belongs to `segment: trained`"),
        ({"enhance": {"gan": "a.safetensors", "training": {}}}, "`training` belongs to `gan: trained`"),
        ({"regions": {"segment": "trained", "training": {"size": 100}}}, "multiple of 32"),
        ({"regions": {"segment": "trained"}, "images": {"table": "i.csv"}}, "learns from the training patients' masks"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FindingsError, match=sentence):
        study(**changes)


def test_an_enhancer_needs_no_masks() -> None:
    assert study(enhance={"gan": "trained"}, images={"table": "i.csv"}).trained_networks == ("enhancer",)
