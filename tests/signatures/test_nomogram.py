"""A nomogram read by hand gives the model's probability."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from sonoher2.config.base import Kind
from sonoher2.core.errors import InputError
from sonoher2.signatures.feature_table import CLINICAL
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.nomogram import (
    Nomogram,
    NomogramTerm,
    build_nomogram,
    patient_points,
    round_ticks,
    tick_labels,
    total_probability,
)

TERMS = [
    NomogramTerm("age", "years", ("20", "40", "60"), np.array([-1.0, 0.0, 1.0])),
    NomogramTerm("birads", "", ("3", "4", "5"), np.array([0.0, 2.0, 4.0])),
    NomogramTerm("histology", "", ("IDC", "ILC", "other"), np.array([0.3, -0.5, 0.0])),
]


def test_widest_axis_spans_0_to_100() -> None:
    nomogram = build_nomogram(TERMS, -2.0)
    assert nomogram.axes[1].points == pytest.approx([0, 50, 100])
    assert nomogram.axes[0].points == pytest.approx([0, 25, 50])
    assert all(axis.points.min() == 0 for axis in nomogram.axes)


@pytest.mark.parametrize(("age", "birads", "histology"), [(25.0, "4", "IDC"), (60.0, "5", "other"), (70.0, "3", "ILC")])
def test_points_give_back_the_models_probability(age: float, birads: str, histology: str) -> None:
    nomogram = build_nomogram(TERMS, -2.0)
    points = patient_points(nomogram, {"age": age, "birads": birads, "histology": histology})
    log_odds = -2.0 + (age - 40) / 20 + 2 * (int(birads) - 3) + {"IDC": 0.3, "ILC": -0.5, "other": 0.0}[histology]
    assert total_probability(nomogram, sum(points.values())) == pytest.approx(expit(log_odds))


def test_a_level_named_other_is_not_the_row_of_rare_levels() -> None:
    """Of six "other" five are cases, of 40 oval and round 10; two lobed are too few for a column of their own."""
    shapes = ["oval"] * 30 + ["round"] * 10 + ["other"] * 6 + ["lobed"] * 2
    y = [0] * 23 + [1] * 7 + [0] * 7 + [1] * 3 + [0] + [1] * 5 + [0, 1]
    X = pd.concat({CLINICAL: pd.DataFrame({"shape": shapes})}, axis=1)
    model = LogisticSignature({"shape": "category"}).fit(X, y)
    nomogram, points = model.nomogram(), model.nomogram_points(X)
    assert nomogram is not None
    assert points is not None
    axis = nomogram.axes[0]
    assert axis.labels == ("other", "oval", "round", "any other")
    shown, own = dict(zip(axis.labels, axis.points, strict=True)), points["shape"]
    assert shown["other"] == pytest.approx(own[40]) == pytest.approx(100)
    assert shown["any other"] == pytest.approx(own[46])
    assert shown["any other"] < 90


def test_scale_of_probability_rises() -> None:
    nomogram = build_nomogram(TERMS, -2.0)
    assert (np.diff(nomogram.total_points) > 0).all()
    assert (np.diff(nomogram.probability) > 0).all()


def test_a_model_that_adds_nothing() -> None:
    nomogram = build_nomogram([NomogramTerm("age", "", ("20", "60"), np.zeros(2))], -1.0)
    assert total_probability(nomogram, 0.0) == pytest.approx(expit(-1.0))
    narrow = build_nomogram([NomogramTerm("age", "", ("20", "60"), np.array([0.0, 0.01]))], -1.0)
    assert total_probability(narrow, 100.0) == pytest.approx(expit(-0.99))


def test_missing_and_unknown_values_are_refused() -> None:
    nomogram = build_nomogram(TERMS, 0.0)
    with pytest.raises(InputError, match="age is missing"):
        patient_points(nomogram, {"age": float("nan")})
    with pytest.raises(InputError, match="'DCIS' is not a level of histology"):
        patient_points(nomogram, {"age": 30.0, "birads": "4", "histology": "DCIS"})


@pytest.mark.parametrize(("low", "high"), [(21, 93), (-0.37, 1.9), (1e-4, 3e-4), (0, 1e6)])
def test_round_ticks_cover_the_range(low: float, high: float) -> None:
    ticks = round_ticks(low, high)
    assert ticks[0] <= low * (1 + 1e-9)
    assert ticks[-1] >= high * (1 - 1e-9)
    assert 4 <= len(ticks) <= 10
    assert round_ticks(5, 5).tolist() == [5]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (21, 93, [20, 40, 60, 80, 100]),
        # six steps of exactly one; a sixth of 6.5 is more than one
        (0, 6, [0, 1, 2, 3, 4, 5, 6]),
        (0, 6.5, [0, 2, 4, 6, 8]),
        (0, 0.6, [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        (-7, 23, [-10, -5, 0, 5, 10, 15, 20, 25]),
        (1, 49, [0, 10, 20, 30, 40, 50]),
    ],
)
def test_ticks_are_steps_of_one_two_or_five(low: float, high: float, ticks: list[float]) -> None:
    assert round_ticks(low, high).tolist() == pytest.approx(ticks)


def one_axis(low: float, high: float) -> Nomogram:
    """Log-odds from those of one probability to those of another."""
    ends = np.log([low / (1 - low), high / (1 - high)])
    return build_nomogram([NomogramTerm("x", "", ("0", "1"), ends)], 0.0)


def test_round_probabilities_within_the_reach_are_shown() -> None:
    every = [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]
    assert one_axis(0.001, 0.999).probability.tolist() == every
    assert one_axis(0.04, 0.11).probability.tolist() == [0.05, 0.1]
    # one round probability alone is no scale
    narrow = one_axis(0.06, 0.11)
    assert narrow.total_points.tolist() == [0, 100]
    assert narrow.probability.tolist() == pytest.approx([0.06, 0.11])


def test_an_axis_of_one_value_has_no_points_and_no_axis_is_a_single_probability() -> None:
    same = build_nomogram([NomogramTerm("x", "", ("3",), np.array([0.7]))], 0.0)
    assert patient_points(same, {"x": 9.0}) == {"x": 0.0}
    assert total_probability(same, 0.0) == pytest.approx(expit(0.7))
    assert total_probability(build_nomogram([], 0.4), 0.0) == pytest.approx(expit(0.4))
    with pytest.raises(InputError, match="Use one of: IDC, ILC, other"):
        patient_points(build_nomogram(TERMS, 0.0), {"age": 30.0, "birads": "4", "histology": ""})


@pytest.mark.parametrize("levels", [["low", "middle", "high"], None])
def test_axes_have_the_words_and_units_of_the_study(levels: list[str] | None) -> None:
    """Ages of 31 to 69, grades to the third, and the score of another signature."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = pd.concat(
        {
            CLINICAL: pd.DataFrame(
                {"age": np.linspace(31, 69, 40), "grade": np.arange(40) % 3.0, "palpable": np.arange(40) // 2 % 2.0}
            ),
            "scores": pd.DataFrame({"P score": rng.normal(size=40) + y}),
        },
        axis=1,
    )
    known = {"grade": levels} if levels else None
    kinds: dict[str, Kind] = {"age": "number", "grade": "ordered", "palpable": "yes/no"}
    model = LogisticSignature(kinds, ("P",), known, {"age": "years"}, 3).fit(X, y)
    terms = {term.name: term for term in model.terms()}
    assert {name: term.unit for name, term in terms.items()} == {
        "age": "years", "grade": "", "palpable": "", "P score": "log-odds",
    }  # fmt: skip
    assert terms["age"].labels == ("30", "40", "50", "60", "70")
    assert terms["grade"].labels == (tuple(levels) if levels else ("0", "1", "2"))
    assert terms["palpable"].labels == ("no", "yes")
    # a straight line: the third grade is twice as far from the first as the second
    steps = np.diff(terms["grade"].log_odds)
    assert steps[0] == pytest.approx(steps[1])


