"""Each site by itself, and what harmonising the sites changed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pandas as pd

from sonoher2.core.columns import TEST
from sonoher2.report.chapters.robustness.harmonisation import harmonisation_parts
from sonoher2.report.content.cells import counts, intervals
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.report.figures.robustness.sites import site_figure
from sonoher2.study.analyses.robustness.sites import FURTHER, POOLED
from sonoher2.study.results import columns as c

_SEVERAL_SITES = {POOLED: "Pooled", FURTHER: "Expected at a further site"}


def site_parts(view: View) -> Iterator[Part]:
    """AUC by site, and the effect of harmonisation; none for a cohort of one site."""
    if not view.result.performance.sites.empty:
        yield from _figures(view)
        yield _table(view)
    yield from harmonisation_parts(view)


def _figures(view: View) -> Iterator[Drawing]:
    left_out = view.result.about.config.validation.by == "site"
    for subset in view.sets:
        for place, outcome in enumerate(view.outcomes, start=1):
            rows = view.result.performance.sites.query("`set` == @subset and outcome == @outcome")
            if rows.empty or rows[c.AUC].isna().all():
                continue
            how = " Each training site was left out in turn." if left_out and subset != TEST else ""
            yield Drawing(
                f"sites_{subset}_{place}" if view.several else f"sites_{subset}",
                f"AUC by site: {view.title(subset, outcome)}",
                f"Bars are {view.confidence} intervals (DeLong). Diamond: random-effects mean on the logit scale"
                " (DerSimonian-Laird, interval of Hartung and Knapp). Pale bar: where the AUC of a further site is"
                f" expected; needs three sites.{how}",
                partial(site_figure, rows, view.colours),
            )


def _table(view: View) -> Table:
    data = view.result.performance.sites
    shown = {
        "Signature": data[c.SIGNATURE],
        "Set": view.set_names(data),
        **view.outcome_cells(data),
        "Site": data[c.SITE].replace(_SEVERAL_SITES),
        "n": counts(data[c.N]),
        "Events": counts(data[c.EVENTS]),
        "AUC": intervals(data, c.AUC),
        "I²": ["" if pd.isna(i2) else f"{i2:.0%}" for i2 in data.get(c.I2, pd.Series(index=data.index))],
    }
    caption = (
        f"{view.confidence} intervals in brackets; for a further site the prediction interval. I²: share of the"
        " variation that lies between sites. A site with fewer than five events or others shows its counts only."
        " Such a site, and one whose AUC is 0 or 1, is not pooled, and the rows below the sites do not count its"
        " patients."
    )
    return Table("sites", "AUC by site", caption, data, pd.DataFrame(shown))


SITES = Chapter("sites", "Sites", site_parts)
