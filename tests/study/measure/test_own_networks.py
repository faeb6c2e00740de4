"""Weights that a study names, and by which of them each image is cleared."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from sonoher2.cohort.patients.cohort import Cohort
from sonoher2.config.image_networks import EnhancedImages, SegmentedRegions
from sonoher2.core.errors import InputError
from sonoher2.networks.own import ImageNetworks, OwnNetwork, Weights
from sonoher2.study.measure import own_networks as module
from sonoher2.study.measure.own_networks import networks_of_files, with_enhancers


def study(regions: Any, enhance: Any, folder: Path = Path()) -> Any:
    return SimpleNamespace(regions=regions, enhance=enhance, images=object(), path=lambda name: folder / name)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Weights that were looked into, and files whose list of training images was."""
    looked: list[object] = []
    monkeypatch.setattr(module, "check_readable", looked.append)
    monkeypatch.setattr(module, "load_training_images", looked.append)
    return looked


def test_a_file_takes_the_place_of_its_own_kind(tmp_path: Path, read: list[object]) -> None:
    for name in ("s", "e"):
        (tmp_path / f"{name}.safetensors").write_text(name, encoding="utf-8")
    segment, clear = SegmentedRegions(segment="s.safetensors"), EnhancedImages(gan="e.safetensors")
    both = networks_of_files(study(segment, clear, tmp_path))
    assert both.segmenter is not None
    assert both.enhancer is not None
    # sha256 of the letters s and e
    assert both.segmenter.final.sha256.startswith("043a718774c572bd8a25adbeb1bfcd5c")
    assert both.enhancer.final.sha256.startswith("3f79bb7b435b05321651daefd374cdc6")
    assert both.segmenter.final.path == str(tmp_path / "s.safetensors")
    assert both.segmenter.unseen_by == {}
    assert read[-1] is both
    assert tmp_path / "s.safetensors" in read
    alone = networks_of_files(study("segment", clear, tmp_path))
    assert alone.segmenter is None
    assert alone.enhancer == both.enhancer


def test_trained_and_shipped_networks_are_no_files(read: list[object]) -> None:
    trained = study(SegmentedRegions(segment="trained"), EnhancedImages(gan="trained"))
    assert networks_of_files(trained) == ImageNetworks()
    assert networks_of_files(study("segment", "gan")) == ImageNetworks()
    without = study(SegmentedRegions(segment="absent.safetensors"), "none")
    without.images = None
    assert networks_of_files(without) == ImageNetworks()


def test_a_file_that_is_not_there_is_named(read: list[object], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent\.safetensors: there is no such file of weights"):
        networks_of_files(study(SegmentedRegions(segment="absent.safetensors"), "none", tmp_path))


def weights(name: str) -> Weights:
    return Weights(f"{name}.safetensors", name, f"{name}.json")


def test_each_image_is_cleared_by_weights_that_never_saw_its_patient() -> None:
    """A and B are training patients, each with weights of their own; C is new."""
    images = pd.DataFrame({"patient_id": ["C", "B", "A", "B"]}, index=[7, 3, 5, 1])
    cohort = Cohort(pd.DataFrame(index=list("ABC")), images, ("no", "yes"), {}, ())
    own = OwnNetwork(weights("final"), {"A": weights("without A"), "B": weights("without B")})
    found = with_enhancers(cohort, study("given", "gan"), ImageNetworks(None, own)).images["enhancer"]
    assert {place: one.sha256 for place, one in found.items()} == {
        7: "final",
        3: "without B",
        5: "without A",
        1: "without B",
    }
    assert "enhancer" not in cohort.images
    # the segmenter's weights clear nothing, and a study may leave images as they are
    assert with_enhancers(cohort, study("given", "gan"), ImageNetworks(own, None)) is cohort
    assert with_enhancers(cohort, study("given", "none"), ImageNetworks(None, own)) is cohort
