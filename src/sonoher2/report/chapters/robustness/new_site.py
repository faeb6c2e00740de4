"""What a new hospital could do about its calibration: measured, not done."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sonoher2.report.content.cells import counts, intervals, numbers, percents
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table, Text
from sonoher2.report.content.updates import NEW_SITE as NEW_SITE_TITLE
from sonoher2.report.content.updates import labelled_sizes
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import listing, number, percent
from sonoher2.report.figures.robustness.new_site import repair_figure, repair_name
from sonoher2.study.analyses.robustness.new_site import DRAWS, PRIOR_SHIFT
from sonoher2.study.results import columns as c
from sonoher2.study.results.updated import FROZEN


def new_site_parts(view: View) -> Iterator[Part]:
    """Words, a figure per outcome, and both tables; none in a study."""
    repairs, prevalence = view.result.external.repairs, view.result.external.prevalence
    if repairs.empty or prevalence.empty:
        return
    own = repairs[repairs[c.SIGNATURE] == view.main]
    yield Text(tuple(_words(view, own, prevalence)))
    for place, outcome in enumerate(view.outcomes, start=1):
        yield _figure(view, own[own[c.OUTCOME] == outcome], outcome, place)
    yield _repair_table(view, repairs)
    yield _prevalence_table(view, prevalence)


def _words(view: View, own: pd.DataFrame, prevalence: pd.DataFrame) -> Iterator[str]:
    ranking = (
        "An update keeps the ranking of the patients for its outcome, and with it the AUC. Prior shift weighs all"
        " classes at once, and may change the ranking for each of them."
        if view.several
        else "Neither changes the ranking of the patients, so that the AUC stays as it is."
    )
    yield (
        "Nothing in this chapter changes the model, its predictions or any other chapter: it says what two repairs of"
        f" the probabilities would do here. {ranking}"
    )
    for outcome in view.outcomes:
        rows = own[own[c.OUTCOME] == outcome].set_index(c.UPDATE)
        about = prevalence[(prevalence[c.SIGNATURE] == view.main) & (prevalence[c.OUTCOME] == outcome)].iloc[0]
        before, after = (number(float(rows.loc[[name], c.EXPECTED].iloc[0])) for name in (FROZEN, PRIOR_SHIFT))
        of = f"{view.main}, {outcome}" if view.several else view.main
        yield (
            f"{of}: the frozen model expects {before} events per event seen. From the scores alone, without a label,"
            f" {_share(about)} of the patients would be {outcome}; seen were {percent(about[c.OBSERVED_SHARE])}, and"
            f" {percent(about[c.TRAINING])} in training. Corrected for this share it would expect {after}."
            f"{_warning(about[c.CAUTION])}"
        )
    sizes = [str(size) for size in labelled_sizes(view)]
    if sizes:
        yield (
            f"The updates were learned on {listing(sizes)} patients with known outcome and judged on the others. The"
            f" patients were drawn {DRAWS} times at random, without a look at their outcome, as a hospital would label"
            " those who come next. The range over the draws is what one hospital that does it once has to reckon with."
        )


def _share(about: pd.Series) -> str:
    low, high = percent(about[c.low(c.PREVALENCE)]), percent(about[c.high(c.PREVALENCE)])
    return f"{percent(about[c.PREVALENCE])} ({low} to {high})"


def _warning(caution: str) -> str:
    return (
        f" Not to be trusted here: {caution}." if caution else " Nothing seen speaks against it, which proves nothing."
    )


def _figure(view: View, rows: pd.DataFrame, outcome: str, place: int) -> Drawing:
    title = "Calibration before and after repairs"
    return Drawing(
        f"repairs_{place}" if view.several else "repairs",
        f"{title}: {view.main}, {outcome}" if view.several else f"{title}: {view.main}",
        f"Frozen and prior shift: all patients, {view.confidence} intervals. Updates, with the number of labelled"
        f" patients: median and the range of {view.confidence} of the draws, of the patients who were not drawn; it"
        " holds the chance of these patients, too. Dashed: what is right; of the Brier score the frozen one.",
        partial(repair_figure, rows),
    )


def _repair_table(view: View, data: pd.DataFrame) -> Table:
    shown = {
        "Signature": data[c.SIGNATURE],
        **view.outcome_cells(data),
        "Probabilities": [repair_name(row) for _, row in data.iterrows()],
        "n": counts(data[c.N]),
        "Expected/observed": intervals(data, c.EXPECTED),
        "Calibration slope": intervals(data, c.SLOPE),
        "Brier score": intervals(data, c.BRIER, digits=3),
        "Calibration error": intervals(data, c.ECE, digits=3),
        "Worse than frozen": percents(data[c.WORSE]),
        "No update": percents(data[c.UNFITTED]),
    }
    caption = (
        f"Frozen and prior shift: all patients; expected/observed with the {view.confidence} interval of the count of"
        " events (Debray 2017), slope with Wald's. Updates, with the number of labelled patients: median over the draws"
        f" and the range of {view.confidence} of them; n: the patients who were not drawn, on average. Worse than"
        " frozen: share of draws that made the Brier score worse. No update: share of draws of one class only, with"
        " cases and others apart, or with a slope that is not positive. Calibration error: mean distance of predicted"
        " and observed share in ten groups; with few patients it is above 0 by chance."
    )
    return Table("repairs", "What each repair would do", caption, data, pd.DataFrame(shown), long=len(data) > 25)


def _prevalence_table(view: View, data: pd.DataFrame) -> Table:
    ends = [c.PREVALENCE, c.low(c.PREVALENCE), c.high(c.PREVALENCE)]
    shown = {
        "Signature": data[c.SIGNATURE],
        **view.outcome_cells(data),
        "n": counts(data[c.N]),
        "Training (%)": [number(100 * value, 0) for value in data[c.TRAINING]],
        "Estimated without labels (%)": intervals(100 * data[ends], c.PREVALENCE, digits=0),
        "Seen (%)": [number(100 * value, 0) for value in data[c.OBSERVED_SHARE]],
        "Scores near 0 or 1": percents(data[c.SATURATED]),
        "Told apart, AUC": numbers(data[c.TOLD_APART]),
        "At most": numbers(data[c.AT_MOST]),
        "Not to be trusted": data[c.CAUTION],
    }
    caption = (
        "Prior shift correction (Saerens, Latinne and Decaestecker 2002), with bootstrap intervals. It assumes label"
        " shift: a case looks here as a case did in training, and only the share of cases is another. No unlabelled"
        " patient can prove that. Told apart: AUC with which these patients are told from the training patients by what"
        " the signature sees, lower end of its interval. At most: the largest AUC that another share alone allows;"
        " above it more has changed, below it nothing is proved."
    )
    return Table("prevalence", "Share of events, estimated without labels", caption, data, pd.DataFrame(shown))


NEW_SITE = Chapter("newsite", NEW_SITE_TITLE, new_site_parts)
