"""The images of a study's training patients: all that a network may learn from when the study will use it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sonoher2.cohort.split import TRAIN, draw_or_reload
from sonoher2.config.load import load_study
from sonoher2.engine import local_context
from sonoher2.study.measure.checked import checked_cohort

STUDY_SUFFIXES = (".yaml", ".yml")


def training_images(study: Path, data: Path | None, out: Path) -> pd.DataFrame:
    """Rows of `Cohort.images` of the training patients, by the split that `sonoher2 run` draws.

    A lesion that the segmenter outlined for the study counts as one without a mask: nobody should learn from it.

    Parameters
    ----------
    study
        The study file.
    data
        Folder of its tables and files, instead of its own.
    out
        Receives ``split.json``; one that is there is used.

    Raises
    ------
    InputError, FindingsError
        The study cannot be used.
    """
    config = load_study(study, data)
    checked = checked_cohort(config, local_context(out / "cache"))
    sets = draw_or_reload(checked.cohort, config, out / "split.json").sets
    images = checked.cohort.images[checked.cohort.images["patient_id"].map(sets) == TRAIN]
    outlined = set(checked.outlines["mask"])
    return images.assign(masks=images["masks"].map(lambda masks: () if outlined.intersection(masks) else masks))
