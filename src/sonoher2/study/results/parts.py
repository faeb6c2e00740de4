"""What a study found, as tables: the one thing that the report reads and that `validate` produces too."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sonoher2.bundle.training import TrainingSummary
from sonoher2.bundle.uncertainty import Uncertainty
from sonoher2.cohort.patients.cohort import FlowStep
from sonoher2.config.study import StudyConfig
from sonoher2.core.errors import Finding
from sonoher2.core.files import content_key, file_sha256, write_json
from sonoher2.core.table_files import write_table
from sonoher2.engine import ArtifactStore, code_fingerprint, key_of
from sonoher2.selection.lasso import LassoPath
from sonoher2.signatures.nomogram import Nomogram
from sonoher2.study.results import columns as c
from sonoher2.study.results.audits import Audits
from sonoher2.study.results.explanations import Explanations
from sonoher2.study.results.manifest import RunRecord
from sonoher2.study.results.outcomes import Scores, outcome_scores
from sonoher2.study.results.segmented import SegmentedLesion
from sonoher2.study.results.updated import Updated


@dataclass(frozen=True)
class About:
    """What was run.

    Attributes
    ----------
    config
        The study file as it was run.
    kind
        ``study``, or ``validation`` when a frozen bundle met a second cohort (then the only set is `TEST`).
    classes
        Names of the labels, in order.
    main
        The signature with the highest AUC in training, out of fold, averaged over outcomes: what the summary speaks
        of. The test set has no say in it; a validation takes the first study's choice.
    frozen
        Signatures of the frozen model that a validation met, also those that its cohort cannot be given; none in a
        study.
    seconds
        Wall time by step.
    record
        `run.json`: inputs, hashes, versions, seeds, settings, ledger of test-set openings.
    """

    config: StudyConfig
    kind: str
    classes: tuple[str, ...]
    main: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    record: RunRecord = field(default_factory=RunRecord)
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True)
class CohortResult:
    """Who the patients are.

    Attributes
    ----------
    flow, rule_counts, conflicts
        As in `Cohort`.
    patients
        Index `patient_id`; `set` (`TRAIN_OOF` or `TEST`), `label` (name of the class), `images` (how many), then the
        clinical columns.
    segmented
        Lesions that the segmenter found: see `measure.segmented.segment_cohort`, with names of files instead of
        paths; may be empty.
    doubtful
        Those of the lowest confidence, with their pictures.
    """

    patients: pd.DataFrame
    flow: tuple[FlowStep, ...] = ()
    rule_counts: pd.DataFrame = field(default_factory=pd.DataFrame)
    conflicts: pd.DataFrame = field(default_factory=pd.DataFrame)
    segmented: pd.DataFrame = field(default_factory=pd.DataFrame)
    doubtful: tuple[SegmentedLesion, ...] = ()


@dataclass(frozen=True)
class Performance:
    """How well the signatures do.

    Attributes
    ----------
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
    interactions
        Whether the score means the same in all levels: `subgroup, signature, set, outcome, levels, chi2, df, p,
        p_holm, p_auc` (the last one: that the AUCs are equal); may be empty.
    sites
        Each site by itself: see `analyses.sites`; may be empty.
    added_value
        Reclassification by nested signatures: see `analyses.added_value`; may be empty.
    models, model_predictions
        Every model and network that the signatures chose among: see `analyses.model_comparison`; empty unless the study
        asked for it.
    """

    predictions: pd.DataFrame
    thresholds: pd.DataFrame
    signatures: pd.DataFrame
    comparisons: pd.DataFrame = field(default_factory=pd.DataFrame)
    subgroups: pd.DataFrame = field(default_factory=pd.DataFrame)
    interactions: pd.DataFrame = field(default_factory=pd.DataFrame)
    sites: pd.DataFrame = field(default_factory=pd.DataFrame)
    added_value: pd.DataFrame = field(default_factory=pd.DataFrame)
    models: pd.DataFrame = field(default_factory=pd.DataFrame)
    model_predictions: pd.DataFrame = field(default_factory=pd.DataFrame)

    def scores(self, signature: str, subset: str, outcome: str) -> Scores:
        """Outcomes (patients,) as 0 or 1 and scores (patients,) of one signature in one set."""
        chosen = self.predictions.query("signature == @signature and `set` == @subset and outcome == @outcome")
        return outcome_scores(chosen, outcome)


@dataclass(frozen=True)
class UncertaintyResult:
    """When the signatures do not know.

    Attributes
    ----------
    learned
        By signature: conformal quantiles of the classes, and the limits of ruling in and out.
    coverage, zones
        What these are worth: see `analyses.uncertainty`.
    """

    learned: dict[str, Uncertainty] = field(default_factory=dict)
    coverage: pd.DataFrame = field(default_factory=pd.DataFrame)
    zones: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class ModelResult:
    """What was chosen and fitted on the training patients.

    Attributes
    ----------
    candidates
        `signature, model, parameters, cv_auc, cv_auc_sd, chosen`: inner cross-validation.
    selection
        `step, features_in, features_out` of the final fit.
    lasso
        The path of the final fit, or None.
    coefficients
        `feature, coefficient` of the selected features (standardised), largest first.
    heatmap
        Patients (index) by selected features, z-scored with training statistics.
    nomograms
        By signature.
    training
        How the training patients are distributed.
    reference_site
        Towards which the model harmonises the sites; empty for a model that does not.
    """

    candidates: pd.DataFrame = field(default_factory=pd.DataFrame)
    selection: pd.DataFrame = field(default_factory=pd.DataFrame)
    lasso: LassoPath | None = None
    coefficients: pd.DataFrame = field(default_factory=pd.DataFrame)
    heatmap: pd.DataFrame = field(default_factory=pd.DataFrame)
    nomograms: dict[str, Nomogram] = field(default_factory=dict)
    training: TrainingSummary = field(default_factory=TrainingSummary)
    reference_site: str = ""


@dataclass(frozen=True)
class Robustness:
    """How far features and results depend on who segmented the lesions, on the image and on the site.

    Attributes
    ----------
    feature_icc
        ICC of each feature between given and changed masks: see `analyses.stability`; may be empty.
    perturbed
        Results in the test set under changed masks: see `analyses.stability`; may be empty.
    ablation
        Results in the test set with other masks and images: see `analyses.ablation`; may be empty.
    outline_features
        The model's features under the other kind of outline: see `analyses.outline_features`; may be empty.
    site_effects, harmonised
        What harmonising the sites did to the features and to the results: see `analyses.harmonisation`; may be empty.
    kept_features, selection_steps, selection_index
        Which features the selection keeps, also on other patients: see `analyses.selection_stability`; may be empty.
    """

    feature_icc: pd.DataFrame = field(default_factory=pd.DataFrame)
    perturbed: pd.DataFrame = field(default_factory=pd.DataFrame)
    ablation: pd.DataFrame = field(default_factory=pd.DataFrame)
    outline_features: pd.DataFrame = field(default_factory=pd.DataFrame)
    site_effects: pd.DataFrame = field(default_factory=pd.DataFrame)
    harmonised: pd.DataFrame = field(default_factory=pd.DataFrame)
    kept_features: pd.DataFrame = field(default_factory=pd.DataFrame)
    selection_steps: pd.DataFrame = field(default_factory=pd.DataFrame)
    selection_index: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class ExternalResult:
    """What only a validation finds.

    Attributes
    ----------
    shift
        How the cohort differs from the training patients: see `analyses.shift`; may be empty.
    domain
        How well the two are told apart: see `analyses.shift`; may be empty.
    prevalence, repairs
        What the share of events looks like without labels, and what repairs of the probabilities would do: see
        `analyses.new_site`.
    updated
        Probabilities recalibrated on a share of the cohort, or None.
    """

    shift: pd.DataFrame = field(default_factory=pd.DataFrame)
    domain: pd.DataFrame = field(default_factory=pd.DataFrame)
    prevalence: pd.DataFrame = field(default_factory=pd.DataFrame)
    repairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    updated: Updated | None = None


@dataclass(frozen=True)
class CheckResult:
    """What was noticed.

    Attributes
    ----------
    findings
        Of the cohort, of the run and of the checks.
    table
        Outcomes of the coded checks: `code, title, result, found, remedy, page`; may be empty.
    shortcuts
        What the label is predicted by without any feature: see `checks.shortcuts`; may be empty.
    """

    findings: tuple[Finding, ...] = ()
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    shortcuts: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class StudyResult:
    """Everything that the report shows, in parts.

    Attributes
    ----------
    about, cohort, performance, model, uncertainty, robustness, external, checks
        What each holds is said there. A table is empty where its analysis does not apply.
    explanations
        What the signatures rest on, in the test set, or None.
    audits
        Audits of this very study that were run before; see `study.audits`.
    extra
        Tables of further analyses, by name.
    """

    about: About
    cohort: CohortResult
    performance: Performance
    model: ModelResult = field(default_factory=ModelResult)
    uncertainty: UncertaintyResult = field(default_factory=UncertaintyResult)
    robustness: Robustness = field(default_factory=Robustness)
    external: ExternalResult = field(default_factory=ExternalResult)
    checks: CheckResult = field(default_factory=CheckResult)
    explanations: Explanations | None = None
    audits: Audits = field(default_factory=Audits)
    extra: dict[str, pd.DataFrame] = field(default_factory=dict)


def write_result(
    result: StudyResult, images: pd.DataFrame, features: pd.DataFrame, out: Path, store: ArtifactStore
) -> None:
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
    store
        Of the run's finished steps.
    """
    write_table(out / "signatures.csv", result.performance.signatures)
    numbers = {name: number for number, name in enumerate(result.about.classes)}
    predictions = result.performance.predictions.assign(label_name=result.performance.predictions[c.LABEL])
    predictions[c.LABEL] = predictions[c.LABEL].map(numbers)
    columns = [c.PATIENT_ID, c.SET, c.LABEL, c.SIGNATURE, c.SCORE, c.OUTCOME, "label_name"]
    write_table(out / "predictions.csv", predictions[columns])
    if features.shape[1]:
        names = images.assign(**{c.IMAGE: [Path(path).name for path in images[c.IMAGE]]})
        _write_features(out / "features.csv", names, features, store)
    if len(result.checks.table):
        write_table(out / "checks.csv", result.checks.table)
    write_json(out / "run.json", result.about.record)


def _write_features(target: Path, names: pd.DataFrame, features: pd.DataFrame, store: ArtifactStore) -> None:
    """Write the features of all images, unless the file holds them already: millions of numbers take long to spell."""
    table = pd.concat([names, features], axis=1)
    key = content_key(code_fingerprint(write_table), key_of(table))
    written = dict(store.read("written", [key], ".sha256")).get(key)
    if written is not None and target.is_file() and written.decode() == file_sha256(target):
        return
    write_table(target, table)
    store.write("written", key, ".sha256", file_sha256(target).encode())
