from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sonoher2.cli.app import run
from sonoher2.segmentation.shipped import SHIPPED
from sonoher2.segmentation.training.state import Schedule


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command asks for; nothing is trained."""
    asked: dict[str, Any] = {}

    def cases(images: Path, data: Path | None, out: Path, label: str | None) -> tuple[list[str], str]:
        asked.update(images=images, data=data, cases_out=out, label=label)
        return ["case"], "reading"

    def fit(cases: list[str], schedule: Schedule, out: Path, *, reading: str, validation: float) -> Path:
        asked.update(cases=cases, schedule=schedule, out=out, reading=reading, validation=validation)
        return out / "segmenter.safetensors"

    monkeypatch.setattr("sonoher2.study.measure.training_images.segmenter_cases", cases)
    monkeypatch.setattr("sonoher2.segmentation.training.fit.fit_segmenter", fit)
    return asked


def test_every_option_reaches_the_training(given: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    options = "--network resnet18 --encoder-weights none --size 64 --epochs 5 --warm-up 2 --warm-up-size 32"
    options += " --adversarial 0.5 --rate 0.0006 --validation 0.25 --seed 9 --data d --label 2"
    assert run(["train-segmenter", "t.csv", "--out", "o", *options.split()]) == 0
    assert given["schedule"] == Schedule(
        network="resnet18",
        weights="none",
        size=64,
        warm_up_size=32,
        epochs=5,
        warm_up=2,
        adversarial=0.5,
        rate=0.0006,
        seed=9,
    )
    assert (given["images"], given["data"], given["cases_out"]) == (Path("t.csv"), Path("d"), Path("o"))
    assert (given["label"], given["reading"]) == ("2", "reading")
    assert (given["cases"], given["out"], given["validation"]) == (["case"], Path("o"), 0.25)
    assert capsys.readouterr().out == (
        "Wrote o/segmenter.safetensors. Next: sonoher2 segment IMAGE... --weights o/segmenter.safetensors --out DIR\n"
    )


def test_a_prompted_network_that_goes_on_from_the_shipped_one(
    given: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["train-segmenter", "t.csv", "--out", "o", "--prompted", "--start", "shipped"]) == 0
    assert given["schedule"] == Schedule(prompted=True, start=str(SHIPPED))
    assert "segment IMAGE... --click ROW,COLUMN --weights o/segmenter.safetensors" in capsys.readouterr().out
    assert run(["train-segmenter", "t.csv", "--out", "o", "--start", "w.safetensors"]) == 0
    assert given["schedule"] == Schedule(start="w.safetensors")


def test_defaults_are_those_of_the_schedule(given: dict[str, Any]) -> None:
    assert run(["train-segmenter", "t.csv", "--out", "o"]) == 0
    assert given["schedule"] == Schedule()
    assert given["validation"] == 0.1


@pytest.mark.parametrize("option", [["--size", "31"], ["--validation", "0.6"], ["--epochs", "0"], ["--seed", "-1"]])
def test_values_out_of_range(option: list[str], given: dict[str, Any]) -> None:
    assert run(["train-segmenter", "t.csv", "--out", "o", *option]) == 2
    assert not given
