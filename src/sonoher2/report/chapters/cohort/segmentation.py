"""Lesions that the segmenter outlined, the doubtful ones first, and what masks and enhancement change."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.networks.own import SEGMENTER
from sonoher2.report.content.cells import counts, intervals, numbers, percents
from sonoher2.report.content.image_networks import own_networks, segmenter_name
from sonoher2.report.content.parts import Chapter, Drawing, Part, Table
from sonoher2.report.content.view import View
from sonoher2.report.content.wording import plural
from sonoher2.report.figures.cohort.outlines import OutlinedPicture, outline_figure
from sonoher2.study.results import columns as c
from sonoher2.study.results.segmented import SegmentedLesion


def region_parts(view: View) -> Iterator[Part]:
    """Outlines and ablation; none for a study that took its masks and images as they are and compared nothing."""
    outlines = view.result.cohort.segmented
    if len(outlines):
        if view.result.cohort.doubtful:
            yield _figure(view)
        if own_networks(view, SEGMENTER) and outlines[c.DICE].notna().any():
            yield _agreement(view)
        yield _table(view)
    if len(view.result.robustness.ablation):
        yield _ablation(view)
    if len(view.result.robustness.outline_features):
        yield _outline_features(view)


def doubtful(outlines: pd.DataFrame) -> pd.DataFrame:
    """Outlined images, the least confident first; images without a lesion come before all."""
    return outlines.sort_values([c.FOUND, c.CONFIDENCE, c.IMAGE], kind="stable")


def _figure(view: View) -> Drawing:
    shown, count = view.result.cohort.doubtful, len(view.result.cohort.segmented)
    return Drawing(
        "outlines",
        "The most doubtful outlines",
        f"The {plural(len(shown), 'image')} of the lowest confidence among {count:,} that {segmenter_name(view)}"
        " outlined. Confidence: the Dice that the outline would have if each pixel's probability were true. Correct"
        " what is wrong in the run's folder `masks`, and name the masks in the images table.",
        partial(outline_figure, [_picture(lesion) for lesion in shown]),
    )


def _picture(lesion: SegmentedLesion) -> OutlinedPicture:
    said = f"confidence {lesion.confidence:.2f}" if lesion.found else "no lesion found"
    return OutlinedPicture(f"{lesion.patient_id}\n{said}", lesion.pixels, lesion.mask)


def _agreement(view: View) -> Table:
    """Dice with given masks by set."""
    outlines = view.result.cohort.segmented
    sets, trained = outlines[c.PATIENT_ID].map(view.result.cohort.patients[c.SET]), c.NETWORK in outlines
    overlaps = {name: outlines[c.DICE][sets == name].dropna() for name in view.sets}
    data = pd.DataFrame(
        [{c.SET: name, c.N: len(one), c.MEAN: one.mean(), c.MEDIAN: one.median()} for name, one in overlaps.items()]
    )
    shown = {
        "Set": [view.short_sets[name] for name in data[c.SET]],
        "Images": counts(data[c.N]),
        "Dice, mean": numbers(data[c.MEAN]),
        "Dice, median": numbers(data[c.MEDIAN]),
    }
    caption = (
        f"What {segmenter_name(view)} outlined against the given masks, in images that have both."
        f"{' Each training patient was outlined by a network that was trained without the patient.' * trained}"
    )
    return Table("agreement", "Agreement with the given masks", caption, data, pd.DataFrame(shown))


def _table(view: View) -> Table:
    data = doubtful(view.result.cohort.segmented)[[c.PATIENT_ID, c.IMAGE, c.FOUND, c.CONFIDENCE, c.DICE]].copy()
    data[c.IMAGE] = [Path(image).name for image in data[c.IMAGE]]
    shown = {
        "Patient": data[c.PATIENT_ID],
        "Image": data[c.IMAGE],
        "Lesion": np.where(data[c.FOUND], "found", "none found"),
        "Confidence": numbers(data[c.CONFIDENCE]),
        **({"Dice with the given mask": numbers(data[c.DICE])} if data[c.DICE].notna().any() else {}),
    }
    caption = f"What {segmenter_name(view)} outlined, the doubtful images first; an image without a lesion is left out."
    return Table("segmentation", "Automatic outlines", caption, data, pd.DataFrame(shown), long=True)


def _ablation(view: View) -> Table:
    data = view.result.robustness.ablation
    shown = {
        "Reading": data[c.READING],
        "Dice": numbers(data[c.DICE]),
        "Signature": data[c.SIGNATURE],
        **view.outcome_cells(data),
        "n": counts(data[c.N]),
        "AUC": intervals(data, c.AUC),
        "Difference": intervals(data, c.DIFFERENCE, c.LOW, c.HIGH, 3),
        "Change sides": percents(data[c.SWITCHED]),
    }
    caption = (
        "The frozen model on the test patients, their lesions outlined and their images prepared otherwise;"
        f" {view.confidence} intervals in brackets. Dice: mean overlap of automatic and given masks. Difference: AUC"
        " minus that as run (DeLong, same patients). Change sides: patients whose score crosses the frozen threshold."
        " A model fitted anew on such masks or images may do better."
    )
    return Table("ablation", "What masks and enhancement change", caption, data, pd.DataFrame(shown))


def _outline_features(view: View) -> Table:
    data = view.result.robustness.outline_features
    other = data[c.READING].iloc[0]
    shown = {
        "Feature": data[c.FEATURE],
        **view.outcome_cells(data),
        "n": counts(data[c.N]),
        "AUC as run": numbers(data[c.AUC]),
        f"AUC, {other}": numbers(data[c.AUC_OTHER]),
        "Difference": intervals(data, c.DIFFERENCE, c.LOW, c.HIGH, 3),
        "Correlation": numbers(data[c.CORRELATION]),
        "Shift, SD": numbers(data[c.SHIFT]),
    }
    caption = (
        f"The features of the Radiomics signature in the test patients, each alone, as run and with {other};"
        f" {view.confidence} intervals in brackets. A feature that loses its AUC lived on how the outline was drawn:"
        " a drawn outline may hold the reader's opinion of the lesion, and an automatic one does not. Correlation:"
        " Spearman, of both measurements. Shift: difference of the means, in standard deviations."
    )
    title = "What the other outline makes of the model's features"
    return Table("outline-features", title, caption, data, pd.DataFrame(shown), long=True)


REGIONS = Chapter("regions", "Outlines and images", region_parts)