def test_chance_gets_the_strongest_penalty_and_a_clear_sign_the_weakest() -> None:
    rng = np.random.default_rng(1)
    y = np.arange(80) % 2
    for values, strength in ((rng.normal(size=80), 0.01), (y + 0.01 * rng.normal(size=80), 10.0)):
        X = pd.concat({CLINICAL: pd.DataFrame({"age": values})}, axis=1)
        assert LogisticSignature({"age": "number"}).fit(X, y).strength_ == strength


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ([20240100.0, 20240105.0], ("20240100", "20240105")),
        ([1234567.0, 1234568.0], ("1234567", "1234568")),
        ([0.1 * 3, 0.4], ("0.3", "0.4")),
        ([2e7, 4e7], ("2e+07", "4e+07")),
        ([5.0], ("5",)),
    ],
)
def test_labels_have_the_digits_to_be_read_back(ticks: list[float], labels: tuple[str, ...]) -> None:
    assert tick_labels(np.array(ticks)) == labels


def test_points_of_large_numbers_give_back_the_models_probability() -> None:
    days = 20240100 + np.arange(30.0)
    log_odds = 0.1 * (days - days.mean())
    ticks = round_ticks(days[0], days[-1])
    term = NomogramTerm("day", "", tick_labels(ticks), 0.1 * (ticks - days.mean()))
    scale = build_nomogram([term], 0.0)
    for day, expected in zip(days[::7], log_odds[::7], strict=True):
        points = patient_points(scale, {"day": float(day)})
        assert total_probability(scale, sum(points.values())) == pytest.approx(expit(expected), abs=1e-9)
