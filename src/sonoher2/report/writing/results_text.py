"""A draft of the results section, written from the tables of the run."""

from __future__ import annotations

import math

from sonoher2.core.columns import TEST, TRAIN_OOF
from sonoher2.report.content.style import GOOD
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import estimate, interval, listing, number, p_equals, plural
from sonoher2.study.results import columns as c


def results_text(view: View) -> tuple[str, ...]:
    """Write the results: participants, features, performance, calibration, threshold, comparisons, stability.

    Returns
    -------
    Paragraphs; parts for which the run has no data are left out.
    """
    paragraphs = [_participants(view), _selection(view)]
    for outcome in view.outcomes:
        paragraphs += [_performance(view, outcome), _main(view, outcome), _comparisons(view, outcome)]
    return tuple(filter(None, [*paragraphs, _stability(view)]))


def _participants(view: View) -> str:
    patients, flow = view.result.cohort.patients, view.result.cohort.flow
    left_out = [step for step in flow if step.left_out]
    were = "was" if len(patients) == 1 else "were"
    text = f"{plural(len(patients), 'patient')} {were} analysed"
    if left_out:
        everyone = plural(flow[0].patients, "patient")
        number_out = sum(step.left_out for step in left_out)
        reasons = [step.reason if len(left_out) == 1 else f"{step.left_out:,} {step.reason}" for step in left_out]
        text = f"Of {everyone}, {number_out:,} {'was' if number_out == 1 else 'were'} left out ({listing(reasons)})"
        text += f"; {len(patients):,} {were} analysed"
    sets = []
    for subset, title in view.short_sets.items():
        part = patients.loc[patients[c.SET] == subset, c.LABEL]
        counts = [f"{int((part == label).sum()):,} {label}" for label in view.result.about.classes]
        sets.append(f"{len(part):,} in the {title.lower()} set ({', '.join(counts)})")
    return f"{text}: {listing(sets)}."


def _selection(view: View) -> str:
    steps = view.result.model.selection
    if steps.empty:
        return ""
    first, last = int(steps[c.FEATURES_IN].iloc[0]), int(steps[c.FEATURES_OUT].iloc[-1])
    return f"Of {first:,} radiomic features, {last:,} were kept by the selection on all training patients."


def _performance(view: View, outcome: str) -> str:
    sentences = []
    for subset, title in view.sets.items():
        rows = [(name, row) for name in view.signatures if (row := view.metrics(name, subset, outcome)) is not None]
        values = [f"{estimate(row, c.AUC)} for {name}" for name, row in rows]
        if values:
            sentences.append(f"{title}: the AUC for {outcome} was {listing(values)}")
    if not sentences:
        return ""
    confidence = f"{view.confidence} intervals in brackets"
    return f"{'. '.join(sentences)} ({confidence})."


def _main(view: View, outcome: str) -> str:
    row = view.metrics(view.main, TEST, outcome)
    if row is None:
        return ""
    limit = view.threshold(view.main, outcome)
    where = "external validation cohort" if view.validation else "test set"
    if TRAIN_OOF in view.sets:
        text = f"{view.main} was best among the training patients, out of fold. In the {where}"
    else:
        text = f"{_chosen(view)} In the {where}"
    if not math.isnan(limit):
        rates = {"sensitivity": "sensitivity", "specificity": "specificity", "ppv": "PPV", "npv": "NPV"}
        shown = [f"{name} {estimate(row, key)}" for key, name in rates.items() if key in row]
        text += f" its frozen threshold of {number(limit, 3)} gave {listing(shown)};"
    calibration = f"the calibration slope was {estimate(row, c.CALIBRATION_SLOPE)}"
    return (
        f"{text} {calibration}, the intercept {estimate(row, c.CALIBRATION_INTERCEPT)} and the Brier score"
        f" {estimate(row, c.BRIER, 3)}."
    )


def _chosen(view: View) -> str:
    """Say whether a validation speaks of the signature that the first study chose."""
    first = view.result.about.main
    if view.main == first:
        return f"{view.main} is the signature that the first study chose."
    return f"The first study chose {first}, which this cohort has not the data for; {view.main} stands in its place."


def _comparisons(view: View, outcome: str) -> str:
    table = view.result.performance.comparisons
    if table.empty:
        return ""
    rows = table[(table[c.SET] == TEST) & (table[c.OUTCOME] == outcome)]
    rows = rows[(rows[c.SIGNATURE_A] == view.main) | (rows[c.SIGNATURE_B] == view.main)]
    texts = []
    for row in rows.to_dict("records"):
        sign, other = (1, row[c.SIGNATURE_B]) if row[c.SIGNATURE_A] == view.main else (-1, row[c.SIGNATURE_A])
        low, high = sorted((sign * row[c.LOW], sign * row[c.HIGH]))
        value = interval(sign * row[c.DIFFERENCE], low, high, 3)
        texts.append(f"by {value} from that of {other} (p {p_equals(row[c.P_HOLM])})")
    if not texts:
        return ""
    return f"The AUC of {view.main} in this set differed {listing(texts)}; DeLong's test, Holm's correction."


def _stability(view: View) -> str:
    icc, redrawn = view.result.robustness.feature_icc, view.result.robustness.perturbed
    if icc.empty:
        return ""
    share = f"{(icc[c.ICC] >= GOOD).mean():.0%}"
    text = (
        f"Under changed outlines of {plural(int(icc[c.LESIONS].iloc[0]), 'image')} of training patients, {share} of"
        f" the features had an ICC of at least {GOOD:g}."
    )
    if redrawn.empty:
        return text
    signature = view.main if view.main in set(redrawn[c.SIGNATURE]) else redrawn[c.SIGNATURE].iloc[0]
    rows = redrawn[(redrawn[c.SIGNATURE] == signature) & (redrawn[c.STRENGTH] > 0)]
    worst = rows.iloc[int(rows[c.DIFFERENCE].to_numpy().argmin())]
    value = interval(worst[c.DIFFERENCE], worst[c.LOW], worst[c.HIGH], 3)
    return (
        f"{text} With changed outlines of the test lesions (mean Dice with the unchanged ones down to"
        f" {number(rows[c.DICE].min())}), the AUC of {signature} changed by {value} at worst, and at most"
        f" {rows[c.SWITCHED].max():.0%} of the patients changed sides of the threshold.{_not_measured(view, signature)}"
    )


def _not_measured(view: View, signature: str) -> str:
    return "" if signature == view.main else f" {view.main} was not measured with changed outlines."
