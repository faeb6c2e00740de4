"""The result in plain words, and the cautions that it calls for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.content.updates import NEW_SITE, labelled_sizes
from sonoher2.report.content.view import Metrics, View
from sonoher2.report.content.wording import listing, number, p_equals, plural
from sonoher2.signatures.registry import clinical_counterpart
from sonoher2.study.results import columns as c

WIDE, GAP, FEW_EVENTS, SLOPE = 0.2, 0.1, 100, (0.8, 1.25)
"""Cautions: width of the AUC's interval, fall from training to test, events or non-events, calibration slope."""

Tested = list[tuple[str, Metrics]]
"""Rows of the signature table for the main signature in the test set, by outcome."""


@dataclass(frozen=True)
class Headline:
    """The one figure that a reader should take away, for one outcome."""

    outcome: str
    label: str
    value: str
    bounds: str


@dataclass(frozen=True)
class Summary:
    """The box at the top of the report."""

    headlines: tuple[Headline, ...]
    sentences: tuple[str, ...]
    cautions: tuple[str, ...]


def summarise(view: View) -> Summary:
    """Say what was found for the main signature in the test set, and what speaks against trusting it."""
    tested = [
        (outcome, row) for outcome in view.outcomes if (row := view.metrics(view.main, TEST, outcome)) is not None
    ]
    sentences = [_which(view)]
    for outcome, row in tested:
        found = (_discrimination(view, outcome, row), _at_threshold(view, outcome, row), _gain(view, outcome))
        sentences += [" ".join(filter(None, found))] if view.several else list(filter(None, found))
    cautions = [*_chance(tested), *_width(tested), *_few(view, tested), *_gap(view, tested), *_slope(tested)]
    return Summary(
        tuple(_headline(view, outcome, row) for outcome, row in tested),
        tuple(sentences),
        (*_failed(view), *cautions, *_conduct(view)),
    )


def _headline(view: View, outcome: str, row: Metrics) -> Headline:
    confidence = f"{view.confidence} interval"
    bounds = f"{confidence} {number(row[c.low(c.AUC)])} to {number(row[c.high(c.AUC)])}"
    if math.isnan(row[c.low(c.AUC)]):
        bounds = f"no {confidence}"
    return Headline(outcome, f"AUC, {view.sets[TEST].lower()}, {outcome}", number(row[c.AUC]), bounds)


def _which(view: View) -> str:
    if view.not_given:
        return f"{_part_of_the_model(view)} {_untouched(view)}"
    if len(view.signatures) == 1:
        return f"One signature was studied: {view.main}."
    if TRAIN_OOF not in view.sets:
        return (
            f"The frozen model holds {listing(view.signatures)}; this page speaks of {view.main}, the others stand"
            f" in the tables below. {_untouched(view)}"
        )
    return (
        f"Of {listing(view.signatures)}, the {view.main} signature did best among the training patients (out of fold),"
        " so this page speaks of it. The test set had no say in that choice. As the best of"
        f" {len(view.signatures)}, it owes a part of its training AUC to chance."
    )


def _part_of_the_model(view: View) -> str:
    """Say which signatures a cohort without some of the data cannot be given, and of which one the page speaks."""
    first = view.result.about.main
    spoken = f"This page speaks of {view.main}"
    if first != view.main:
        spoken = f"The first study chose {first}; this page has to speak of {view.main}"
    return (
        f"The frozen model holds {listing(view.result.about.frozen)}; this cohort has not the data for"
        f" {listing(view.not_given)}. {spoken}."
    )


def _untouched(view: View) -> str:
    updated, text = view.result.external.updated, "Nothing in it was fitted or chosen on these patients."
    if updated is not None:
        text += (
            f" Beside it stands an update of its probabilities, learned on {updated.learned_on:,} of them and judged on"
            " the others: see Updating."
        )
    if labelled_sizes(view):
        text += f" What a recalibration would give was learned on draws of them and is shown apart: see {NEW_SITE}."
    return text


def _discrimination(view: View, outcome: str, row: Metrics) -> str:
    n, events = int(row[c.N]), int(row[c.EVENTS])
    if math.isnan(row[c.AUC]):
        return f"Of {plural(n, 'patient')} in the {_set_words(view)}, {events:,} are {outcome}: no AUC can be computed."
    return (
        f"In {plural(n, 'patient')} of the {_set_words(view)}, {events:,} of them {outcome}, its AUC was"
        f" {number(row[c.AUC])}: of two such patients drawn at random, one {outcome} and one not, it gives the"
        f" {outcome} one the higher score {100 * row[c.AUC]:.0f} times in 100 (50 is a coin toss)."
    )


def _set_words(view: View) -> str:
    return "validation cohort" if view.validation else "locked test set"


