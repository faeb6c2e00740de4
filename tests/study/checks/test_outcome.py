"""Outcomes of a check, their states, and the table of them."""

from __future__ import annotations

import pytest

from sonoher2.study.checks.outcome import Check, findings_of, outcome_table, p_words

ONE = Check("TOY001", "A title", "Do this")
OTHER = Check("TOY002", "Another title", "Do that")


def test_states_and_the_table_of_outcomes() -> None:
    outcomes = [ONE.passed(), OTHER.skipped("no images"), ONE.found("warning", "it is odd", "split")]
    assert [outcome.state for outcome in outcomes] == ["passed", "not checked", "warning"]
    assert [outcome.code for outcome in outcomes] == ["TOY001", "TOY002", "TOY001"]
    table = outcome_table(outcomes)
    assert table.to_numpy().tolist() == [
        ["TOY001", "A title", "passed", "", "", "docs/checks/TOY001.md"],
        ["TOY002", "Another title", "not checked", "no images", "", "docs/checks/TOY002.md"],
        ["TOY001", "A title", "warning", "it is odd", "Do this", "docs/checks/TOY001.md"],
    ]
    assert table.columns.tolist() == ["code", "title", "result", "found", "remedy", "page"]
    [finding] = findings_of(outcomes)
    assert str(finding) == "TOY001 split: it is odd. Do this (docs/checks/TOY001.md)."
    assert outcome_table([]).columns.tolist() == table.columns.tolist()


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (0.0123, 3, "p 0.012"),
        (0.001, 3, "p 0.001"),
        (0.0009, 3, "p < 0.001"),
        (0.0009, 4, "p 0.0009"),
        (1, 3, "p 1.000"),
    ],
)
def test_p_is_told_with_its_least_shown_value(value: float, digits: int, words: str) -> None:
    assert p_words(value, digits) == words


def test_p_values_have_three_digits_unless_told() -> None:
    assert [p_words(value) for value in (0.0126, 0.0004)] == ["p 0.013", "p < 0.001"]
