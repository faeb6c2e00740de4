from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sonoher2.cli.app import run
from sonoher2.enhancement.schedule import Schedule


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command asks for; nothing is trained."""
    asked: dict[str, Any] = {}

    def images(paths: list[Path], data: Path | None, out: Path) -> list[str]:
        asked.update(paths=paths, data=data, images_out=out)
        return ["image"]

    def fit(images: list[str], schedule: Schedule, out: Path) -> Path:
        asked.update(images=images, schedule=schedule, out=out)
        return out / "enhancer.safetensors"

    monkeypatch.setattr("sonoher2.study.measure.training_images.enhancer_images", images)
    monkeypatch.setattr("sonoher2.enhancement.fit.fit_enhancer", fit)
    return asked


def test_every_option_reaches_the_training(given: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    options = "--epochs 5 --warm-up 2 --steps 3 --batch 4 --patch 64 --rate 0.01 --adversarial 0.5 --bf16 --seed 9"
    assert run(["train-enhancer", "a.png", "b", "--out", "o", "--data", "d", *options.split()]) == 0
    assert given["schedule"] == Schedule(
        epochs=5, warm_up=2, steps=3, batch=4, patch=64, rate=0.01, adversarial=0.5, bf16=True, seed=9
    )
    assert (given["paths"], given["data"]) == ([Path("a.png"), Path("b")], Path("d"))
    assert (given["images"], given["out"], given["images_out"]) == (["image"], Path("o"), Path("o"))
    assert "enhance IMAGE... --weights o/enhancer.safetensors --out DIR" in capsys.readouterr().out


def test_defaults_are_those_of_the_schedule(given: dict[str, Any]) -> None:
    assert run(["train-enhancer", "a.png", "--out", "o"]) == 0
    assert given["schedule"] == Schedule()


def test_a_patch_that_fits_no_grid_ends_before_anything_is_read(
    given: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train-enhancer", "a.png", "--out", "o", "--patch", "36"]) == 2
    assert not given
    said = capsys.readouterr().err
    assert "36 pixels is not a multiple of 8" in said
    assert "--patch" in said