def _at_threshold(view: View, outcome: str, row: Metrics) -> str:
    limit = view.threshold(view.main, outcome)
    y, score = view.scores(view.main, TEST, outcome)
    if math.isnan(limit) or not 0 < y.sum() < len(y):
        return ""
    found, spared = int(((score >= limit) & (y == 1)).sum()), int(((score < limit) & (y == 0)).sum())
    events = int(y.sum())
    return (
        f"At the threshold fixed in training ({number(limit, 2)}) it found {found:,} of {events:,} {outcome} patients"
        f" (sensitivity {row[c.SENSITIVITY]:.0%}) and rightly cleared {spared:,} of {len(y) - events:,} others"
        f" (specificity {row[c.SPECIFICITY]:.0%})."
    )


def _gain(view: View, outcome: str) -> str:
    """Say what the main signature adds to the same clinical data without images."""
    rows, clinical = view.result.performance.comparisons, clinical_counterpart(view.main)
    if rows.empty or view.main == clinical:
        return ""
    rows = rows.query("`set` == @TEST and outcome == @outcome")
    for row in rows.to_dict("records"):
        if {row[c.SIGNATURE_A], row[c.SIGNATURE_B]} == {clinical, view.main}:
            sign = 1 if row[c.SIGNATURE_A] == view.main else -1
            low, high = sorted((sign * row[c.LOW], sign * row[c.HIGH]))
            bounds = f"{number(low)} to {number(high)}; p {p_equals(row[c.P_HOLM])}, Holm"
            change = f"{number(sign * row[c.DIFFERENCE])} ({bounds})"
            none = "" if row[c.P_HOLM] < 1 - view.result.about.config.evaluation.confidence else ": no gain was shown"
            return f"Its AUC differs from that of clinical data alone ({clinical}) by {change}{none}."
    return ""


def _failed(view: View) -> list[str]:
    failed = view.failed_checks
    return [f"{'A check' if len(failed) == 1 else 'Checks'} failed: {listing(failed)}. See Checks."] if failed else []


def _chance(tested: Tested) -> list[str]:
    texts = []
    unsure = [outcome for outcome, row in tested if row[c.low(c.AUC)] <= 0.5 <= row[c.high(c.AUC)]]
    if unsure:
        texts.append(
            f"The interval of the AUC for {listing(unsure)} includes 0.5: these patients do not show that the"
            " signature is"
            " better than chance."
        )
    below = [outcome for outcome, row in tested if row[c.high(c.AUC)] < 0.5]
    if below:
        texts.append(f"The AUC for {listing(below)} is below 0.5 with its whole interval: check how labels are coded.")
    return texts


def _width(tested: Tested) -> list[str]:
    wide = [(outcome, row[c.high(c.AUC)] - row[c.low(c.AUC)]) for outcome, row in tested]
    shown = [f"{number(width)} wide for {outcome}" for outcome, width in wide if width > WIDE]
    return (
        [f"The interval of the AUC is {listing(shown)}: the true value may be far from the estimate."] if shown else []
    )


def _few(view: View, tested: Tested) -> list[str]:
    rarest, outcome = min((min(row[c.EVENTS], row[c.N] - row[c.EVENTS]), outcome) for outcome, row in tested)
    if rarest >= FEW_EVENTS:
        return []
    about = f" ({outcome})" if view.several else ""
    return [
        f"The {_set_words(view)} holds only {plural(int(rarest), 'patient')} of the rarer class{about}; at least"
        f" {FEW_EVENTS}"
        " are advised for testing a model (Collins 2016, doi 10.1002/sim.6787)."
    ]


def _gap(view: View, tested: Tested) -> list[str]:
    falls = []
    for outcome, row in tested:
        training = view.metrics(view.main, TRAIN_OOF, outcome)
        if training is not None and training[c.AUC] - row[c.AUC] > GAP:
            falls.append(f"from {number(training[c.AUC])} to {number(row[c.AUC])} for {outcome}")
    if not falls:
        return []
    return [
        f"From training to test the AUC falls {listing(falls)}: the two sets differ, the signature fits the training"
        " patients too closely, or chance favoured it there."
    ]


def _slope(tested: Tested) -> list[str]:
    slopes = [
        (outcome, row[c.CALIBRATION_SLOPE])
        for outcome, row in tested
        if not row[c.low(c.CALIBRATION_SLOPE)] <= 1 <= row[c.high(c.CALIBRATION_SLOPE)]
    ]
    shown = [
        f"too {'extreme' if slope < 1 else 'timid'} for {outcome} (calibration slope {number(slope)})"
        for outcome, slope in slopes
        if slope < SLOPE[0] or slope > SLOPE[1]
    ]
    return [f"The probabilities are {listing(shown)}: recalibrate before reading them as risks."] if shown else []


def _conduct(view: View) -> list[str]:
    texts = []
    openings = len(view.result.about.record.get("ledger", ()))
    if openings > 1:
        texts.append(
            f"As far as the ledger knows, the test set or a part of it was opened {openings} times: the more often it"
            " is opened, the more its figures flatter."
        )
    conflicts = len(view.result.cohort.conflicts)
    if conflicts:
        texts.append(f"{plural(conflicts, 'patient')} had a reported HER2 status that contradicts the rule's.")
    warnings = sum(finding.severity == "warning" for finding in view.result.checks.findings)
    if warnings:
        texts.append(f"The checks raised {plural(warnings, 'warning')}, listed under Findings.")
    return texts
