from __future__ import annotations

import pytest

from sonoher2.bundle.uncertainty import Uncertainty

CLASSES = ("negative", "positive")


@pytest.fixture
def limits() -> Uncertainty:
    return Uncertainty(
        coverage=0.9,
        conformal_quantiles=(0.4, 0.3),
        sensitivity=0.95,
        specificity=0.95,
        rule_out={"positive": 0.2},
        rule_in={"positive": 0.7},
    )


@pytest.mark.parametrize(
    ("probability", "left", "zone"),
    [
        (0.1, ("negative",), "ruled out"),
        (0.2, ("negative",), "undecided"),
        (0.3, ("negative", "positive"), "undecided"),
        (0.6, ("negative", "positive"), "undecided"),
        (0.61, ("positive",), "undecided"),
        (0.7, ("positive",), "ruled in"),
    ],
)
def test_answers_of_a_signature(limits, probability, left, zone) -> None:
    assert limits.classes_left(CLASSES, [1 - probability, probability]) == left
    assert limits.zone("positive", probability) == zone
    answer = limits.answer(CLASSES, [1 - probability, probability])
    assert (answer.classes_left, answer.zones) == (left, {"positive": zone})
    assert answer.text.startswith("don't know" if len(left) == 2 else f"{left[0]} (")


def test_scores_that_fit_no_class_are_said_to() -> None:
    strict = Uncertainty(
        coverage=0.8, conformal_quantiles=(0.7, 0.7), sensitivity=0.9, specificity=0.9, rule_out={}, rule_in={}
    )
    assert strict.answer(CLASSES, [0.5, 0.5]).text == "don't know: at 80% coverage the scores fit no class"
    surer = strict.model_copy(update={"coverage": 0.995})
    assert surer.answer(CLASSES, [0.5, 0.5]).text == "don't know: at 99.5% coverage the scores fit no class"


def test_three_classes_are_named() -> None:
    three = Uncertainty(
        coverage=0.9, conformal_quantiles=(0.2, 0.2, 0.2), sensitivity=0.9, specificity=0.9, rule_out={}, rule_in={}
    )
    answer = three.answer(("zero", "low", "positive"), [0.3, 0.3, 0.4])
    assert answer.text.endswith("zero, low and positive remain")


def test_the_file_calls_the_quantiles_limits(limits: Uncertainty) -> None:
    written = {
        "coverage": 0.9,
        "limits": [0.4, 0.3],
        "sensitivity": 0.95,
        "specificity": 0.95,
        "rule_out": {"positive": 0.2},
        "rule_in": {"positive": 0.7},
    }
    assert limits.model_dump(mode="json") == written
    assert Uncertainty.model_validate(written) == limits
