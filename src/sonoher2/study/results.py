"""What a study found, as tables: the one thing that the report reads and that `validate` produces too."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from sonoher2.bundle.training import TrainingSummary
from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import Finding
from sonoher2.core.files import content_key, file_sha256, write_json
from sonoher2.core.table_files import write_table
from sonoher2.selection.lasso import LassoPath
from sonoher2.signatures.nomogram import Nomogram
from sonoher2.study.analyses.explanations import Explanations
from sonoher2.study.analyses.updating import Updated
from sonoher2.study.audits import Audits
from sonoher2.study.cache import Cache, code_key, values_sha256
from sonoher2.study.outcomes import Scores, outcome_scores

TRAIN, TEST = "train_oof", "test"
"""Names of the two sets: training patients, each scored by models that never saw them; and the locked test set."""


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
    feature_icc
        ICC of each feature between given and changed masks: see `study.stability.feature_stability`; may be empty.
    redrawn
        Results in the test set under changed masks: see `study.stability.redrawn_results`; may be empty.
    outlines
        Lesions that the segmenter outlined: see `study.outlines.outline_cohort`; may be empty.
    ablation
        Results in the test set with other masks and images: see `study.ablation.reading_ablation`; may be empty.
    site_effects, harmonised
        What harmonising the sites did to the features and to the results: see `study.harmonisation`; may be empty.
    main
        The signature with the highest AUC in training, out of fold, averaged over outcomes: what the summary speaks
        of. The test set has no say in it; a validation takes the first study's choice.
    nomograms
        By signature.
    audits
        Audits of this very study that were run before; see `study.audit`.
    interactions
        Whether the score means the same in all levels: `subgroup, signature, set, outcome, levels, chi2, df, p,
        p_holm, p_auc` (the last one: that the AUCs are equal); may be empty.
    checks
        Outcomes of the coded checks: `code, title, result, found, remedy, page`; may be empty.
    shortcuts
        What the label is predicted by without any feature: see `study.checks.shortcuts.COLUMNS`; may be empty.
    uncertainty, coverage, zones
        By signature the limits of its sets of classes and of ruling in and out, and what they are worth: see
        `study.uncertainty`.
    added_value
        Reclassification by nested signatures: see `study.added_value`; may be empty.
    sites
        Each site by itself: see `study.sites`; may be empty.
    training
        How the training patients are distributed.
    shift
        Validation: how the cohort differs from the training patients, see `study.shift`; may be empty.
    domain
        Validation: how well the two are told apart, see `study.shift.domain_table`; may be empty.
    updated
        Validation: probabilities recalibrated on a share of the cohort, or None.
    explanations
        What the signatures rest on, in the test set, or None.
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
    feature_icc: pd.DataFrame = field(default_factory=pd.DataFrame)
    redrawn: pd.DataFrame = field(default_factory=pd.DataFrame)
    outlines: pd.DataFrame = field(default_factory=pd.DataFrame)
    ablation: pd.DataFrame = field(default_factory=pd.DataFrame)
    site_effects: pd.DataFrame = field(default_factory=pd.DataFrame)
    harmonised: pd.DataFrame = field(default_factory=pd.DataFrame)
    main: str = ""
    nomograms: dict[str, Nomogram] = field(default_factory=dict)
    audits: Audits = field(default_factory=Audits)
    interactions: pd.DataFrame = field(default_factory=pd.DataFrame)
    checks: pd.DataFrame = field(default_factory=pd.DataFrame)
    shortcuts: pd.DataFrame = field(default_factory=pd.DataFrame)
    uncertainty: dict[str, Uncertainty] = field(default_factory=dict)
    coverage: pd.DataFrame = field(default_factory=pd.DataFrame)
    zones: pd.DataFrame = field(default_factory=pd.DataFrame)
    added_value: pd.DataFrame = field(default_factory=pd.DataFrame)
    sites: pd.DataFrame = field(default_factory=pd.DataFrame)
    training: TrainingSummary = field(default_factory=TrainingSummary)
    shift: pd.DataFrame = field(default_factory=pd.DataFrame)
    domain: pd.DataFrame = field(default_factory=pd.DataFrame)
    updated: Updated | None = None
    explanations: Explanations | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    def scores(self, signature: str, subset: str, outcome: str) -> Scores:
        """Outcomes (patients,) as 0 or 1 and scores (patients,) of one signature in one set."""
        chosen = self.predictions.query("signature == @signature and `set` == @subset and outcome == @outcome")
        return outcome_scores(chosen, outcome)


def write_result(result: StudyResult, images: pd.DataFrame, features: pd.DataFrame, out: Path, cache: Cache) -> None:
    """Write what others script against: `signatures`, `predictions`, `features` and `checks.csv`, and `run.json`.

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
    cache
        Of the run.
    """
    write_table(out / "signatures.csv", result.signatures)
    numbers = {name: number for number, name in enumerate(result.classes)}
    predictions = result.predictions.assign(label_name=result.predictions["label"])
    predictions["label"] = predictions["label"].map(numbers)
    columns = ["patient_id", "set", "label", "signature", "score", "outcome", "label_name"]
    write_table(out / "predictions.csv", predictions[columns])
    if features.shape[1]:
        names = images.assign(image=[Path(path).name for path in images["image"]])
        _write_features(out / "features.csv", names, features, cache)
    if len(result.checks):
        write_table(out / "checks.csv", result.checks)
    write_json(out / "run.json", result.record)


def _write_features(target: Path, names: pd.DataFrame, features: pd.DataFrame, cache: Cache) -> None:
    """Write the features of all images, unless the file holds them already: millions of numbers take long to spell."""
    code, values = code_key("study/results.py"), values_sha256(features)
    place = ("written", content_key(code, names.to_numpy().tolist(), list(features.columns), values), ".sha256")
    if target.is_file() and cache.has(*place) and cache.entry(*place).decode() == file_sha256(target):
        return
    write_table(target, pd.concat([names, features], axis=1))
    cache.write(*place, file_sha256(target).encode())
