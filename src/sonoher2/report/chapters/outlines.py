"""The section on regions: which lesions the segmenter outlined, the doubtful ones first, and what the masks change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from sonoher2.report.figures.outlines import OutlinedPicture, outline_figure
from sonoher2.report.page.parts import Drawing, Part, Table
from sonoher2.report.page.view import View
from sonoher2.report.page.wording import interval, number, percent
from sonoher2.study.analyses.segmented_lesions import SegmentedLesion


def region_parts(view: View) -> Iterator[Part]:
    """Outlines and ablation; none for a study that took its masks and images as they are and compared nothing."""
    outlines = view.result.cohort.segmented
    if len(outlines):
        yield _drawn(view)
        yield _outline_table(outlines)
    if len(view.result.robustness.ablation):
        yield _ablation_table(view)


def doubtful(outlines: pd.DataFrame) -> pd.DataFrame:
    """Outlined images, the least confident first; images without a lesion come before all."""
    return outlines.sort_values(["found", "confidence", "image"], kind="stable")


def _drawn(view: View) -> Drawing:
    shown, count = view.result.cohort.doubtful, len(view.result.cohort.segmented)
    return Drawing(
        "outlines",
        "The most doubtful outlines",
        f"The {len(shown)} images of the lowest confidence among {count:,} that the shipped segmenter"
        " outlined. Confidence: the Dice that the outline would have if each pixel's probability were true. Correct"
        " what is wrong in the run's folder `masks`, and name the masks in the images table.",
        outline_figure([_picture(lesion) for lesion in shown]),
    )


def _picture(lesion: SegmentedLesion) -> OutlinedPicture:
    said = f"confidence {lesion.confidence:.2f}" if lesion.found else "no lesion found"
    return OutlinedPicture(f"{lesion.patient_id}\n{said}", lesion.pixels, lesion.mask)


def _outline_table(outlines: pd.DataFrame) -> Table:
    data = doubtful(outlines)[["patient_id", "image", "found", "confidence", "dice"]].copy()
    data["image"] = [Path(image).name for image in data["image"]]
    shown = pd.DataFrame(
        {
            "Patient": data["patient_id"],
            "Image": data["image"],
            "Lesion": np.where(data["found"], "found", "none found"),
            "Confidence": data["confidence"].map(number),
            **({"Dice with the given mask": data["dice"].map(number)} if data["dice"].notna().any() else {}),
        }
    )
    caption = "What the shipped segmenter outlined, the doubtful images first; an image without a lesion is left out."
    return Table("segmentation", "Automatic outlines", caption, data, shown, long=True)


def _ablation_table(view: View) -> Table:
    data = view.result.robustness.ablation
    shown = pd.DataFrame(
        {
            "Reading": data["reading"],
            "Dice": data["dice"].map(number),
            "Signature": data["signature"],
            **({"Outcome": data["outcome"]} if view.several else {}),
            "n": data["n"].map("{:,}".format),
            "AUC": [interval(*row) for row in zip(data["auc"], data["auc_low"], data["auc_high"], strict=True)],
            "Difference": [
                interval(value, low, high, 3)
                for value, low, high in zip(data["difference"], data["low"], data["high"], strict=True)
            ],
            "Change sides": data["switched"].map(percent),
        }
    )
    caption = (
        f"The frozen model on the test patients, their lesions outlined and their images prepared otherwise;"
        f" {view.result.about.config.evaluation.confidence:.0%} intervals in brackets. Dice: mean overlap of automatic"
        " and given masks. Difference: AUC minus that as run (DeLong, same patients). Change sides: patients whose"
        " score crosses the frozen threshold. A model fitted anew on such masks or images may do better."
    )
    return Table("ablation", "What masks and enhancement change", caption, data, shown)
