"""The parts of a drafted study file: YAML with comments, and what the user must confirm in each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import pandas as pd

from sonoher2.cohort.drafting.find_tables import PatientTable
from sonoher2.cohort.drafting.guess_columns import GuessedColumn, clinical_columns, names_a_person, words
from sonoher2.cohort.drafting.guess_target import (
    Outcome,
    column_outcome,
    her2_columns,
    her2_rivals,
    outcome_column,
    says_ratio,
)
from sonoher2.cohort.her2.cell import Role, read_cell
from sonoher2.cohort.tables import columns as c
from sonoher2.config.base import TIMINGS

CONFIRM = "# CONFIRM:"
FILL_IN = "FILL_IN"
"""Stands where only the user can say; no table has this value, so that `check` refuses it."""
MOST_SHOWN = 20

_WORDS = ("true", "false", "null", "none")


def quoted(text: str) -> str:
    """Write a text for YAML, with quotes only where it needs them."""
    simple = re.fullmatch(r"[A-Za-z][\w./ +-]*[\w+]", text, re.ASCII) and text.casefold() not in _WORDS
    return text if simple else json.dumps(text, ensure_ascii=False)


def asked(questions: Iterable[str]) -> list[str]:
    """Questions as comments, each in one line whatever the names of columns hold."""
    return [f"{CONFIRM} {' '.join(question.split())}" for question in questions]


def images_section(table: str, columns: Iterable[str], questions: list[str]) -> list[str]:
    """Section `images`.

    Parameters
    ----------
    table
        Place of the images table.
    columns
        Those of its columns that the study file names, besides `patient_id` and `image`.
    questions
        About the images.
    """
    columns = list(columns)
    lines = [*asked(questions), "images:", f"  table: {quoted(table)}", *(f"  {name}: {name}" for name in columns)]
    if c.MM_PER_PIXEL not in columns:
        lines.append("  # mm_per_pixel: mm_per_pixel     # add the column if the size of a pixel is known")
    return [*lines, ""]


def clinical_section(table: PatientTable, questions: list[str]) -> list[str]:
    """Section `clinical`; its questions are added to `questions`."""
    ask = f"is {table.patient} the column of the patients?"
    told = [f"{table.path.name}: {doubt}" for doubt in table.doubts]
    questions += [*told, *([] if table.named else [ask])]
    doubt = "" if table.named else f"     {asked([ask])[0]}"
    lines = [
        *asked(told),
        "clinical:",
        f"  table: {quoted(table.path.as_posix())}",
        *(f"  {key}: {_value(value)}" for key, value in table.reading.items()),
        f"  patient_id: {quoted(table.patient)}{doubt}",
    ]
    taken = {*her2_columns(table.frame).values(), table.patient}
    guesses = [guess for guess in clinical_columns(table.frame) if guess.column not in taken]
    usable = [guess for guess in guesses if guess.timing == TIMINGS[0] and guess.ready]
    lines.append("  columns:" if usable else "  columns: {}")
    for guess in guesses:
        if guess.doubt:
            questions.append(f"{guess.column}: {guess.doubt}")
        # a column that is known only later stands ready, but a pre-biopsy study cannot use it
        lines.append(f"    {'' if guess in usable else '# '}{_column_line(guess)}")
    target = outcome_column(table.frame)
    known = {*taken, *(guess.column for guess in guesses), target.column if target else table.patient}
    unused = [str(name) for name in table.frame.columns if name not in known and not names_a_person(str(name))]
    if unused:
        lines.append(f"  # not used: {_some(unused)}")
    return [*lines, ""]


def _column_line(guess: GuessedColumn) -> str:
    parts = [f"column: {quoted(guess.column)}", f"kind: {guess.kind}", f"timing: {guess.timing}"]
    if guess.unit:
        parts.append(f"unit: {quoted(guess.unit)}")
    if guess.levels:
        parts.append(f"levels: {_listed(guess.levels)}")
    doubt = f"     {asked([guess.doubt])[0]}" if guess.doubt else ""
    return f"{guess.key}: {{{', '.join(parts)}}}{doubt}"


def target_section(table: pd.DataFrame, questions: list[str]) -> list[str]:
    """Section `target`; its questions are added to `questions`."""
    her2 = her2_columns(table)
    if "ihc" in her2:
        ask = ["are these the columns of the raw HER2 results?", *_rivals(table, her2), *_unreadable(table, her2)]
        lines = [f"  {key}: {quoted(column)}" for key, column in her2.items()]
        lines += ["  rule: ASCO/CAP 2023", "  task: positive-vs-negative     # or low-vs-zero, zero-low-positive"]
    elif (outcome := outcome_column(table)) is not None:
        ask, lines = outcome_lines(outcome)
    else:
        ask = ["no HER2 result and no other outcome was found: name its column and its values"]
        lines = [f"  column: {FILL_IN}", f"  positive: {FILL_IN}", f"  negative: {FILL_IN}"]
    questions += ask
    return [*asked(ask), "target:", *lines, ""]


def _rivals(table: pd.DataFrame, her2: dict[str, str]) -> list[str]:
    """Ask about columns that could be another result, or the same one of another specimen."""
    ratio = her2.get("ratio")
    plain_numbers = ratio is not None and not says_ratio(words(ratio))
    ask = [f"{ratio} holds numbers: are they ratios (`ratio`) or copies per cell (`copies`)?"] if plain_numbers else []
    return ask + [
        f"{_some(names)} could be `{role}`, too: is {her2[role]} the right one?"
        for role, names in her2_rivals(table).items()
    ]


def _unreadable(table: pd.DataFrame, her2: dict[str, str]) -> list[str]:
    """Ask about the values of IHC and ISH that are none of their results."""
    ask = []
    roles: tuple[tuple[Role, str], ...] = (
        ("ihc", "IHC scores"), ("ish", "ISH results"), ("ratio", "ratios"), ("copies", "copies per cell"),
    )  # fmt: skip
    for key, meant in roles:
        if key not in her2:
            continue
        counts = column_outcome(table[her2[key]]).counts
        odd = {value: count for value, count in counts.items() if read_cell(value, key) is None}
        if odd:
            ask.append(
                f"{her2[key]} has values that are no {meant}: {with_counts(odd)}. `sonoher2 check` names the rows"
            )
    return ask


def outcome_lines(outcome: Outcome) -> tuple[list[str], list[str]]:
    """Questions and lines of a target that is one column; each value that is not named is left out, never negative."""
    ask = [f"is {outcome.column} what the study predicts? Its values: {with_counts(outcome.counts)}"]
    if outcome.others and outcome.negative:
        ask.append(f"left out as neither: {_some(list(outcome.others))}. Is that right?")
    if not outcome.negative:
        ask.append(f"no value says negative: put those that do in place of {FILL_IN}")
    if not outcome.positive:
        ask.append(f"no value says positive: put those that do in place of {FILL_IN}")
    return ask, [
        f"  column: {quoted(outcome.column)}",
        f"  positive: {_one_or_more(outcome.positive)}",
        f"  negative: {_one_or_more(outcome.negative)}",
    ]


def with_counts(counts: dict[str, int]) -> str:
    """Values with their numbers of rows."""
    return _some([f"{value} ({count})" for value, count in counts.items()])


def _value(value: object) -> str:
    return quoted(value) if isinstance(value, str) else str(value)


def _one_or_more(values: tuple[str, ...]) -> str:
    if len(values) > 1:
        return _listed(values)
    return quoted(values[0]) if values else FILL_IN


def _listed(values: Iterable[str]) -> str:
    # a comma or bracket within a list needs quotes
    return f"[{', '.join(quoted(value) for value in values)}]"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(" ".join(name.split()) for name in names[:MOST_SHOWN]) + more


def last_sections(with_images: bool, no_masks: bool) -> list[str]:
    """Time of the prediction, split and settings of the images."""
    lines = [
        "# When the prediction is made. ER, PR and Ki-67 come with the biopsy: only a `biopsy` study may use them.",
        "timing: pre-biopsy",
        "",
        "split: {kind: random, test_share: 0.3}",
    ]
    if no_masks:
        lines += ["", "regions: segment     # the shipped segmenter outlines each lesion; given: masks of your own"]
    if with_images:
        lines += ["", "radiomics:", "  ring: {share: 0.2}     # or {mm: 2}, when the size of a pixel is known"]
    return lines
