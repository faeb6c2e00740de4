"""What a study found, as tables: the one thing that the report reads and that `validate` produces too."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sonoher2.cohort.cohort import FlowStep
from sonoher2.config import StudyConfig
from sonoher2.errors import Finding
from sonoher2.files import write_json, write_text
from sonoher2.fusion.nomogram import Nomogram
from sonoher2.selection.lasso import LassoPath

TRAIN, TEST = "train_oof", "test"
"""Names of the two sets: training patients, each scored by models that never saw them; and the locked test set."""


Scores = tuple[NDArray[np.int64], NDArray[np.float64]]


def outcome_scores(rows: pd.DataFrame, outcome: str) -> Scores:
    """Outcomes (patients,) as 0 or 1 and scores (patients,) of rows of one signature, set and outcome."""
    return np.asarray(rows["label"] == outcome, dtype=np.int64), np.asarray(rows["score"], dtype=np.float64)


@dataclass(frozen=True)
class StudyResult:
    """Everything that the report shows.

    Attributes
    ----------
    config
        The study file as it was run.
    kind
        ``study``, or ``validation`` when a frozen bundle met a second cohort (then the only set is `TEST`).
    classes
        Names of the labels, in order.
    flow, findings, rule_counts, conflicts
        As in `Cohort`, findings of the run added.
    patients
        Index `patient_id`; `set` (`TRAIN` or `TEST`), `label` (name of the class), `images` (how many), then the
        clinical columns.
    predictions
        `patient_id, set, label, outcome, signature, score`: `label` is the class name, `outcome` the class that
        the score is the probability of (for two classes only the positive one).
    thresholds
        `signature, outcome, threshold, rule`: learned on out-of-fold training scores, frozen.
    signatures
        One row per signature, set and outcome: see `evaluation.table.METRICS` for the columns. Studies of more than
        two classes have rows of the outcome `macro`, too.
    comparisons
        DeLong: `set, outcome, a, b, auc_a, auc_b, difference, low, high, z, p, p_holm`.
    subgroups
        `subgroup, level, signature, set, outcome, n, events, auc, auc_low, auc_high`; may be empty.
    zoo
        `signature, model, parameters, cv_auc, cv_auc_sd, chosen`: inner cross-validation of the training patients.
    selection
        `step, features_in, features_out` of the final fit on the training patients.
    lasso
        The path of the final fit, or None.
    coefficients
        `feature, coefficient` of the selected features (standardised), largest first.
    heatmap
        Patients (index) by selected features, z-scored with training statistics.
    main
        The signature with the highest AUC in training, out of fold, averaged over outcomes: what the summary speaks
        of. The test set has no say in it; a validation takes the first study's choice.
    nomograms
        By signature.
    seconds
        Wall time by step.
    record
        `run.json`: inputs, hashes, versions, seeds, settings, ledger of test-set openings.
    """

    config: StudyConfig
    kind: str
    classes: tuple[str, ...]
    flow: tuple[FlowStep, ...]
    findings: tuple[Finding, ...]
    rule_counts: pd.DataFrame
    conflicts: pd.DataFrame
    patients: pd.DataFrame
    predictions: pd.DataFrame
    thresholds: pd.DataFrame
    signatures: pd.DataFrame
    comparisons: pd.DataFrame
    subgroups: pd.DataFrame
    zoo: pd.DataFrame
    selection: pd.DataFrame
    lasso: LassoPath | None
    coefficients: pd.DataFrame
    heatmap: pd.DataFrame
    main: str = ""
    nomograms: dict[str, Nomogram] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    def scores(self, signature: str, subset: str, outcome: str) -> Scores:
        """Outcomes (patients,) as 0 or 1 and scores (patients,) of one signature in one set."""
        chosen = self.predictions.query("signature == @signature and `set` == @subset and outcome == @outcome")
        return outcome_scores(chosen, outcome)


def write_result(result: StudyResult, images: pd.DataFrame, features: pd.DataFrame, out: Path) -> None:
    """Write what others script against: `signatures.csv`, `predictions.csv`, `features.csv` and `run.json`.

    Parameters
    ----------
    result
        Of a study or a validation.
    images
        `patient_id, image`, one row per image.
    features
        (images, features), same index.
    out
        Folder of the run.
    """
    write_text(out / "signatures.csv", result.signatures.to_csv(index=False))
    numbers = {name: number for number, name in enumerate(result.classes)}
    predictions = result.predictions.assign(label_name=result.predictions["label"])
    predictions["label"] = predictions["label"].map(numbers)
    columns = ["patient_id", "set", "label", "signature", "score", "outcome", "label_name"]
    write_text(out / "predictions.csv", predictions[columns].to_csv(index=False))
    if features.shape[1]:
        names = images.assign(image=[Path(path).name for path in images["image"]])
        write_text(out / "features.csv", pd.concat([names, features], axis=1).to_csv(index=False))
    write_json(out / "run.json", result.record)
