"""What the tests of networks of a study's own share: a training that is replaced, and what it was shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from sonoher2.config.study import StudyConfig
from sonoher2.study.results.parts import StudyResult

TRAINED = {
    "regions": {"segment": "trained", "training": {"epochs": 2, "size": 32, "weights": "none"}},
    "enhance": {"gan": "trained", "training": {"epochs": 2, "steps": 1, "patch": 16}},
    "stability": None,
    "ablation": True,
    "models": ["logistic"],
}


@dataclass
class Lessons:
    """What each network was shown: names of images by sha256 of its weights; and how often something was trained."""

    segmenters: dict[str, set[str]]
    enhancers: dict[str, set[str]]
    masked: set[str]
    trained: int = 0


def replace_training(monkeypatch: pytest.MonkeyPatch) -> Lessons:
    """Let networks be the shipped ones, slightly changed by what they are shown, and note what that is."""
    import torch

    from sonoher2.core.files import file_sha256
    from sonoher2.enhancement.enhancer import SHIPPED as CLEARING
    from sonoher2.enhancement.enhancer import load_enhancer, save_generator
    from sonoher2.enhancement.network import Generator
    from sonoher2.segmentation.shipped import SHIPPED
    from sonoher2.segmentation.weights_file import load_weights, save_weights

    lessons = Lessons({}, {}, set())

    def segmenter(cases, schedule, out: Path, *, validation: float, reading) -> Path:
        assert validation == 0
        network, card = load_weights(SHIPPED)
        names = {case.image.name for case in cases}
        save_weights(out / "segmenter.safetensors", network, card | {"size": 96, "saw": sorted(names)})
        lessons.segmenters[file_sha256(out / "segmenter.safetensors")] = names
        lessons.masked |= {case.image.name for case in cases if case.masks}
        lessons.trained += 1
        return out / "segmenter.safetensors"

    def enhancer(images, schedule, out: Path) -> Path:
        generator = Generator()
        generator.load_state_dict(load_enhancer(CLEARING).generator.state_dict())
        names = sorted(path.name for path, _ in images)
        with torch.no_grad():
            generator.heads["1"].bias += sum(map(ord, "".join(names))) % 97 / 1e4
        save_generator(generator, out / "enhancer.safetensors")
        lessons.enhancers[file_sha256(out / "enhancer.safetensors")] = set(names)
        lessons.trained += 1
        return out / "enhancer.safetensors"

    monkeypatch.setattr("sonoher2.segmentation.training.fit.learn_segmenter", segmenter)
    monkeypatch.setattr("sonoher2.enhancement.fit.learn_enhancer", enhancer)
    return lessons


@dataclass(frozen=True)
class OwnRun:
    """The finished study, its folder, and what its networks were shown."""

    study: StudyConfig
    folder: Path
    result: StudyResult
    lessons: Lessons
